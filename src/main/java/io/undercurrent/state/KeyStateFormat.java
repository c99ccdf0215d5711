package io.undercurrent.state;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.StatePrecision;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A key's state as bytes, for one model. Immutable and thread-safe. Arrays that it returns are
 * never written again, and arrays that it reads are never written: stores hand the same array out
 * more than once.
 */
public final class KeyStateFormat {

  private static final byte VERSION = 1;
  private static final byte H_AND_C = 1;
  private static final byte H = 2;
  private static final byte TOKENS = 3;
  private static final byte HALF_H_AND_C = 4;
  private static final byte HALF_H = 5;
  private static final int FINGERPRINT_BYTES = 6;
  private static final int HEADER_BYTES = 45;
  private static final int HAS_TIMESTAMP = 1;
  private static final int HAS_SCORE = 2;

  private final Model model;
  private final byte contents;
  private final int rows;
  private final int rowSize;
  private final byte[] fingerprint;

  /** The format of the states that {@code model} makes and reads. */
  public KeyStateFormat(Model model) {
    this.model = model;
    ModelConfig config = model.config();
    if (config.kind().recurrent()) {
      boolean half = model.statePrecision() == StatePrecision.FP16;
      contents =
          config.kind().cell().hasCellState() ? half ? HALF_H_AND_C : H_AND_C : half ? HALF_H : H;
      rows = config.numLayers();
      rowSize = config.hiddenSize();
    } else {
      contents = TOKENS;
      rows = 1;
      rowSize = config.window() - 1;
    }
    fingerprint = HexFormat.of().parseHex(model.fingerprint());
    if (fingerprint.length != FINGERPRINT_BYTES) {
      throw new IllegalArgumentException(
          "fingerprint must be 12 hexadecimal digits, found " + model.fingerprint());
    }
  }

  /**
   * Bytes of every state that is written, P being 2 for {@link StatePrecision#FP16} and 4 for
   * {@link StatePrecision#FP32}:
   *
   * <pre>
   *   45 + (P + 4) * numLayers * H     lstm
   *   45 + P * numLayers * H           gru, rnn
   *   45 + 4 * (window - 1)            ffnn
   * </pre>
   */
  public int sizeInBytes() {
    return Math.toIntExact(size(contents, rows, rowSize));
  }

  private static long size(int contents, int rows, int rowSize) {
    int bytes =
        switch (contents) {
          case H_AND_C -> 8;
          case HALF_H_AND_C -> 6;
          case HALF_H -> 2;
          default -> 4;
        };
    return HEADER_BYTES + (long) bytes * rows * rowSize;
  }

  // Version 1, all numbers big-endian:
  //
  //   offset  bytes  field
  //        0      1  format version, 1
  //        1      1  contents: 1 is h and c, 2 is h alone, 3 is token ids; 4 and 5 are 1 and 2 with
  //                  h in half precision
  //        2      2  rows of the contents, unsigned: layers; 1 for token ids
  //        4      2  row size, unsigned: H, units of each layer; window - 1 for token ids
  //        6      6  fingerprint of the model
  //       12      1  bit 0: there is a timestamp; bit 1: there is a conversation score; others 0
  //       13      8  latest timestamp, ms since 1970; 0 where there is none
  //       21      8  records read
  //       29      8  tokens read
  //       37      8  conversation score, IEEE 754 binary64; 0 where there is none
  //       45      4 * layers * H  h, layer by layer, IEEE 754 binary32; in contents 4 and 5
  //               2 * layers * H  h, layer by layer, IEEE 754 binary16
  //               4 * layers * H  c, layer by layer, IEEE 754 binary32, in contents 1 and 4
  //    or 45      4 * (window - 1)  the ids before the last end-of-record token, oldest first; -1
  //                                 where none was read yet

  /** The bytes to store, h rounded to the model's precision; a new array each time. */
  public byte[] serialize(KeyState state) {
    ByteBuffer to = ByteBuffer.allocate(sizeInBytes());
    to.put(VERSION).put(contents);
    to.putShort((short) rows).putShort((short) rowSize);
    to.put(fingerprint);
    int timestamp = state.lastTimestampMs() == null ? 0 : HAS_TIMESTAMP;
    int score = state.conversationScore() == null ? 0 : HAS_SCORE;
    to.put((byte) (timestamp | score));
    to.putLong(timestamp == 0 ? 0 : state.lastTimestampMs());
    to.putLong(state.records());
    to.putLong(state.tokens());
    to.putDouble(score == 0 ? 0 : state.conversationScore());
    if (contents == TOKENS) {
      for (int i = 0; i < rowSize; i++) {
        to.putInt(state.hidden().tokens()[i]);
      }
    } else {
      for (float[] row : state.hidden().h()) {
        model.statePrecision().put(row, to);
      }
      for (float[] row : state.hidden().c()) {
        StatePrecision.FP32.put(row, to);
      }
    }
    return to.array();
  }

  /**
   * The state in {@code stored}, with arrays of its own; empty if another model made it. It may be
   * of either precision.
   *
   * @throws StateFormatException if the bytes are not a state of this format version
   */
  public Optional<KeyState> deserialize(byte[] stored) {
    if (stored.length < HEADER_BYTES) {
      throw new StateFormatException("length", "at least " + HEADER_BYTES, stored.length);
    }
    ByteBuffer from = ByteBuffer.wrap(stored);
    require("format version", VERSION, from.get());
    int found = from.get();
    if (found < H_AND_C || found > HALF_H) {
      throw new StateFormatException("contents", "1 to 5", found);
    }
    int foundRows = Short.toUnsignedInt(from.getShort());
    int foundSize = Short.toUnsignedInt(from.getShort());
    long expectedLength = size(found, foundRows, foundSize);
    if (stored.length != expectedLength) {
      throw new StateFormatException(
          found == TOKENS
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
    if (inFullPrecision(found) != inFullPrecision(contents)) {
      throw new StateFormatException("contents", contents, found);
    }
    require("number of layers", rows, foundRows);
    require(contents == TOKENS ? "number of tokens" : "hidden size", rowSize, foundSize);
    int flags = from.get();
    if ((flags & ~(HAS_TIMESTAMP | HAS_SCORE)) != 0) {
      throw new StateFormatException("flags", "0 to 3", flags);
    }
    long timestampMs = from.getLong();
    long records = from.getLong();
    long tokens = from.getLong();
    double score = from.getDouble();
    HiddenState hidden = contents == TOKENS ? ofTokens(from) : ofFloats(from, found);
    return Optional.of(
        new KeyState(
            records,
            tokens,
            (flags & HAS_TIMESTAMP) == 0 ? null : timestampMs,
            (flags & HAS_SCORE) == 0 ? null : score,
            hidden));
  }

  /** The contents that are the same but for the precision of h. */
  private static int inFullPrecision(int contents) {
    return switch (contents) {
      case HALF_H_AND_C -> H_AND_C;
      case HALF_H -> H;
      default -> contents;
    };
  }

  private HiddenState ofFloats(ByteBuffer from, int contents) {
    HiddenState hidden = HiddenState.zeros(model.config());
    StatePrecision precision =
        contents == inFullPrecision(contents) ? StatePrecision.FP32 : StatePrecision.FP16;
    for (float[] row : hidden.h()) {
      precision.get(from, row);
    }
    for (float[] row : hidden.c()) {
      StatePrecision.FP32.get(from, row);
    }
    return hidden;
  }

  private HiddenState ofTokens(ByteBuffer from) {
    int[] tokens = new int[rowSize];
    int vocabSize = model.config().vocabSize();
    boolean read = false;
    for (int i = 0; i < rowSize; i++) {
      tokens[i] = from.getInt();
      int least = read ? 0 : HiddenState.NO_TOKEN; // what was read has no gaps
      if (tokens[i] < least || tokens[i] >= vocabSize) {
        throw new StateFormatException("token " + i, least + " to " + (vocabSize - 1), tokens[i]);
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
