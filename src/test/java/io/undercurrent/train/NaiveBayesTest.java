package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.Labels;
import java.util.List;
import org.junit.jupiter.api.Test;

class NaiveBayesTest {

  private static final int GOOD = 1;
  private static final int BAD = 2;
  private static final int NOT = 3;
  private static final int FOOD = 4;

  private static final List<Example> PLAIN =
      List.of(
          example(2, GOOD, FOOD),
          example(2, GOOD),
          example(0, BAD, FOOD),
          example(Chunk.UNLABELLED, BAD, GOOD, NOT));

  private static final List<Example> NEGATED =
      List.of(
          example(2, GOOD),
          example(0, NOT, GOOD),
          example(0, BAD),
          example(2, NOT, BAD),
          example(2, FOOD, GOOD),
          example(0, FOOD, BAD));

  @Test
  void shouldScoreAsByHand() {
    // Words in records: positive good 2, food 1 (3 in all); negative bad 1, food 1 (2); 3 words.
    NaiveBayes bayes = new NaiveBayes(PLAIN, 3, false);

    double[] scores = bayes.scores(new int[] {GOOD, FOOD, GOOD, NOT}, 1);

    // A word counts once a record; words never seen with a label do not count.
    assertThat(scores[2]).isCloseTo(Math.log(2 * (3 / 6.0) * (2 / 6.0)), within(1e-12));
    assertThat(scores[0]).isCloseTo(Math.log(1 * (1 / 5.0) * (2 / 5.0)), within(1e-12));
    assertThat(scores[1]).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void shouldNeedPairsToUnderstandNegation() {
    boolean[] used = {true, false, true};
    NaiveBayes words = new NaiveBayes(NEGATED, 3, false);
    NaiveBayes pairs = new NaiveBayes(NEGATED, 3, true);

    assertThat(accuracy(words, used)).isLessThan(1);
    assertThat(accuracy(pairs, used)).isEqualTo(1);
    assertThat(
            NaiveBayes.tuned(
                    NaiveBayes.settings(NEGATED, 3), NEGATED, Labels.SENTIMENT, used, "accuracy")
                .accuracy())
        .isEqualTo(1);
  }

  @Test
  void shouldSkipRecordsWithoutLabelWhenItIsScored() {
    Scores scores =
        NaiveBayes.tuned(
            NaiveBayes.settings(PLAIN, 3),
            PLAIN,
            Labels.SENTIMENT,
            new boolean[] {true, false, true},
            "macro_recall");
    assertThat(scores.records()).isEqualTo(3);
    assertThat(scores.macroRecall()).isEqualTo(1);
  }

  private static double accuracy(NaiveBayes bayes, boolean[] used) {
    Scores scores = new Scores(Labels.SENTIMENT, used);
    for (Example example : NEGATED) {
      scores.add(example.label(), bayes.scores(example.tokens(), 0.1));
    }
    return scores.accuracy();
  }

  private static Example example(int label, int... tokens) {
    return new Example(tokens, (byte) label);
  }
}
