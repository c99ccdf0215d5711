package io.undercurrent.train;

import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015) with bias correction and decoupled weight decay (Loshchilov and Hutter
 * 2019), over one block of parameters.
 *
 * <pre>
 *   m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2
 *   p -= lr * ((m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) + decay * p)
 * </pre>
 */
final class Adam implements Optimizer {

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  private final Parameters m;
  private final Parameters v;
  private final float decay;
  private long step;

  Adam(List<Tensor> tensors, float decay) {
    m = new Parameters(tensors);
    v = new Parameters(tensors);
    this.decay = decay;
  }

  @Override
  public void nextStep() {
    step++;
  }

  @Override
  public void update(
      float[] parameters, float[] gradients, float scale, float rate, int from, int to) {
    float[] first = m.values();
    float[] second = v.values();
    float correction1 = (float) (1 / (1 - StrictMath.pow(BETA1, step)));
    float correction2 = (float) (1 / (1 - StrictMath.pow(BETA2, step)));
    float shrink = rate * decay;
    for (int i = from; i < to; i++) {
      float g = gradients[i] * scale;
      float m1 = BETA1 * first[i] + (1 - BETA1) * g;
      float v1 = BETA2 * second[i] + (1 - BETA2) * g * g;
      first[i] = m1;
      second[i] = v1;
      parameters[i] -=
          rate * (m1 * correction1) / ((float) Math.sqrt(v1 * correction2) + EPSILON)
              + shrink * parameters[i];
    }
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public Map<String, Parameters> state() {
    return Map.of("adam-m", m, "adam-v", v);
  }

  @Override
  public void resumeAt(long step) {
    this.step = step;
  }
}
