package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Reading;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ReferenceTest {

  @Test
  void shouldSpreadRecordsOverTheirBins() {
    Reference reference = new Reference(Labels.SENTIMENT);
    for (int i = 0; i < 100; i++) {
      float positive = i / 100f;
      int unknown = i < 60 ? 0 : 2; // of ten
      reference.add(reading(10, unknown, new float[] {1 - positive, 0, positive}, i));
    }
    reference.add(reading(0, 0, null, Double.NaN)); // an empty record has nothing to count

    assertThat(reference.records()).isEqualTo(100);
    assertThat(reference.sentiment()).containsExactly(new double[] {0.51, 0, 0.49}, CLOSE);
    assertThat(reference.surprise().edges()).containsExactly(10, 20, 30, 40, 50, 60, 70, 80, 90);
    assertThat(reference.surprise().shares()[0]).isCloseTo(0.11, CLOSE); // 0 to 10
    assertThat(reference.surprise().shares()[9]).isCloseTo(0.09, CLOSE); // 91 to 99
    assertThat(reference.unknown().shares()[0]).isCloseTo(0.6, CLOSE);
    assertThat(reference.unknown().shares()[3]).isCloseTo(0.4, CLOSE); // above 0.1, up to 0.2
    for (Histogram histogram :
        new Histogram[] {reference.score(), reference.surprise(), reference.unknown()}) {
      assertThat(histogram.shares()).hasSize(histogram.edges().length + 1);
      assertThat(Arrays.stream(histogram.shares()).sum()).isCloseTo(1, CLOSE);
    }
    assertThat(reference.score().shares()[0]).isCloseTo(0.11, within(0.011)); // -1 to -0.8
  }

  private static final org.assertj.core.data.Offset<Double> CLOSE = within(1e-9);

  private static Reading reading(int tokens, int unknown, float[] probabilities, double bits) {
    return new Reading(tokens, unknown, 0, false, probabilities, bits, new Reading.NextToken[0]);
  }
}
