package io.undercurrent.model;

/**
 * The hidden states of B keys side by side, so that one product advances all of them by a step.
 * {@link Network#states} creates it. Mutable, owned by one thread.
 */
public final class HiddenStates {

  private final int hidden; // H
  private final float[][] h; // (numLayers, B * H)
  private final float[][] c; // (numLayers, B * H) of an lstm; (numLayers, 0) of other kinds
  private final int[][] tokens; // (B, window) of an ffnn; (B, 0) of other kinds

  HiddenStates(ModelConfig config, int rows) {
    hidden = config.hiddenSize();
    int units = Math.multiplyExact(rows, hidden);
    h = new float[config.numLayers()][units];
    c = new float[config.numLayers()][config.kind().cell().hasCellState() ? units : 0];
    tokens = new int[rows][config.kind().recurrent() ? 0 : config.window()];
  }

  float[][] h() {
    return h;
  }

  float[][] c() {
    return c;
  }

  int[][] tokens() {
    return tokens;
  }

  /** The top layer's h of all keys, (B, H), not copied. */
  public float[] top() {
    return h[h.length - 1];
  }

  /** Copies a key's state into row {@code row}. */
  public void set(int row, HiddenState state) {
    for (int l = 0; l < h.length; l++) {
      copy(state.h()[l], 0, h[l], row);
      copy(state.c()[l], 0, c[l], row);
    }
    System.arraycopy(state.tokens(), 0, tokens[row], 0, tokens[row].length);
  }

  /** Copies row {@code row} into a key's state. */
  public void get(int row, HiddenState state) {
    for (int l = 0; l < h.length; l++) {
      copy(h[l], row, state.h()[l], 0);
      copy(c[l], row, state.c()[l], 0);
    }
    System.arraycopy(tokens[row], 0, state.tokens(), 0, tokens[row].length);
  }

  /** Copies row {@code from} over row {@code to}. */
  public void move(int from, int to) {
    for (int l = 0; l < h.length; l++) {
      copy(h[l], from, h[l], to);
      copy(c[l], from, c[l], to);
    }
    System.arraycopy(tokens[from], 0, tokens[to], 0, tokens[to].length);
  }

  private void copy(float[] from, int fromRow, float[] to, int toRow) {
    if (from.length > 0) {
      System.arraycopy(from, fromRow * hidden, to, toRow * hidden, hidden);
    }
  }
}
