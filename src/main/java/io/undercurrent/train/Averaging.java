package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;

/**
 * The mean of the parameters over all steps since it began (Polyak and Juditsky 1992). Ranges may
 * be added by several threads.
 */
final class Averaging {

  private final Parameters mean;
  private long steps;

  Averaging(List<Tensor> tensors) {
    mean = new Parameters(tensors);
  }

  /** The block of means, shared and not copied. */
  Parameters mean() {
    return mean;
  }

  /** Steps that the mean is over; 0 before it began. */
  long steps() {
    return steps;
  }

  boolean active() {
    return steps > 0;
  }

  /** Begins with the parameters as they are. */
  void begin(Parameters parameters) {
    System.arraycopy(parameters.values(), 0, mean.values(), 0, parameters.values().length);
    steps = 1;
  }

  void resumeAt(long steps) {
    this.steps = steps;
  }

  /** Counts the next step; then {@link #add} is called for every range. */
  void nextStep() {
    steps++;
  }

  void add(float[] parameters, int from, int to) {
    float[] m = mean.values();
    float share = 1f / steps;
    for (int i = from; i < to; i++) {
      m[i] += (parameters[i] - m[i]) * share;
    }
  }
}
