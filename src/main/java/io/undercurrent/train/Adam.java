package io.undercurrent.train;

import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;

/**
 * Adam (Kingma and Ba 2015) with bias correction, over one block of parameters.
 *
 * <pre>
 *   m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2
 *   p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 * </pre>
 */
final class Adam {

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  final Parameters m;
  final Parameters v;
  private long step;

  Adam(ModelConfig config) {
    m = new Parameters(config.tensors());
    v = new Parameters(config.tensors());
  }

  long step() {
    return step;
  }

  void resumeAt(long step) {
    this.step = step;
  }

  /** Begins the next update; then {@link #update} is called for every range. */
  void nextStep() {
    step++;
  }

  /**
   * Updates parameters [from, to) with gradients scaled by {@code scale}. Ranges may run at once.
   */
  void update(float[] parameters, float[] gradients, float scale, float rate, int from, int to) {
    float[] first = m.values();
    float[] second = v.values();
    float correction1 = (float) (1 / (1 - StrictMath.pow(BETA1, step)));
    float correction2 = (float) (1 / (1 - StrictMath.pow(BETA2, step)));
    for (int i = from; i < to; i++) {
      float g = gradients[i] * scale;
      first[i] = BETA1 * first[i] + (1 - BETA1) * g;
      second[i] = BETA2 * second[i] + (1 - BETA2) * g * g;
      parameters[i] -=
          rate * (first[i] * correction1) / ((float) Math.sqrt(second[i] * correction2) + EPSILON);
    }
  }
}
