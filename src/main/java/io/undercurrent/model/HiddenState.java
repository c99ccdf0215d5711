package io.undercurrent.model;

import java.util.Arrays;

/**
 * What the network remembers of one key. Mutable, owned by one thread at a time.
 *
 * <p>Of a feed-forward network h follows from the tokens, and since every record ends with the same
 * one, what it has to carry from record to record is the {@code window - 1} tokens before that:
 * nothing at all for a window of 1. {@link Model#stateAfter} makes the rest of them.
 *
 * @param h hidden states, (numLayers, H)
 * @param c cell states, (numLayers, H) of an {@code lstm}; (numLayers, 0) of other kinds
 * @param tokens the last tokens read, oldest first, (window) of an {@code ffnn}; (0) of other kinds
 */
public record HiddenState(float[][] h, float[][] c, int[] tokens) {

  /** In {@link #tokens} where nothing was read yet; its embedding counts as zeros. */
  public static final int NO_TOKEN = -1;

  /** Nothing read: h and c are zero. */
  public static HiddenState zeros(ModelConfig config) {
    int layers = config.numLayers();
    int hidden = config.hiddenSize();
    int[] tokens = new int[config.kind().recurrent() ? 0 : config.window()];
    Arrays.fill(tokens, NO_TOKEN);
    return new HiddenState(
        new float[layers][hidden],
        new float[layers][config.kind().cell().hasCellState() ? hidden : 0],
        tokens);
  }

  /** A deep copy. */
  public HiddenState copy() {
    return new HiddenState(copy(h), copy(c), tokens.clone());
  }

  /** The top layer's h, (H), not copied: what the heads read. */
  public float[] top() {
    return h[h.length - 1];
  }

  /** Whether every number in it is one. */
  public boolean isFinite() {
    return finite(h) && finite(c);
  }

  private static boolean finite(float[][] rows) {
    for (float[] row : rows) {
      for (float value : row) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
    }
    return true;
  }

  private static float[][] copy(float[][] rows) {
    float[][] copy = new float[rows.length][];
    Arrays.setAll(copy, l -> rows[l].clone());
    return copy;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HiddenState s
        && Arrays.deepEquals(h, s.h)
        && Arrays.deepEquals(c, s.c)
        && Arrays.equals(tokens, s.tokens);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.deepHashCode(h) + Arrays.deepHashCode(c)) + Arrays.hashCode(tokens);
  }
}
