package io.undercurrent.train;

/**
 * A library that trains a {@link TrainingCase}. One step is forward, backward, clipping and update.
 */
interface TrainingSubject extends Runnable, AutoCloseable {

  /** The name in reports. */
  String name();

  /** Trains on the next chunk, starting from the state after the previous one. */
  Loss step();

  @Override
  default void run() {
    step();
  }

  @Override
  void close();

  /**
   * Loss and gradient of a step, before its update.
   *
   * @param nats mean cross-entropy of the next tokens
   * @param gradientNorm global norm of the gradients, before clipping
   */
  record Loss(double nats, double gradientNorm) {}
}
