package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RankedScoresTest {

  private static final float NEGATIVE = -1; // valences
  private static final float NEUTRAL = 0;
  private static final float POSITIVE = 1;

  private final RankedScores scores = new RankedScores();

  @Test
  void shouldCountThePairsInOrderAsByHand() {
    scores.add(POSITIVE, 0.9);
    scores.add(POSITIVE, 0.2);
    scores.add(NEGATIVE, 0.5);
    scores.add(NEGATIVE, -0.5);
    scores.add(NEUTRAL, -1); // does not count

    assertThat(scores.auroc()).isEqualTo(3 / 4.0);
  }

  @Test
  void shouldCountTiesHalf() {
    scores.add(POSITIVE, 0.0);
    scores.add(POSITIVE, 1);
    scores.add(NEGATIVE, -0.0); // equal to 0
    scores.add(NEGATIVE, Double.NaN); // of classes that were never learnt: 0

    assertThat(scores.auroc()).isEqualTo((0.5 + 0.5 + 1 + 1) / 4);
  }

  @Test
  void shouldBeOneHalfForOneScoreAndTurnAroundWithTheSign() {
    RankedScores same = new RankedScores();
    RankedScores turned = new RankedScores();
    for (int i = 0; i < 9; i++) {
      same.add(i % 2 == 0 ? POSITIVE : NEGATIVE, 7);
      scores.add(i % 2 == 0 ? POSITIVE : NEGATIVE, i);
      turned.add(i % 2 == 0 ? POSITIVE : NEGATIVE, -i);
    }

    assertThat(same.auroc()).isEqualTo(0.5);
    assertThat(turned.auroc()).isCloseTo(1 - scores.auroc(), within(1e-15));
  }

  @Test
  void shouldEqualTheCountOfAllPairs() {
    SplittableRandom random = new SplittableRandom(3);
    int[] valences = random.ints(500, -1, 2).toArray();
    double[] values = random.doubles(500).map(x -> Math.rint(20 * x)).toArray(); // many ties
    double inOrder = 0;
    double pairs = 0;
    for (int i = 0; i < 500; i++) {
      scores.add(valences[i], values[i]);
      for (int j = 0; j < 500; j++) {
        if (valences[i] == POSITIVE && valences[j] == NEGATIVE) {
          pairs++;
          inOrder += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
        }
      }
    }

    assertThat(scores.auroc()).isCloseTo(inOrder / pairs, within(1e-12));
  }

  @Test
  void shouldBeUnknownWithoutBothClasses() {
    assertThat(scores.auroc()).isNaN();
    scores.add(POSITIVE, 1);
    assertThat(scores.auroc()).isNaN();
  }
}
