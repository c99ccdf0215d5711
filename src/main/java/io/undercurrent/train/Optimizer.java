package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import java.util.Map;

/**
 * Updates parameters by their gradients. For each step one thread calls {@link #nextStep}; then any
 * number of threads call {@link #update} for ranges that do not overlap.
 */
interface Optimizer {

  /** Begins the next step. */
  void nextStep();

  /**
   * Updates the parameters in the range [from, to).
   *
   * @param scale factor of the gradients, for clipping
   * @param rate the learning rate
   */
  void update(float[] parameters, float[] gradients, float scale, float rate, int from, int to);

  /** The number of steps so far. */
  long step();

  /** The state that a stopped run needs besides {@link #step}: blocks by name, not copied. */
  Map<String, Parameters> state();

  /** Continues a stopped run, whose {@link #state} was loaded. */
  void resumeAt(long step);
}
