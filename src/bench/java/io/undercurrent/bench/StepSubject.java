package io.undercurrent.bench;

/** Who steps through a {@link StepCase}; owned by one thread. */
interface StepSubject extends AutoCloseable {

  /** As {@code step.json} calls it. */
  String name();

  /** How it does that, where there are several ways. */
  default String way() {
    return "";
  }

  /** Steps that one call makes. */
  default int stepsPerCall() {
    return 1;
  }

  /**
   * From token ids to the next states.
   *
   * @param tokens (stepsPerCall, B)
   */
  void step(int[] tokens);

  /** h (numLayers, B, H), then c likewise. */
  float[] state();

  @Override
  void close();
}
