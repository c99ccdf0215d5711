package io.undercurrent.model;

/**
 * One step of one layer for n = B * H units at once: what stands between the products, which are
 * the caller's, and the next state. Stateless and thread-safe; the arrays are the caller's.
 *
 * <p>Every gate has an array of its own and every loop one store and starts at 0: so HotSpot
 * vectorises them (0.3 ns a value for a sigmoid on JDK 17, AVX-512).
 */
public interface Cell {

  /** G: the weights of a layer have G * H rows, gate by gate. */
  int gates();

  /** Whether there is a cell state c beside h. */
  boolean hasCellState();

  /**
   * Whether what comes from h enters a gate otherwise than by addition, so that {@link Step#u}
   * holds it apart.
   */
  boolean keepsPartsApart();

  /**
   * Turns pre-activations into gates and the previous state into the next.
   *
   * @param step in: z, and u where parts are kept apart; out: what {@link #backward} needs
   * @param h in: h; out: h'
   * @param c in: c; out: c'. Not touched if there is no cell state
   */
  void forward(Step step, float[] h, float[] c, int n);

  /**
   * The gradients of the pre-activations and of the previous state, given those of the next.
   *
   * @param step in: as {@link #forward} left it; out: dz, and du where parts are kept apart
   * @param dh in: gradient of h'; out: gradient of h, but for what flows through the products
   * @param dc in: gradient of c' from the next step; out: gradient of c
   */
  void backward(Step step, float[] dh, float[] dc, float[] scratch, int n);

  /** New arrays for steps of n units. */
  default Step step(int n) {
    return new Step(
        new float[gates()][n],
        keepsPartsApart() ? new float[gates()][n] : new float[0][],
        new float[n],
        new float[hasCellState() ? n : 0]);
  }

  /**
   * The arrays of one step, each of n values.
   *
   * @param z (G) before: W_ih x + b_ih + W_hh h + b_hh, or W_ih x + b_ih where parts are kept
   *     apart; after {@link #forward} the gates, after {@link #backward} dz
   * @param u (G) where parts are kept apart: W_hh h + b_hh, after {@link #backward} du; otherwise
   *     none
   * @param previous c where there is one and otherwise h, before the step
   * @param tanhC tanh(c') where there is a cell state
   */
  record Step(float[][] z, float[][] u, float[] previous, float[] tanhC) {}
}
