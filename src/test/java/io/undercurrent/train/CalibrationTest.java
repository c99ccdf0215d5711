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
  void shouldMeasureTheLossOfAnotherTemperatureAsByHand() {
    Calibration calibration = new Calibration(new boolean[] {true, false, true});
    calibration.add(2, new double[] {0.1, 0.6, 0.3}); // odds of 3 for positive
    calibration.add(0, new double[] {0.1, 0.0, 0.9}); // odds of 9 against negative
    calibration.add(0, new double[3]); // without tokens: even odds

    assertThat(calibration.loss(1))
        .isCloseTo((Math.log(4 / 3.0) + Math.log(10) + Math.log(2)) / 3, within(1e-9));
    double root = Math.sqrt(3);
    assertThat(calibration.loss(2))
        .isCloseTo((Math.log((root + 1) / root) + Math.log(4) + Math.log(2)) / 3, within(1e-9));
  }

  @Test
  void shouldDivideLogitsAndKeepThePredictedClass() {
    Calibration calibration = new Calibration(new boolean[] {true, true, true});
    calibration.add(0, new double[] {0.8, 0.1, 0.1});
    calibration.add(1, new double[3]);

    Calibration divided = calibration.dividedBy(1.3);

    double sure = Math.pow(8, 1 / 1.3);
    assertThat(divided.bins().stream().mapToInt(Calibration.Bin::records).sum()).isEqualTo(2);
    Calibration.Bin bin = divided.bins().get((int) Math.ceil(15 * sure / (sure + 2)) - 1);
    assertThat(bin.confidence()).isCloseTo(sure / (sure + 2), within(1e-9));
    assertThat(bin.accuracy()).isEqualTo(1);
    assertThat(calibration.dividedBy(1).ece()).isCloseTo(calibration.ece(), within(1e-9));
  }

  @Test
  void shouldHaveAFiniteLossForAProbabilityThatIsRoundedToZero() {
    Calibration calibration = new Calibration(new boolean[] {true, true, true});
    calibration.add(0, new double[] {0, 0, 1});

    assertThat(calibration.loss(1)).isFinite().isGreaterThan(80);
  }

  @Test
  void shouldCountARecordWithoutTokensAsAGuess() {
    Calibration calibration = new Calibration(new boolean[] {true, false, true});
    calibration.add(2, new double[3]);

    assertThat(calibration.ece()).isCloseTo(0.5, EXACT);
  }
}
