package io.undercurrent.bench;

/** A library that computes the steps of a {@link StepCase}. Owned by one thread. */
interface StepSubject extends AutoCloseable {

  /** The name in {@code step.json}. */
  String name();

  /** The way in which it computes steps, if it has several. */
  default String way() {
    return "";
  }

  /** The number of steps in one call. */
  default int stepsPerCall() {
    return 1;
  }

  /**
   * Computes the next states from token ids.
   *
   * @param tokens (stepsPerCall, B)
   */
  void step(int[] tokens);

  /** h (numLayers, B, H), then c likewise. */
  float[] state();

  @Override
  void close();
}
