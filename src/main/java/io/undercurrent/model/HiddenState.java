package io.undercurrent.model;

import java.util.Arrays;

/**
 * What the network remembers of one key: h and c of every layer. Mutable, owned by one thread at a
 * time.
 *
 * @param h hidden states, (numLayers, H)
 * @param c cell states, (numLayers, H)
 */
public record HiddenState(float[][] h, float[][] c) {

  /** All zero. */
  public static HiddenState zeros(int numLayers, int hiddenSize) {
    return new HiddenState(new float[numLayers][hiddenSize], new float[numLayers][hiddenSize]);
  }

  /** A deep copy. */
  public HiddenState copy() {
    return new HiddenState(copy(h), copy(c));
  }

  /** The top layer's h, (H), not copied: what the heads read. */
  public float[] top() {
    return h[h.length - 1];
  }

  private static float[][] copy(float[][] rows) {
    float[][] copy = new float[rows.length][];
    Arrays.setAll(copy, l -> rows[l].clone());
    return copy;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HiddenState s && Arrays.deepEquals(h, s.h) && Arrays.deepEquals(c, s.c);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.deepHashCode(h) + Arrays.deepHashCode(c);
  }
}
