package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationScoreTest {

  private static final double HALF_LIFE = 60;

  /** One friendly message, then seven hostile ones of seven tokens each. */
  @Test
  void shouldTurnWhenTheConversationTurns() {
    List<Double> curve = curve(HALF_LIFE, 7, 0.98, -0.9, -0.9, -0.9, -0.9, -0.9, -0.9, -0.9);

    assertThat(curve.get(0)).isEqualTo(0.98);
    assertThat(curve.get(1)).isCloseTo(0.04, within(0.001)); // the mean of two records
    assertThat(curve.get(2)).isCloseTo(-0.273, within(0.001)); // the mean of three records
    assertThat(curve.get(7)).isCloseTo(-0.67, within(0.01));
    for (int i = 1; i < curve.size(); i++) {
      assertThat(curve.get(i)).isLessThan(curve.get(i - 1));
    }
  }

  /** A key has no history before its first record. */
  @Test
  void shouldBeAPlainMeanOfTokensUntilAHalfLifeIsReached() {
    double score = ConversationScore.after(null, 0, 1, 10, HALF_LIFE);
    score = ConversationScore.after(score, 10, 0, 10, HALF_LIFE);
    score = ConversationScore.after(score, 20, 0, 20, HALF_LIFE);

    assertThat(score).isCloseTo(0.25, within(1e-15));
  }

  @Test
  void shouldHalveTheWeightOfTokensAfterAHalfLife() {
    double score = ConversationScore.after(1.0, 1_000_000, 0, 60, HALF_LIFE);

    assertThat(score).isCloseTo(0.5, within(1e-15));
  }

  @Test
  void shouldRiseAgainWhenTheMoodImproves() {
    List<Double> curve = curve(HALF_LIFE, 10, 0.8, -0.9, -0.9, -0.9, 0.9, 0.9, 0.9, 0.9, 0.9);

    assertThat(curve.get(3)).isLessThan(-0.3);
    assertThat(curve.get(8)).isGreaterThan(0.25);
  }

  private static List<Double> curve(double halfLife, int tokens, double... scores) {
    List<Double> curve = new ArrayList<>();
    Double score = null;
    long before = 0;
    for (double now : scores) {
      score = ConversationScore.after(score, before, now, tokens, halfLife);
      before += tokens;
      curve.add(score);
    }
    return curve;
  }
}
