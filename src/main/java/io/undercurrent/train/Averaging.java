package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;

/**
 * The mean of the parameters over all steps since averaging began (Polyak and Juditsky 1992).
 * Several threads may add ranges that do not overlap.
 */
final class Averaging {

  private final Parameters mean;
  private long steps;

  Averaging(List<Tensor> tensors) {
    mean = new Parameters(tensors);
  }

  /** The means, not copied. */
  Parameters mean() {
    return mean;
  }

  /** The number of steps in the mean; 0 before averaging began. */
  long steps() {
    return steps;
  }

  /** Whether averaging has begun. */
  boolean active() {
    return steps > 0;
  }

  /** Begins averaging with the current parameters as the first step. */
  void begin(Parameters parameters) {
    System.arraycopy(parameters.values(), 0, mean.values(), 0, parameters.values().length);
    steps = 1;
  }

  /** Continues a stopped run, whose {@link #mean} was loaded. */
  void resumeAt(long steps) {
    this.steps = steps;
  }

  /** Counts the next step. Call {@link #add} for every range afterwards. */
  void nextStep() {
    steps++;
  }

  /** Adds the parameters of the step in the range [from, to). */
  void add(float[] parameters, int from, int to) {
    float[] m = mean.values();
    float share = 1f / steps;
    for (int i = from; i < to; i++) {
      m[i] += (parameters[i] - m[i]) * share;
    }
  }
}
