package io.undercurrent.streams.internals;

import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Writes one record of a key's memory as bytes and reads it, for one model. Immutable and
 * thread-safe. It never changes an array that it has returned or that it reads, because stores
 * return the same array more than once.
 */
final class MemoryFormat {

  private static final int FINGERPRINT_BYTES = 6;
  private static final int HEADER_BYTES = 17;

  private final ModelConfig config;
  private final Memory bounds;
  private final byte[] fingerprint;

  /** The format of the memory entries of {@code model}. */
  public MemoryFormat(Model model) {
    config = model.config();
    bounds = new Memory(config);
    fingerprint = HexFormat.of().parseHex(model.fingerprint());
  }

  /**
   * The size of the entry of a record with n tokens, in bytes; H is the hidden size:
   *
   * <pre>
   *   21 + 4 * n + 2 * H                         attention alone
   *   21 + 4 * n + 2 * H * min(n + 1, N)         with a cache of N tokens
   * </pre>
   *
   * <p>For 20 tokens and H = 256 it is 613 bytes without a cache, and 10,853 with a cache of 21
   * tokens or more. The changelog receives each entry once, with a key 12 bytes longer than the
   * record's, and later a tombstone.
   */
  public long sizeInBytes(int tokens) {
    return size(tokens, bounds.rows(tokens), config.hiddenSize()) + FormatVersion.CHECKSUM_BYTES;
  }

  /** Without the checksum. */
  private static long size(int tokens, int rows, int hiddenSize) {
    return HEADER_BYTES + 4L * tokens + 2L * rows * hiddenSize;
  }

  // Version 2, all numbers big-endian; the record's number is in the store's key. Later versions
  // keep the first byte and the checksum.
  //
  //   offset  bytes  field
  //        0      1  format version, 2
  //        1      2  H, hidden size, unsigned
  //        3      6  fingerprint of the model
  //        9      4  n, tokens of the record, at least 1
  //       13      4  rows of h, 1 to n + 1
  //       17      4 * n  token ids
  //               2 * rows * H  top hidden states, IEEE 754 binary16, row by row: before the last
  //                             (rows - 1) tokens and before the end of record
  //               4  checksum, see FormatVersion
  //
  // Version 1 is the same without the checksum. It is read, but not written.

  /** The bytes to store, in a new array. */
  public byte[] serialize(Memory.Entry entry) {
    int tokens = entry.tokens().length;
    int rows = entry.h().length;
    ByteBuffer to =
        ByteBuffer.allocate(
            Math.toIntExact(
                size(tokens, rows, config.hiddenSize()) + FormatVersion.CHECKSUM_BYTES));
    to.put(FormatVersion.LATEST).putShort((short) config.hiddenSize()).put(fingerprint);
    to.putInt(tokens).putInt(rows);
    for (int token : entry.tokens()) {
      to.putInt(token);
    }
    for (short[] row : entry.h()) {
      for (short value : row) {
        to.putShort(value);
      }
    }
    FormatVersion.seal(to);
    return to.array();
  }

  /**
   * The entry in {@code stored}, in new arrays; empty if another model made it.
   *
   * @param record the record's number
   * @throws StateFormatException if the bytes are not an entry, or were changed
   * @throws NewerStateException if a later version wrote them
   */
  public Optional<Memory.Entry> deserialize(long record, byte[] stored) {
    if (stored.length < HEADER_BYTES) {
      throw new StateFormatException("memory length", "at least " + HEADER_BYTES, stored.length);
    }
    ByteBuffer from = ByteBuffer.wrap(stored);
    int checksumBytes = FormatVersion.check("memory ", stored);
    from.get(); // the version
    int hiddenSize = Short.toUnsignedInt(from.getShort());
    byte[] madeBy = new byte[FINGERPRINT_BYTES];
    from.get(madeBy);
    int n = from.getInt();
    int rows = from.getInt();
    if (n < 1 || rows < 1 || rows > n + 1L) {
      throw new StateFormatException(
          "memory", "1 row for 1 token or more", rows + " rows for " + n + " tokens");
    }
    long expectedLength = size(n, rows, hiddenSize) + checksumBytes;
    if (stored.length != expectedLength) {
      throw new StateFormatException(
          "memory length for %d tokens and %d rows of %d units".formatted(n, rows, hiddenSize),
          expectedLength,
          stored.length);
    }
    if (!Arrays.equals(madeBy, fingerprint)) {
      return Optional.empty();
    }
    require("memory hidden size", config.hiddenSize(), hiddenSize);
    require("memory rows for " + n + " tokens", bounds.rows(n), rows);
    int[] tokens = new int[n];
    for (int i = 0; i < n; i++) {
      tokens[i] = from.getInt();
      if (tokens[i] < 0 || tokens[i] >= config.vocabSize()) {
        throw new StateFormatException(
            "memory token " + i, "0 to " + (config.vocabSize() - 1), tokens[i]);
      }
    }
    short[][] h = new short[rows][hiddenSize];
    for (short[] row : h) {
      from.asShortBuffer().get(row);
      from.position(from.position() + 2 * hiddenSize);
    }
    return Optional.of(new Memory.Entry(record, tokens, h));
  }

  private static void require(String what, int expected, int found) {
    if (expected != found) {
      throw new StateFormatException(what, expected, found);
    }
  }
}
