package io.undercurrent.train;

/** Who trains a {@link TrainingCase}: one step forward, back, clipped and updated at a time. */
interface TrainingSubject extends Runnable, AutoCloseable {

  /** As the reports call it. */
  String name();

  /** Learns from the next chunk, with the state that the one before left. */
  Loss step();

  @Override
  default void run() {
    step();
  }

  @Override
  void close();

  /**
   * What a step saw before its update.
   *
   * @param nats mean cross-entropy of the next tokens
   * @param gradientNorm global, before clipping
   */
  record Loss(double nats, double gradientNorm) {}
}
