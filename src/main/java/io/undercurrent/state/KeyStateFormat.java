package io.undercurrent.state;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
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
  private static final byte FLOAT32 = 1;
  private static final int FINGERPRINT_BYTES = 6;
  private static final int HEADER_BYTES = 45;
  private static final int HAS_TIMESTAMP = 1;
  private static final int HAS_SCORE = 2;

  private final int numLayers;
  private final int hiddenSize;
  private final byte[] fingerprint;

  /** The format of the states that {@code model} makes and reads. */
  public KeyStateFormat(Model model) {
    this(model.config().numLayers(), model.config().hiddenSize(), model.fingerprint());
  }

  /**
   * @param fingerprint of the model, twelve hexadecimal digits
   */
  KeyStateFormat(int numLayers, int hiddenSize, String fingerprint) {
    this.numLayers = numLayers;
    this.hiddenSize = hiddenSize;
    this.fingerprint = HexFormat.of().parseHex(fingerprint);
    if (this.fingerprint.length != FINGERPRINT_BYTES) {
      throw new IllegalArgumentException(
          "fingerprint must be 12 hexadecimal digits, found " + fingerprint);
    }
  }

  /** Bytes of every state: {@code 45 + 8 * numLayers * H}. */
  public int sizeInBytes() {
    return HEADER_BYTES + 2 * Float.BYTES * numLayers * hiddenSize;
  }

  // Version 1, all numbers big-endian:
  //
  //   offset  bytes  field
  //        0      1  format version, 1
  //        1      1  dtype of h and c: 1 is IEEE 754 binary32
  //        2      2  number of layers, unsigned
  //        4      2  H, units of each layer, unsigned
  //        6      6  fingerprint of the model
  //       12      1  bit 0: there is a timestamp; bit 1: there is a conversation score; others 0
  //       13      8  latest timestamp, ms since 1970; 0 where there is none
  //       21      8  records read
  //       29      8  tokens read
  //       37      8  conversation score, IEEE 754 binary64; 0 where there is none
  //       45      4 * layers * H  h, layer by layer
  //               4 * layers * H  c, layer by layer

  /** The bytes to store; a new array each time. */
  public byte[] serialize(KeyState state) {
    ByteBuffer to = ByteBuffer.allocate(sizeInBytes());
    to.put(VERSION).put(FLOAT32);
    to.putShort((short) numLayers).putShort((short) hiddenSize);
    to.put(fingerprint);
    int timestamp = state.lastTimestampMs() == null ? 0 : HAS_TIMESTAMP;
    int score = state.conversationScore() == null ? 0 : HAS_SCORE;
    to.put((byte) (timestamp | score));
    to.putLong(timestamp == 0 ? 0 : state.lastTimestampMs());
    to.putLong(state.records());
    to.putLong(state.tokens());
    to.putDouble(score == 0 ? 0 : state.conversationScore());
    put(state.hidden().h(), to);
    put(state.hidden().c(), to);
    return to.array();
  }

  /**
   * The state in {@code stored}, with arrays of its own; empty if another model made it.
   *
   * @throws StateFormatException if the bytes are not a state of this format version
   */
  public Optional<KeyState> deserialize(byte[] stored) {
    if (stored.length < HEADER_BYTES) {
      throw new StateFormatException("length", "at least " + HEADER_BYTES, stored.length);
    }
    ByteBuffer from = ByteBuffer.wrap(stored);
    require("format version", VERSION, from.get());
    require("dtype", FLOAT32, from.get());
    int layers = Short.toUnsignedInt(from.getShort());
    int size = Short.toUnsignedInt(from.getShort());
    long expectedLength = HEADER_BYTES + 2L * Float.BYTES * layers * size;
    if (stored.length != expectedLength) {
      throw new StateFormatException(
          "length for %d layers of %d units".formatted(layers, size),
          expectedLength,
          stored.length);
    }
    byte[] madeBy = new byte[FINGERPRINT_BYTES];
    from.get(madeBy);
    if (!Arrays.equals(madeBy, fingerprint)) {
      return Optional.empty();
    }
    require("number of layers", numLayers, layers);
    require("hidden size", hiddenSize, size);
    int flags = from.get();
    if ((flags & ~(HAS_TIMESTAMP | HAS_SCORE)) != 0) {
      throw new StateFormatException("flags", "0 to 3", flags);
    }
    long timestampMs = from.getLong();
    long records = from.getLong();
    long tokens = from.getLong();
    double score = from.getDouble();
    HiddenState hidden = HiddenState.zeros(numLayers, hiddenSize);
    get(from, hidden.h());
    get(from, hidden.c());
    return Optional.of(
        new KeyState(
            records,
            tokens,
            (flags & HAS_TIMESTAMP) == 0 ? null : timestampMs,
            (flags & HAS_SCORE) == 0 ? null : score,
            hidden));
  }

  private static void require(String what, int expected, int found) {
    if (expected != found) {
      throw new StateFormatException(what, expected, found);
    }
  }

  private static void put(float[][] rows, ByteBuffer to) {
    for (float[] row : rows) {
      for (float value : row) {
        to.putFloat(value);
      }
    }
  }

  private static void get(ByteBuffer from, float[][] rows) {
    for (float[] row : rows) {
      for (int u = 0; u < row.length; u++) {
        row[u] = from.getFloat();
      }
    }
  }
}
