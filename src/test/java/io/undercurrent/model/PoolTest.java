package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.ModelConfig.Pooling;
import org.junit.jupiter.api.Test;

class PoolTest {

  // Multiples of 1/4 and four tokens: sums and means are exact.
  private static final float[][] TOKENS = {
    {0.25f, -0.5f}, {0.75f, -0.25f}, {-1f, -0.75f}, {0.5f, -0.5f}
  };

  @Test
  void shouldGiveOnlyTheLastStateWithLastPooling() {
    Pool pool = new Pool(Pooling.LAST, 2);
    assertThat(features(pool, Pooling.LAST, TOKENS)).containsExactly(0.5f, -0.5f);
  }

  @Test
  void shouldConcatenateLastMaximumAndMean() {
    Pool pool = new Pool(Pooling.CONCAT, 2);
    assertThat(features(pool, Pooling.CONCAT, TOKENS))
        .containsExactly(0.5f, -0.5f, 0.75f, -0.25f, 0.125f, -0.5f);
  }

  @Test
  void shouldForgetThePreviousRecord() {
    Pool pool = new Pool(Pooling.CONCAT, 2);
    features(pool, Pooling.CONCAT, TOKENS);
    assertThat(features(pool, Pooling.CONCAT, new float[][] {{-0.25f, -1f}}))
        .containsExactly(-0.25f, -1f, -0.25f, -1f, -0.25f, -1f);
  }

  @Test
  void shouldKeepItsOwnCopyOfTheLastState() {
    Pool pool = new Pool(Pooling.LAST, 1);
    float[] h = {0.5f};
    pool.clear();
    pool.add(h);
    h[0] = 0.75f;

    float[] out = new float[1];
    pool.features(out);
    assertThat(out).containsExactly(0.5f);
  }

  private static float[] features(Pool pool, Pooling pooling, float[][] tokens) {
    pool.clear();
    for (float[] token : tokens) {
      pool.add(token);
    }
    float[] features = new float[pooling.parts() * 2];
    pool.features(features);
    return features;
  }
}
