package io.undercurrent.model;

import io.undercurrent.kernel.Float16;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/**
 * The precision to which h is rounded at the end of a record, so that a key's state takes fewer
 * bytes. Rounding is part of the definition of a result: a record always starts from the rounded
 * state, even if it is read together with the record before it. So a state that was stored and
 * restored gives the same bits.
 *
 * <p>c is never rounded: with a forget gate near 1 it changes by small steps, which rounding would
 * swallow. h of an {@code lstm} follows from c at every step, so a rounding error soon disappears.
 * h of a {@code gru} or {@code rnn} is the whole state and changes by small steps itself. The state
 * before a key's first record is never rounded. h of an {@code ffnn} follows from its last tokens
 * and is not rounded either.
 */
public enum StatePrecision {

  /** IEEE 754 binary32: nothing is rounded. */
  FP32(Float.BYTES) {
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
   * IEEE 754 binary16, ties to even. h is from -1 to 1 in every kind, so the error is at most
   * 2^-12.
   */
  FP16(Short.BYTES) {
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

  StatePrecision(int bytes) {
    this.bytes = bytes;
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

  /** Bytes of one value. */
  public int bytes() {
    return bytes;
  }

  /** Rounds h of a recurrent network's state, at the end of a record. */
  public void round(HiddenState state) {
    if (this == FP32 || state.tokens().length > 0) {
      return;
    }
    for (float[] row : state.h()) {
      for (int u = 0; u < row.length; u++) {
        row[u] = rounded(row[u]);
      }
    }
  }

  /** The nearest value of this precision; NaN stays NaN. */
  abstract float rounded(float value);

  /** Writes a row in this precision, big-endian. */
  public abstract void put(float[] row, ByteBuffer to);

  /** Reads a row that {@link #put} wrote. */
  public abstract void get(ByteBuffer from, float[] row);
}
