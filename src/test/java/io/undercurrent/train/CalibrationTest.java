package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CalibrationTest {

  /** Sums of a few quotients. */
  private static final Offset<Double> EXACT = within(1e-12);

  @Test
  void shouldMeasureTheErrorOfThreeBinsAsByHand() {
    Calibration calibration = new Calibration(new boolean[] {true, true, true});
    calibration.add(0, new double[] {0.95, 0.03, 0.02}); // last bin: right
    calibration.add(0, new double[] {0.97, 0.02, 0.01}); // right
    calibration.add(1, new double[] {0.96, 0.02, 0.02}); // wrong
    calibration.add(2, new double[] {0.2, 0.3, 0.5}); // (7/15, 8/15]: right
    calibration.add(0, new double[] {0.3, 0.3, 0.4}); // (5/15, 6/15]: wrong

    double last = Math.abs(2 / 3.0 - (0.95 + 0.97 + 0.96) / 3);
    double ece = 3 / 5.0 * last + 1 / 5.0 * Math.abs(1 - 0.5) + 1 / 5.0 * Math.abs(0 - 0.4);
    assertThat(calibration.ece()).isCloseTo(ece, EXACT);
    assertThat(calibration.bins()).hasSize(15);
    Calibration.Bin top = calibration.bins().get(14);
    assertThat(top.records()).isEqualTo(3);
    assertThat(top.accuracy()).isCloseTo(2 / 3.0, EXACT);
    assertThat(top.confidence()).isCloseTo(0.96, EXACT);
    assertThat(top.from()).isCloseTo(14 / 15.0, EXACT);
    assertThat(top.to()).isEqualTo(1);
    assertThat(calibration.bins().get(7).records()).isEqualTo(1);
    assertThat(calibration.bins().get(5).records()).isEqualTo(1);
    assertThat(calibration.bins().get(0).accuracy()).isNaN();
  }

  @Test
  void shouldDistributeTheProbabilityOfClassesNotInUse() {
    Calibration calibration = new Calibration(new boolean[] {true, false, true});
    calibration.add(2, new double[] {0.1, 0.6, 0.3}); // 3 to 1 for positive

    assertThat(calibration.ece()).isCloseTo(0.25, EXACT);
    assertThat(calibration.bins().get(11).records()).isEqualTo(1);
  }

  @Test
  void shouldCountARecordWithoutTokensAsAGuess() {
    Calibration calibration = new Calibration(new boolean[] {true, false, true});
    calibration.add(2, new double[3]);

    assertThat(calibration.ece()).isCloseTo(0.5, EXACT);
  }
}
