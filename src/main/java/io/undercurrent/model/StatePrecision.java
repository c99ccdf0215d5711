package io.undercurrent.model;

import io.undercurrent.kernel.Float16;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/**
 * What h is rounded to where a record ends, so that the state of a key takes fewer bytes. Part of
 * the definition: a record is read from what the one before it left after rounding, also where both
 * are read in one go, so that a state that was stored and restored gives the same bits.
 *
 * <p>c is never rounded: it changes little by little over a key's life, and with a forget gate near
 * 1 rounding swallows every change. h of an {@code lstm} follows from c at every step, so what it
 * loses is soon forgotten; h of a {@code gru} or {@code rnn} is all there is, and changes little by
 * little itself. The state before a key's first record is never rounded, and neither is h of an
 * {@code ffnn}, which follows from its last tokens.
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

  /** IEEE 754 binary16, ties to even. h of every kind is from -1 to 1: what it loses is 2^-12. */
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
   * What to choose where nothing speaks against it: halves where c carries what was read, as in an
   * {@code lstm}, and all bits where h itself does.
   */
  public static StatePrecision suiting(Kind kind) {
    return kind.cell().hasCellState() ? FP16 : FP32;
  }

  /** The precision with this name in settings. */
  public static StatePrecision of(String name) {
    return Arrays.stream(values())
        .filter(precision -> precision.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "state precision must be fp32 or fp16, found " + name));
  }

  /** As settings write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Bytes of one number. */
  public int bytes() {
    return bytes;
  }

  /** Rounds h of a recurrent network's state where a record has ended. */
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

  /** The nearest number that it has; not a number stays none. */
  abstract float rounded(float value);

  /** Writes a row, rounded, big-endian. */
  public abstract void put(float[] row, ByteBuffer to);

  /** Reads what {@link #put} wrote. */
  public abstract void get(ByteBuffer from, float[] row);
}
