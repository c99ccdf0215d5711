package io.undercurrent.train;

import io.undercurrent.model.ModelConfig;
import java.util.stream.IntStream;

/**
 * Counts of predicted classes by labelled class, and the scores that follow from them. A class that
 * no label has is never predicted: in a source without neutral the choice is between negative and
 * positive. Not thread-safe.
 */
public final class Scores {

  private static final int CLASSES = ModelConfig.SENTIMENT_LABELS.size();

  private final boolean[] used = new boolean[CLASSES];
  private final int[][] confusion = new int[CLASSES][CLASSES]; // (labelled, predicted)
  private final RankedScores ranked = new RankedScores();
  private int records;

  /**
   * Without records.
   *
   * @param used whether each class can be predicted
   */
  Scores(boolean[] used) {
    System.arraycopy(used, 0, this.used, 0, CLASSES);
  }

  /** Counts a record; the class in use with the highest score is predicted. */
  void add(int label, double[] scores) {
    confusion[label][best(used, scores)]++;
    ranked.add(label, scores[ModelConfig.POSITIVE] - scores[ModelConfig.NEGATIVE]);
    records++;
  }

  /** The class in use with the highest score. */
  static int best(boolean[] used, double[] scores) {
    int best = -1;
    for (int k = 0; k < CLASSES; k++) {
      if (used[k] && (best < 0 || scores[k] > scores[best])) {
        best = k;
      }
    }
    return best;
  }

  public int records() {
    return records;
  }

  /** The share of records whose class was predicted. */
  public double accuracy() {
    int right = 0;
    for (int k = 0; k < CLASSES; k++) {
      right += confusion[k][k];
    }
    return (double) right / records;
  }

  /** The mean recall of the classes in use. */
  public double macroRecall() {
    return IntStream.range(0, CLASSES)
        .filter(k -> used[k])
        .mapToDouble(k -> ratio(confusion[k][k], labelled(k)))
        .average()
        .orElse(0);
  }

  /** The mean F1 of the classes in use; F1 is the harmonic mean of precision and recall. */
  public double macroF1() {
    return IntStream.range(0, CLASSES)
        .filter(k -> used[k])
        .mapToDouble(this::f1)
        .average()
        .orElse(0);
  }

  /** The mean over records of the F1 of their class. */
  public double weightedF1() {
    return IntStream.range(0, CLASSES).mapToDouble(k -> labelled(k) * f1(k)).sum() / records;
  }

  /**
   * The area under the ROC curve of positive minus negative score, from 0 to 1; NaN without records
   * of both classes.
   */
  public double auroc() {
    return ranked.auroc();
  }

  private double f1(int k) {
    return ratio(2 * confusion[k][k], labelled(k) + predicted(k));
  }

  /** The indexes of the classes in use. */
  public int[] classes() {
    return IntStream.range(0, CLASSES).filter(k -> used[k]).toArray();
  }

  /** The number of records of class {@code label} that were predicted as {@code predicted}. */
  public int count(int label, int predicted) {
    return confusion[label][predicted];
  }

  /** The score by a metric of a recipe. */
  double by(String metric) {
    return switch (metric) {
      case "accuracy" -> accuracy();
      case "macro_recall" -> macroRecall();
      case "macro_f1" -> macroF1();
      case "weighted_f1" -> weightedF1();
      case RecipeKeys.AUROC -> auroc();
      default -> throw new IllegalArgumentException("no metric " + metric);
    };
  }

  private int labelled(int k) {
    return IntStream.of(confusion[k]).sum();
  }

  private int predicted(int k) {
    return IntStream.range(0, CLASSES).map(i -> confusion[i][k]).sum();
  }

  private static double ratio(int part, int whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
