package io.undercurrent.model;

import io.undercurrent.kernel.Float16;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/**
 * The precision to which a state is rounded at the end of a record, so that it takes fewer bytes.
 * Rounding is part of the definition of a result: a record always starts from the rounded state,
 * even if it is read together with the record before it. So a state that was stored and restored
 * gives the same bits.
 *
 * <p>c of an {@code lstm} is never rounded: with a forget gate near 1 it changes by small steps,
 * which rounding would swallow. h of an {@code lstm} follows from c at every step, so a rounding
 * error soon disappears. h of a {@code gru} or {@code rnn} is the whole state and changes by small
 * steps itself. Of an {@code sru} only c and the top h are kept: see {@link
 * CellType#keepsOnlyTopH}. Its c is rounded to the upper 24 bits of a binary32, whose steps are
 * 2^-16 of a value: a forget gate of 0.9998 takes away more than ten of them with every token. The
 * state before a key's first record is never rounded. h of an {@code ffnn} follows from its last
 * tokens and is not rounded either.
 */
public enum StatePrecision {

  /** IEEE 754 binary32: nothing is rounded. */
  FP32(Float.BYTES, Float.BYTES) {
    @Override
    float rounded(float value) {
      return value;
    }

    @Override
    public void put(float[] row, ByteBuffer to) {
      for (float value : row) {
        to.putFloat(value);
      }
    }

    @Override
    public void get(ByteBuffer from, float[] row) {
      for (int u = 0; u < row.length; u++) {
        row[u] = from.getFloat();
      }
    }
  },

  /**
   * h in IEEE 754 binary16, ties to even. h of an {@code lstm}, {@code gru} or {@code rnn} is from
   * -1 to 1, so the error is at most 2^-12. c of an {@code sru} in 24 bits.
   */
  FP16(Short.BYTES, 3) {
    @Override
    float rounded(float value) {
      return Float16.toFloat(Float16.fromFloat(value));
    }

    @Override
    public void put(float[] row, ByteBuffer to) {
      for (float value : row) {
        to.putShort(Float16.fromFloat(value));
      }
    }

    @Override
    public void get(ByteBuffer from, float[] row) {
      for (int u = 0; u < row.length; u++) {
        row[u] = Float16.toFloat(from.getShort());
      }
    }
  };

  private final int bytes;
  private final int bytesOfC;

  StatePrecision(int bytes, int bytesOfC) {
    this.bytes = bytes;
    this.bytesOfC = bytesOfC;
  }

  /**
   * The default for a kind: {@code fp16} if c carries the state, as in an {@code lstm}; {@code
   * fp32} if h carries it.
   */
  public static StatePrecision suiting(CellType kind) {
    return kind.cell().hasCellState() ? FP16 : FP32;
  }

  /**
   * The precision with this name in settings.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static StatePrecision of(String name) {
    return Arrays.stream(values())
        .filter(precision -> precision.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "state precision must be fp32 or fp16, found " + name));
  }

  /** The name in settings. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Bytes of one value of h. */
  public int bytes() {
    return bytes;
  }

  /** Bytes of one value of c of a kind that {@link CellType#keepsOnlyTopH}. */
  public int bytesOfC() {
    return bytesOfC;
  }

  /** Rounds the state of a network of this kind, at the end of a record. */
  public void round(HiddenState state, CellType kind) {
    if (!kind.recurrent()) {
      return;
    }
    if (kind.keepsOnlyTopH()) {
      for (int l = 0; l < state.h().length - 1; l++) {
        Arrays.fill(state.h()[l], 0f); // the next step computes it anew
      }
    }
    if (this == FP32) {
      return;
    }
    for (float[] row : state.h()) {
      for (int u = 0; u < row.length; u++) {
        row[u] = rounded(row[u]);
      }
    }
    for (float[] row : state.c()) {
      for (int u = 0; u < row.length && kind.keepsOnlyTopH(); u++) {
        row[u] = upper24(row[u]);
      }
    }
  }

  /** The nearest float whose last 8 bits are zero, ties to even; NaN stays NaN. */
  static float upper24(float value) {
    if (Float.isNaN(value)) {
      return value;
    }
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7f + (bits >> 8 & 1)) & ~0xff);
  }

  /** Writes a row of c in {@link #bytesOfC} bytes a value, big-endian. */
  public void putC(float[] row, ByteBuffer to) {
    if (this == FP32) {
      put(row, to);
      return;
    }
    for (float value : row) {
      int bits = Float.floatToRawIntBits(upper24(value));
      to.putShort((short) (bits >> 16)).put((byte) (bits >> 8));
    }
  }

  /** Reads a row that {@link #putC} wrote. */
  public void getC(ByteBuffer from, float[] row) {
    if (this == FP32) {
      get(from, row);
      return;
    }
    for (int u = 0; u < row.length; u++) {
      row[u] = Float.intBitsToFloat(from.getShort() << 16 | (from.get() & 0xff) << 8);
    }
  }

  /** The nearest value of this precision; NaN stays NaN. */
  abstract float rounded(float value);

  /** Writes a row in this precision, big-endian. */
  public abstract void put(float[] row, ByteBuffer to);

  /** Reads a row that {@link #put} wrote. */
  public abstract void get(ByteBuffer from, float[] row);
}
