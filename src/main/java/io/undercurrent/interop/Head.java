package io.undercurrent.interop;

import java.util.Locale;

/** The heads that an imported network may have. */
public enum Head {
  /** A softmax over the vocabulary. */
  NEXT_TOKEN,
  /** A softmax over negative, neutral and positive, which reads the record's last state. */
  SENTIMENT;

  /** The name on the command line and in tensor names. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
