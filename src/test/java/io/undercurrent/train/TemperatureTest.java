package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TemperatureTest {

  private static final boolean[] ALL = {true, true, true};

  /** Labels are drawn from the probabilities of logits, and the model gives others. */
  @Test
  void shouldFindTheTemperatureThatTheLabelsWereDrawnWith() {
    for (double drawn : new double[] {0.5, 1, 1.6}) {
      Calibration calibration = new Calibration(ALL);
      SplittableRandom random = new SplittableRandom(5);
      for (int i = 0; i < 40_000; i++) {
        double[] logits = random.doubles(3, -3, 3).toArray();
        double[] p = softmax(logits, drawn);
        double x = random.nextDouble();
        int label = x < p[0] ? 0 : x < p[0] + p[1] ? 1 : 2;
        calibration.add(label, softmax(logits, 1));
      }

      float fitted = Temperature.fit(List.of(calibration));

      assertThat((double) fitted).isCloseTo(drawn, within(0.05 * drawn));
      assertThat(calibration.loss(fitted))
          .isLessThanOrEqualTo(calibration.loss(fitted - 0.002))
          .isLessThanOrEqualTo(calibration.loss(fitted + 0.002));
      assertThat(calibration.dividedBy(fitted).ece()).isLessThan(0.02);
    }
  }

  @Test
  void shouldWeighEachSourceAlike() {
    Calibration large = new Calibration(ALL);
    Calibration small = new Calibration(ALL);
    for (int i = 0; i < 3000; i++) {
      large.add(i % 10 == 0 ? 1 : 0, new double[] {0.9, 0.05, 0.05}); // nearly as sure as right
      if (i % 100 == 0) {
        small.add(i % 200 == 0 ? 1 : 0, new double[] {0.9, 0.05, 0.05}); // far too sure
      }
    }

    float both = Temperature.fit(List.of(large, small));

    double best = Double.POSITIVE_INFINITY;
    double at = 0;
    for (int t = 200; t <= 5000; t++) { // every thousandth
      double loss = large.loss(t / 1000.0) + small.loss(t / 1000.0);
      at = loss < best ? t / 1000.0 : at;
      best = Math.min(best, loss);
    }
    assertThat((double) both).isCloseTo(at, within(0.0011));
    assertThat(both)
        .isGreaterThan(Temperature.fit(List.of(large)))
        .isLessThan(Temperature.fit(List.of(small)));
  }

  @Test
  void shouldStayWithinItsBounds() {
    Calibration right = new Calibration(ALL);
    right.add(0, new double[] {0.5, 0.3, 0.2});
    Calibration wrong = new Calibration(ALL);
    wrong.add(1, new double[] {0.5, 0.3, 0.2});

    assertThat(Temperature.fit(List.of(right))).isEqualTo(0.2f);
    assertThat(Temperature.fit(List.of(wrong))).isEqualTo(5f);
  }

  private static double[] softmax(double[] logits, double temperature) {
    double[] p = new double[logits.length];
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit / temperature);
    }
    for (int k = 0; k < p.length; k++) {
      p[k] = Math.exp(logits[k] / temperature) / sum;
    }
    return p;
  }
}
