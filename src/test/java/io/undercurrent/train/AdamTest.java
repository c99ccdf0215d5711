package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AdamTest {

  private static final ModelConfig CONFIG =
      new ModelConfig("test", "lstm", 2, 1, 1, 1, Pooling.LAST);
  private static final int N = new Parameters(CONFIG.tensors()).values().length;

  @Test
  void shouldUpdateEveryParameterByTheFormula() {
    float rate = 0.01f;
    float scale = 0.25f;
    SplittableRandom random = new SplittableRandom(1);
    Adam adam = new Adam(CONFIG.tensors(), 0f);
    float[] parameters = new float[N];
    double[] expected = new double[N];
    double[] m = new double[N];
    double[] v = new double[N];
    for (int i = 0; i < N; i++) {
      parameters[i] = (float) random.nextDouble();
      expected[i] = parameters[i];
    }
    for (int t = 1; t <= 50; t++) {
      float[] gradients = new float[N];
      adam.nextStep();
      for (int i = 0; i < N; i++) {
        gradients[i] = (float) (Math.pow(10, i % 7 - 3) * (random.nextDouble() - 0.4));
        double g = gradients[i] * scale;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        expected[i] -=
            rate
                * (m[i] / (1 - Math.pow(0.9, t)))
                / (Math.sqrt(v[i] / (1 - Math.pow(0.999, t))) + 1e-8);
      }
      // Ranges in any order and of any size are one update.
      adam.update(parameters, gradients, scale, rate, 7, N);
      adam.update(parameters, gradients, scale, rate, 0, 7);
      for (int i = 0; i < N; i++) {
        // 1 - 0.999f is off by 5e-5 relative, as is then every step of at most the rate.
        assertThat((double) parameters[i])
            .as("parameter %d after step %d", i, t)
            .isCloseTo(expected[i], within(1e-6 * t));
      }
    }
    assertThat(adam.step()).isEqualTo(50);
  }

  @Test
  void shouldContinueWithTheSameBitsFromSavedState() {
    SplittableRandom random = new SplittableRandom(2);
    float[] gradients = new float[N];
    for (int i = 0; i < N; i++) {
      gradients[i] = (float) random.nextDouble();
    }
    Adam one = new Adam(CONFIG.tensors(), 0f);
    float[] parameters = new float[N];
    update(one, parameters, gradients);
    Adam other = new Adam(CONFIG.tensors(), 0f);
    one.state()
        .forEach(
            (name, block) ->
                System.arraycopy(block.values(), 0, other.state().get(name).values(), 0, N));
    other.resumeAt(one.step());
    float[] otherParameters = parameters.clone();

    gradients[3] = -1f;
    update(one, parameters, gradients);
    update(other, otherParameters, gradients);

    assertThat(otherParameters).containsExactly(parameters);
  }

  private static void update(Adam adam, float[] parameters, float[] gradients) {
    adam.nextStep();
    adam.update(parameters, gradients, 1f, 0.1f, 0, N);
  }
}
