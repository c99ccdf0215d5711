package io.undercurrent.model;

/**
 * Computes one step of one layer for n = B * H units at once. The caller computes the products and
 * owns the arrays; the cell turns the sums of products into the next state. Stateless and
 * thread-safe.
 *
 * <p>Each gate has its own array, and each loop starts at 0 and stores to one array, so that
 * HotSpot vectorises it (0.3 ns per value of a sigmoid on JDK 17, AVX-512).
 */
public interface Cell {

  /**
   * The number of gates G. The weights of a layer have G * H rows, gate by gate; without the last
   * gate where {@link #lastGateIsInput} holds and the layer reads H values.
   */
  int gates();

  /** Whether there is a cell state c beside h. */
  boolean hasCellState();

  /**
   * Whether the product of h enters a gate in another way than by addition. {@link Step#u} then
   * holds it apart from z.
   */
  boolean keepsPartsApart();

  /** Whether a layer multiplies its own h, and so has a {@code weight_hh}. */
  default boolean multipliesH() {
    return true;
  }

  /**
   * The number of gates that see c unit by unit: {@code weight_c} has one factor for each of their
   * units. They are the gates from the second on. 0 for most cells.
   */
  default int gatesThatSeeC() {
    return 0;
  }

  /** Whether the last gate is the layer's input itself where that has H values (a highway). */
  default boolean lastGateIsInput() {
    return false;
  }

  /**
   * Computes the gates from the pre-activations, and the next state from the gates and the previous
   * state.
   *
   * @param step in: z, u where parts are kept apart, and v; out: what {@link #backward} needs
   * @param h in: h; out: h'
   * @param c in: c; out: c'. Not touched if there is no cell state
   */
  void forward(Step step, float[] h, float[] c, int n);

  /**
   * Computes the gradients of the pre-activations and of the previous state from those of the next
   * state.
   *
   * @param step in: as {@link #forward} left it; out: dz, and du where parts are kept apart
   * @param dh in: gradient of h'; out: gradient of h, without the part that flows through the
   *     products
   * @param dc in: gradient of c' from the next step; out: gradient of c
   */
  void backward(Step step, float[] dh, float[] dc, float[] scratch, int n);

  /** New arrays for steps of n units. */
  default Step step(int n) {
    return step(n, new float[gatesThatSeeC()][n]);
  }

  /** New arrays for steps of n units, which share the factors of c. */
  default Step step(int n, float[][] v) {
    return new Step(
        new float[gates()][n],
        keepsPartsApart() ? new float[gates()][n] : new float[0][],
        v,
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
   * @param v (gatesThatSeeC) the factors of c, the same for each of the B keys; not changed
   * @param previous c where there is one and otherwise h, before the step
   * @param tanhC tanh(c') where there is a cell state
   */
  record Step(float[][] z, float[][] u, float[][] v, float[] previous, float[] tanhC) {}
}
