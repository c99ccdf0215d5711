package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import java.util.Map;

/**
 * How parameters follow their gradients. {@link #nextStep} by one thread, then {@link #update} by
 * any number of threads for ranges that do not overlap.
 */
interface Optimizer {

  /** Begins the next update. */
  void nextStep();

  /**
   * Updates parameters [from, to).
   *
   * @param scale what gradients are multiplied by first: the clipping
   * @param rate the learning rate
   */
  void update(float[] parameters, float[] gradients, float scale, float rate, int from, int to);

  /** Updates so far. */
  long step();

  /** What goes on after a stop needs beside {@link #step}: blocks by name, shared, not copied. */
  Map<String, Parameters> state();

  void resumeAt(long step);
}
