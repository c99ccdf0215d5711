package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import java.util.Map;

/**
 * Stochastic gradient descent with decoupled weight decay.
 *
 * <pre>
 *   p -= lr * (g + decay * p)
 * </pre>
 */
final class Sgd implements Optimizer {

  private final float decay;
  private long step;

  Sgd(float decay) {
    this.decay = decay;
  }

  @Override
  public void nextStep() {
    step++;
  }

  @Override
  public void update(
      float[] parameters, float[] gradients, float scale, float rate, int from, int to) {
    for (int i = from; i < to; i++) {
      parameters[i] -= rate * (gradients[i] * scale + decay * parameters[i]);
    }
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public Map<String, Parameters> state() {
    return Map.of();
  }

  @Override
  public void resumeAt(long step) {
    this.step = step;
  }
}
