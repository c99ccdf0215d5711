package io.undercurrent.streams.internals;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What the formats of states and of memory entries have in common: the version in the first byte,
 * and the checksum in the last four.
 *
 * <p>The checksum is the CRC-32C of all bytes before it, big-endian. It finds every change of up to
 * three bits, and all but one in 4 billion of the others. Version 1 had none; it is read, but not
 * written. Later versions keep both places, so that this one can tell their bytes from broken ones.
 */
final class FormatVersion {

  /** The version that is written. */
  static final byte LATEST = 2;

  /** The size of the checksum of this version. */
  static final int CHECKSUM_BYTES = Integer.BYTES;

  private static final byte WITHOUT_CHECKSUM = 1;

  private FormatVersion() {}

  /** Appends the checksum of all bytes that were put into a buffer with an array of its own. */
  static void seal(ByteBuffer to) {
    to.putInt(checksum(to.array(), to.position()));
  }

  /**
   * Checks that stored bytes are as they were written.
   *
   * @param of what the bytes are, before each thing that an error names
   * @return the size of their checksum; 0 for version 1
   * @throws StateFormatException if they were changed, or never were in such a format
   * @throws NewerStateException if a later version wrote them
   */
  static int check(String of, byte[] stored) {
    byte version = stored[0];
    if (version == WITHOUT_CHECKSUM) {
      return 0;
    }
    int length = Math.max(0, stored.length - CHECKSUM_BYTES);
    int expected = checksum(stored, length);
    boolean intact =
        stored.length > CHECKSUM_BYTES && expected == ByteBuffer.wrap(stored).getInt(length);
    if (version != LATEST) {
      throw intact
          ? new NewerStateException(of + "format version", LATEST, version)
          : new StateFormatException(of + "format version", "1 or " + LATEST, version);
    }
    if (!intact) {
      throw new StateFormatException(
          of + "checksum",
          "%08x".formatted(expected),
          "%08x".formatted(ByteBuffer.wrap(stored).getInt(length)));
    }
    return CHECKSUM_BYTES;
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, length);
    return (int) sum.getValue();
  }
}
