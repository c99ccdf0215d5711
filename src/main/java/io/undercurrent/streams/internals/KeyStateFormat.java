package io.undercurrent.streams.internals;

import io.undercurrent.inference.KeyState;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.StatePrecision;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Writes a key's state as bytes and reads it, for one model. Immutable and thread-safe. It never
 * changes an array that it has returned or that it reads, because stores return the same array more
 * than once.
 */
public final class KeyStateFormat {

  private static final int FINGERPRINT_BYTES = 6;
  private static final int HEADER_BYTES = 45;
  private static final int HAS_TIMESTAMP = 1;
  private static final int HAS_SCORE = 2;

  /** The kind of data after the header. Its code is its ordinal, counted from 1. */
  private enum Contents {
    H_AND_C(StatePrecision.FP32, true),
    H(StatePrecision.FP32, false),
    TOKENS(null, false),
    HALF_H_AND_C(StatePrecision.FP16, true),
    HALF_H(StatePrecision.FP16, false),
    TOP_H_AND_C(StatePrecision.FP32, true),
    HALF_TOP_H_AND_C(StatePrecision.FP16, true);

    private static final Contents[] ALL = values();

    private final StatePrecision precision; // of h; null for token ids
    private final boolean hasC;

    Contents(StatePrecision precision, boolean hasC) {
      this.precision = precision;
      this.hasC = hasC;
    }

    static Contents of(ModelConfig config, StatePrecision precision) {
      if (!config.kind().recurrent()) {
        return TOKENS;
      }
      boolean half = precision == StatePrecision.FP16;
      if (config.kind().keepsOnlyTopH()) {
        return half ? HALF_TOP_H_AND_C : TOP_H_AND_C;
      }
      if (config.kind().cell().hasCellState()) {
        return half ? HALF_H_AND_C : H_AND_C;
      }
      return half ? HALF_H : H;
    }

    static Contents ofCode(int code) {
      if (code < 1 || code > ALL.length) {
        throw new StateFormatException("contents", "1 to " + ALL.length, code);
      }
      return ALL[code - 1];
    }

    int code() {
      return ordinal() + 1;
    }

    /** Whether the two differ at most in the precision of h. */
    boolean isLike(Contents other) {
      return hasC == other.hasC
          && onlyTopH() == other.onlyTopH()
          && (precision == null) == (other.precision == null);
    }

    private boolean onlyTopH() {
      return this == TOP_H_AND_C || this == HALF_TOP_H_AND_C;
    }

    /** Without the checksum. */
    long sizeInBytes(int rows, int rowSize) {
      if (onlyTopH()) {
        return HEADER_BYTES + ((long) precision.bytesOfC() * rows + precision.bytes()) * rowSize;
      }
      int bytes = precision == null ? Integer.BYTES : precision.bytes() + (hasC ? Float.BYTES : 0);
      return HEADER_BYTES + (long) bytes * rows * rowSize;
    }
  }

  private final Model model;
  private final Contents contents;
  private final int rows;
  private final int rowSize;
  private final byte[] fingerprint;

  /** The format of the states of {@code model}. */
  public KeyStateFormat(Model model) {
    this.model = model;
    ModelConfig config = model.config();
    contents = Contents.of(config, model.statePrecision());
    boolean tokens = contents == Contents.TOKENS;
    rows = tokens ? 1 : config.numLayers();
    rowSize = tokens ? config.window() - 1 : config.hiddenSize();
    fingerprint = HexFormat.of().parseHex(model.fingerprint());
    if (fingerprint.length != FINGERPRINT_BYTES) {
      throw new IllegalArgumentException(
          "fingerprint must be 12 hexadecimal digits, found " + model.fingerprint());
    }
  }

  /**
   * The size of every written state in bytes. P is 2 for {@link StatePrecision#FP16} and 4 for
   * {@link StatePrecision#FP32}, Q is 3 and 4:
   *
   * <pre>
   *   49 + (P + 4) * numLayers * H     lstm
   *   49 + (Q * numLayers + P) * H     sru
   *   49 + P * numLayers * H           gru, mingru, rnn
   *   49 + 4 * (window - 1)            ffnn
   * </pre>
   */
  public int sizeInBytes() {
    return Math.toIntExact(contents.sizeInBytes(rows, rowSize) + FormatVersion.CHECKSUM_BYTES);
  }

  // Version 2, all numbers big-endian. Later versions keep the first byte and the checksum.
  //
  //   offset  bytes  field
  //        0      1  format version, 2
  //        1      1  contents: 1 is h and c, 2 is h alone, 3 is token ids; 4 and 5 are 1 and 2 with
  //                  h in half precision; 6 is the top h and c, 7 the same with h in half
  //                  precision and c in 24 bits
  //        2      2  rows of the contents, unsigned: layers; 1 for token ids
  //        4      2  row size, unsigned: H, units of each layer; window - 1 for token ids
  //        6      6  fingerprint of the model
  //       12      1  bit 0: there is a timestamp; bit 1: there is a conversation score; others 0
  //       13      8  latest timestamp, ms since 1970; 0 if there is none
  //       21      8  records read
  //       29      8  tokens read
  //       37      8  conversation score, IEEE 754 binary64; 0 if there is none
  //       45      4 * layers * H  h, layer by layer, IEEE 754 binary32; in contents 4 and 5
  //               2 * layers * H  h, layer by layer, IEEE 754 binary16
  //               4 * layers * H  c, layer by layer, IEEE 754 binary32, in contents 1 and 4
  //    or 45      4 * H  h of the top layer, IEEE 754 binary32, in contents 6
  //               2 * H  h of the top layer, IEEE 754 binary16, in contents 7
  //               4 * layers * H  c, layer by layer, IEEE 754 binary32, in contents 6
  //               3 * layers * H  c, layer by layer, the upper 24 bits of a binary32, in contents 7
  //    or 45      4 * (window - 1)  the ids before the last end-of-record token, oldest first; -1
  //                                 if none was read yet
  //
  //    and then   4  checksum, see FormatVersion
  //
  // Version 1 is the same without the checksum. It is read, but not written.

  /** The bytes to store, with h rounded to the model's precision, in a new array. */
  public byte[] serialize(KeyState state) {
    ByteBuffer to = ByteBuffer.allocate(sizeInBytes());
    to.put(FormatVersion.LATEST).put((byte) contents.code());
    to.putShort((short) rows).putShort((short) rowSize);
    to.put(fingerprint);
    int timestamp = state.lastTimestampMs() == null ? 0 : HAS_TIMESTAMP;
    int score = state.conversationScore() == null ? 0 : HAS_SCORE;
    to.put((byte) (timestamp | score));
    to.putLong(timestamp == 0 ? 0 : state.lastTimestampMs());
    to.putLong(state.records());
    to.putLong(state.tokens());
    to.putDouble(score == 0 ? 0 : state.conversationScore());
    if (contents == Contents.TOKENS) {
      for (int i = 0; i < rowSize; i++) {
        to.putInt(state.hidden().tokens()[i]);
      }
    } else {
      float[][] h = state.hidden().h();
      for (int l = firstH(); l < h.length; l++) {
        contents.precision.put(h[l], to);
      }
      for (float[] row : state.hidden().c()) {
        precisionOfC(contents).putC(row, to);
      }
    }
    FormatVersion.seal(to);
    return to.array();
  }

  /**
   * The state in {@code stored}, in new arrays and with an empty memory; empty if another model
   * made it. It may have either precision.
   *
   * @throws StateFormatException if the bytes are not a state, or were changed
   * @throws NewerStateException if a later version wrote them
   */
  public Optional<KeyState> deserialize(byte[] stored) {
    if (stored.length < HEADER_BYTES) {
      throw new StateFormatException("length", "at least " + HEADER_BYTES, stored.length);
    }
    ByteBuffer from = ByteBuffer.wrap(stored);
    int checksumBytes = FormatVersion.check("", stored);
    from.get(); // the version
    Contents found = Contents.ofCode(from.get());
    int foundRows = Short.toUnsignedInt(from.getShort());
    int foundSize = Short.toUnsignedInt(from.getShort());
    long expectedLength = found.sizeInBytes(foundRows, foundSize) + checksumBytes;
    if (stored.length != expectedLength) {
      throw new StateFormatException(
          found == Contents.TOKENS
              ? "length for %d tokens".formatted(foundSize)
              : "length for %d layers of %d units".formatted(foundRows, foundSize),
          expectedLength,
          stored.length);
    }
    byte[] madeBy = new byte[FINGERPRINT_BYTES];
    from.get(madeBy);
    if (!Arrays.equals(madeBy, fingerprint)) {
      return Optional.empty();
    }
    if (!found.isLike(contents)) {
      throw new StateFormatException("contents", contents.code(), found.code());
    }
    require("number of layers", rows, foundRows);
    require(contents == Contents.TOKENS ? "number of tokens" : "hidden size", rowSize, foundSize);
    int flags = from.get();
    if ((flags & ~(HAS_TIMESTAMP | HAS_SCORE)) != 0) {
      throw new StateFormatException("flags", "0 to 3", flags);
    }
    long timestampMs = from.getLong();
    long records = from.getLong();
    long tokens = from.getLong();
    double score = from.getDouble();
    HiddenState hidden = contents == Contents.TOKENS ? ofTokens(from) : ofFloats(from, found);
    if (checksumBytes == 0 && !hidden.isFinite()) {
      throw new StateFormatException("h and c", "finite numbers", "NaN or an infinity");
    }
    return Optional.of(
        new KeyState(
            records,
            tokens,
            (flags & HAS_TIMESTAMP) == 0 ? null : timestampMs,
            (flags & HAS_SCORE) == 0 ? null : score,
            hidden,
            model.config().hasMemory() ? new Memory(model.config(), records) : null));
  }

  private HiddenState ofFloats(ByteBuffer from, Contents found) {
    HiddenState hidden = HiddenState.zeros(model.config());
    for (int l = firstH(); l < rows; l++) {
      found.precision.get(from, hidden.h()[l]);
    }
    for (float[] row : hidden.c()) {
      precisionOfC(found).getC(from, row);
    }
    return hidden;
  }

  /** The first layer whose h is stored. */
  private int firstH() {
    return contents.onlyTopH() ? rows - 1 : 0;
  }

  private static StatePrecision precisionOfC(Contents contents) {
    return contents.onlyTopH() ? contents.precision : StatePrecision.FP32;
  }

  private HiddenState ofTokens(ByteBuffer from) {
    int[] tokens = new int[rowSize];
    int vocabSize = model.config().vocabSize();
    boolean read = false;
    for (int i = 0; i < rowSize; i++) {
      tokens[i] = from.getInt();
      int min = read ? 0 : HiddenState.NO_TOKEN; // after the first token there are no gaps
      if (tokens[i] < min || tokens[i] >= vocabSize) {
        throw new StateFormatException("token " + i, min + " to " + (vocabSize - 1), tokens[i]);
      }
      read = tokens[i] != HiddenState.NO_TOKEN;
    }
    return model.stateAfter(tokens);
  }

  private static void require(String what, int expected, int found) {
    if (expected != found) {
      throw new StateFormatException(what, expected, found);
    }
  }
}
