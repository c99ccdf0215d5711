package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.Labels;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ScoresTest {

  /** Quotients of small integers, a few of them added. */
  private static final Offset<Double> EXACT = within(1e-12);

  @Test
  void shouldScoreThreeClassesAsByHand() {
    // rows: labelled, columns: predicted
    int[][] confusion = {{4, 1, 0}, {2, 3, 1}, {0, 0, 2}};
    Scores scores = scores(new boolean[] {true, true, true}, confusion);

    assertThat(scores.records()).isEqualTo(13);
    assertThat(scores.accuracy()).isCloseTo(9 / 13.0, EXACT);
    assertThat(scores.macroRecall()).isCloseTo((4 / 5.0 + 3 / 6.0 + 2 / 2.0) / 3, EXACT);
    // F1 = 2 tp / (labelled + predicted)
    assertThat(scores.macroF1()).isCloseTo((8 / 11.0 + 6 / 10.0 + 4 / 5.0) / 3, EXACT);
    assertThat(scores.weightedF1())
        .isCloseTo((5 * (8 / 11.0) + 6 * (6 / 10.0) + 2 * (4 / 5.0)) / 13, EXACT);
    assertThat(scores.classes()).containsExactly(0, 1, 2);
    assertThat(scores.count(1, 0)).isEqualTo(2);
    assertThat(scores.by("accuracy")).isEqualTo(scores.accuracy());
    assertThat(scores.by("macro_recall")).isEqualTo(scores.macroRecall());
    assertThat(scores.by("macro_f1")).isEqualTo(scores.macroF1());
    assertThatThrownBy(() -> scores.by("f2")).hasMessage("no metric f2");
  }

  @Test
  void shouldRankByTheValencesOfItsLabels() {
    Labels stars = new Labels(List.of("1", "2", "3", "4"), List.of(-1f, -0.5f, 0f, 0.5f));
    boolean[] all = {true, true, true, true};
    Scores scores = new Scores(stars, all);
    scores.add(0, new double[] {0.7, 0.1, 0.1, 0.1}); // -0.7
    scores.add(1, new double[] {0.1, 0.1, 0.1, 0.7}); // 0.2
    scores.add(2, new double[] {0, 0, 1, 0}); // no valence: does not count
    scores.add(3, new double[] {0.2, 0.2, Double.NEGATIVE_INFINITY, 0.6}); // 0
    scores.add(3, new double[] {0, 0, 0, 1}); // 0.5

    assertThat(scores.auroc()).isEqualTo(3 / 4.0);
    assertThat(new Scores(Labels.unscored(stars.names()), all).auroc()).isNaN();
  }

  @Test
  void shouldScoreEachClassAsByHand() {
    int[][] confusion = {{4, 1, 0}, {2, 3, 1}, {0, 0, 2}};
    Scores scores = scores(new boolean[] {true, true, true}, confusion);

    assertThat(scores.labelled(1)).isEqualTo(6);
    assertThat(scores.precision(1)).isCloseTo(3 / 4.0, EXACT);
    assertThat(scores.recall(1)).isCloseTo(3 / 6.0, EXACT);
    assertThat(scores.f1(1)).isCloseTo(6 / 10.0, EXACT);
  }

  @Test
  void shouldPredictAndAverageOnlyClassesInUse() {
    Scores scores = new Scores(Labels.SENTIMENT, new boolean[] {true, false, true});
    scores.add(0, new double[] {0.2, 0.7, 0.1}); // neutral is likeliest, and not in use
    scores.add(0, new double[] {0.1, 0.7, 0.2});
    scores.add(2, new double[] {0.1, 0.7, 0.2});
    scores.add(2, new double[] {0.0, 0.7, 0.3});

    assertThat(scores.classes()).containsExactly(0, 2);
    assertThat(scores.accuracy()).isEqualTo(0.75);
    assertThat(scores.macroRecall()).isCloseTo((0.5 + 1) / 2, EXACT);
    assertThat(scores.macroF1()).isCloseTo((2 / 3.0 + 4 / 5.0) / 2, EXACT);
  }

  @Test
  void shouldMeasureTheAreaUnderTheRocCurve() {
    Scores scores = new Scores(Labels.SENTIMENT, new boolean[] {true, true, true});
    scores.add(0, new double[] {0.5, 0.3, 0.2}); // -0.3
    scores.add(0, new double[] {0.2, 0.5, 0.3}); // 0.1, above one of the two positives
    scores.add(1, new double[] {0.9, 0.1, 0.0}); // neutral: does not count
    scores.add(2, new double[] {0.3, 0.4, 0.3}); // 0
    scores.add(2, new double[] {0.1, 0.2, 0.7}); // 0.6

    assertThat(scores.auroc()).isEqualTo(3 / 4.0);
    assertThat(scores.by("auroc")).isEqualTo(scores.auroc());
  }

  @Test
  void shouldNotDivideByAClassThatIsNeitherLabelledNorPredicted() {
    Scores scores = new Scores(Labels.SENTIMENT, new boolean[] {true, true, true});
    scores.add(2, new double[] {0, 0, 1});

    assertThat(scores.accuracy()).isEqualTo(1);
    assertThat(scores.macroRecall()).isCloseTo(1 / 3.0, EXACT);
    assertThat(scores.macroF1()).isCloseTo(1 / 3.0, EXACT);
  }

  private static Scores scores(boolean[] used, int[][] confusion) {
    Scores scores = new Scores(Labels.SENTIMENT, used);
    for (int label = 0; label < 3; label++) {
      for (int predicted = 0; predicted < 3; predicted++) {
        for (int n = 0; n < confusion[label][predicted]; n++) {
          double[] probabilities = {0.3, 0.3, 0.3};
          probabilities[predicted] = 0.4;
          scores.add(label, probabilities);
        }
      }
    }
    return scores;
  }
}
