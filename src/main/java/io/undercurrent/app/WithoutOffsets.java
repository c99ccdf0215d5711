package io.undercurrent.app;

import java.util.Locale;

/** Where to go on in partitions whose committed offsets are lost. */
public enum WithoutOffsets {
  /** From the first record that the partition still has: records are enriched twice. */
  EARLIEST,
  /** From its end: records that were not read are left out. */
  LATEST;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
