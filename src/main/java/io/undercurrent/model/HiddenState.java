package io.undercurrent.model;

import java.util.Arrays;

/**
 * The hidden state of one key. Mutable, owned by one thread at a time.
 *
 * <p>In a feed-forward network h follows from the last tokens. Every record ends with the same
 * token, so a key carries only the {@code window - 1} tokens before that one: nothing for a window
 * of 1. {@link Model#stateAfter} computes the state from them.
 *
 * @param h hidden states, (numLayers, H)
 * @param c cell states, (numLayers, H) of an {@code lstm}; (numLayers, 0) of other kinds
 * @param tokens the last tokens read, oldest first, (window) of an {@code ffnn}; (0) of other kinds
 */
public record HiddenState(float[][] h, float[][] c, int[] tokens) {

  /** Stands in {@link #tokens} where nothing has been read yet; its embedding counts as zeros. */
  public static final int NO_TOKEN = -1;

  /** The state before any token: h and c are zero. */
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

  /** Takes over the values of another state of the same network. */
  public void set(HiddenState other) {
    copy(other.h, h);
    copy(other.c, c);
    System.arraycopy(other.tokens, 0, tokens, 0, tokens.length);
  }

  private static void copy(float[][] from, float[][] to) {
    for (int l = 0; l < to.length; l++) {
      System.arraycopy(from[l], 0, to[l], 0, to[l].length);
    }
  }

  /** The top layer's h, (H), which the heads read; not copied. */
  public float[] top() {
    return h[h.length - 1];
  }

  /** Whether all values are finite: no NaN and no infinity. */
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
