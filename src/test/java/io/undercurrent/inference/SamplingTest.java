package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingTest {

  private static final float[] P = {0.05f, 0.3f, 0, 0.1f, 0.3f, 0.1f, 0.1f, 0.05f};
  private static final int DRAWS = 200_000;

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1",
    "0.5, 0, 1",
    "2.5, 0, 1",
    "1, 2, 1",
    "1, 3, 1",
    "1, 100, 1",
    "1, 0, 0.5",
    "1, 0, 0.65",
    "1, 0, 0.0001",
    "1, 0, 0.9999999",
    "0.7, 5, 0.8",
    "3, 1, 0.55",
    "0.01, 0, 1",
  })
  void shouldDrawLikeTransformers(double temperature, int topK, double topP) {
    double[] expected = transformers(P, temperature, topK, topP);
    int[] counts = new int[P.length];
    SplittableRandom random = new SplittableRandom(11);
    Sampling sampling = new Sampling(temperature, topK, topP);
    for (int i = 0; i < DRAWS; i++) {
      counts[sampling.draw(P, random)]++;
    }
    for (int id = 0; id < P.length; id++) {
      // Five standard deviations of a binomial count; a token that is cut off must never be drawn.
      double deviation = Math.sqrt(DRAWS * expected[id] * (1 - expected[id]));
      assertThat(Math.abs(counts[id] - DRAWS * expected[id]))
          .as("token %d of %s, expected %s", id, Arrays.toString(counts), expected[id])
          .isLessThanOrEqualTo(5 * deviation + 1e-6);
    }
  }

  /**
   * The three warpers of Transformers 4, applied to logits one after the other, as in their source.
   */
  private static double[] transformers(float[] p, double temperature, int topK, double topP) {
    double[] scores = IntStream.range(0, p.length).mapToDouble(i -> Math.log(p[i])).toArray();
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= temperature;
    }
    if (topK > 0) {
      double[] sorted = scores.clone();
      Arrays.sort(sorted);
      double threshold = sorted[scores.length - Math.min(topK, scores.length)];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = scores[i] < threshold ? Double.NEGATIVE_INFINITY : scores[i];
      }
    }
    if (topP < 1) {
      double[] softmax = softmax(scores);
      int[] ascending =
          IntStream.range(0, p.length)
              .boxed()
              // torch sorts equal values in no fixed order; ours prefers the lower id
              .sorted(
                  Comparator.comparingDouble((Integer i) -> softmax[i])
                      .thenComparing(Comparator.reverseOrder()))
              .mapToInt(Integer::intValue)
              .toArray();
      double cumulative = 0;
      for (int i = 0; i < ascending.length - 1; i++) {
        cumulative += softmax[ascending[i]];
        if (cumulative <= 1 - topP) {
          scores[ascending[i]] = Double.NEGATIVE_INFINITY;
        }
      }
    }
    return softmax(scores);
  }

  private static double[] softmax(double[] scores) {
    double max = Arrays.stream(scores).max().orElseThrow();
    double[] e = Arrays.stream(scores).map(s -> Math.exp(s - max)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(x -> x / sum).toArray();
  }

  @Test
  void shouldTakeTheLikeliestTokenAtTemperatureZero() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100; i++) {
      assertThat(new Sampling(0, 0, 1).draw(P, random)).isEqualTo(1);
      assertThat(new Sampling(0, 5, 0.9).draw(P, random)).isEqualTo(1);
      assertThat(new Sampling(Double.MIN_VALUE, 1, 0.3).draw(new float[] {0, 0.4f, 0.6f}, random))
          .isEqualTo(2);
    }
  }

  @Test
  void shouldDrawTheSameTokensForTheSameSeed() {
    Sampling sampling = new Sampling(1.3, 6, 0.95);
    assertThat(draws(sampling, 4)).isEqualTo(draws(sampling, 4)).isNotEqualTo(draws(sampling, 5));
  }

  private static int[] draws(Sampling sampling, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return IntStream.range(0, 100).map(i -> sampling.draw(P, random)).toArray();
  }

  @Test
  void shouldDrawNothingIfAllProbabilitiesAreZero() {
    assertThat(Sampling.DEFAULTS.draw(new float[5], new SplittableRandom(1))).isEqualTo(-1);
  }

  @Test
  void shouldDrawFromProbabilitiesOfAnySize() {
    float[] tiny = {Float.MIN_VALUE, 0, Float.MIN_VALUE};
    SplittableRandom random = new SplittableRandom(2);
    int[] counts = new int[3];
    for (int i = 0; i < 1000; i++) {
      counts[new Sampling(1, 0, 1).draw(tiny, random)]++;
    }
    assertThat(counts[1]).isZero();
    assertThat(counts[0]).isBetween(420, 580);
    assertThat(new Sampling(1e-300, 0, 0.5).draw(new float[] {1e-45f, 1}, random)).isEqualTo(1);
    assertThat(new Sampling(1e300, 0, 1e-12).draw(new float[] {1e-45f, 1}, random)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-0.1     | 0  | 1    | temperature must be >= 0, found -0.1",
        "NaN      | 0  | 1    | temperature must be >= 0, found NaN",
        "Infinity | 0  | 1    | temperature must be >= 0 and finite, found Infinity",
        "1        | -1 | 1    | top_k must be >= 0, found -1",
        "1        | 0  | 0    | top_p must be > 0 and <= 1, found 0.0",
        "1        | 0  | 1.01 | top_p must be > 0 and <= 1, found 1.01",
        "1        | 0  | NaN  | top_p must be > 0 and <= 1, found NaN",
      })
  void shouldNameTheViolatedInequality(double t, int k, double p, String message) {
    assertThatThrownBy(() -> new Sampling(t, k, p))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
