package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.util.stream.IntStream;

/**
 * Counts of predicted classes by labelled class, and the scores that follow from them. A class that
 * no label has is never predicted: in a source without neutral the choice is between negative and
 * positive. Not thread-safe.
 */
public final class Scores {

  private final Labels labels;
  private final boolean[] used; // (C)
  private final int[][] confusion; // (C, C) labelled, predicted
  private final RankedScores ranked = new RankedScores();
  private int records;

  /**
   * Without records.
   *
   * @param used whether each class can be predicted
   */
  Scores(Labels labels, boolean[] used) {
    this.labels = labels;
    this.used = used.clone();
    confusion = new int[labels.size()][labels.size()];
  }

  /** The names of the classes. */
  public Labels labels() {
    return labels;
  }

  /**
   * Counts a record; the class in use with the highest score is predicted.
   *
   * @param scores (C) probabilities, or their logarithms
   */
  void add(int label, double[] scores) {
    confusion[label][best(used, scores)]++;
    if (labels.hasScore()) {
      ranked.add(labels.valences().get(label), weighted(scores));
    }
    records++;
  }

  /** The sum of valence times score; a class of valence 0 does not count, whatever its score. */
  private double weighted(double[] scores) {
    double sum = 0;
    for (int k = 0; k < scores.length; k++) {
      float valence = labels.valences().get(k);
      if (valence != 0) {
        sum += valence * scores[k];
      }
    }
    return sum;
  }

  /** The class in use with the highest score. */
  static int best(boolean[] used, double[] scores) {
    int best = -1;
    for (int k = 0; k < used.length; k++) {
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
    for (int k = 0; k < labels.size(); k++) {
      right += confusion[k][k];
    }
    return (double) right / records;
  }

  /** The mean recall of the classes in use. */
  public double macroRecall() {
    return IntStream.range(0, labels.size())
        .filter(k -> used[k])
        .mapToDouble(this::recall)
        .average()
        .orElse(0);
  }

  /** The mean F1 of the classes in use; F1 is the harmonic mean of precision and recall. */
  public double macroF1() {
    return IntStream.range(0, labels.size())
        .filter(k -> used[k])
        .mapToDouble(this::f1)
        .average()
        .orElse(0);
  }

  /** The mean over records of the F1 of their class. */
  public double weightedF1() {
    return IntStream.range(0, labels.size()).mapToDouble(k -> labelled(k) * f1(k)).sum() / records;
  }

  /**
   * The area under the ROC curve of the score, from 0 to 1: how well it tells records whose label
   * has a valence above 0 from those whose label has one below 0. NaN without records of both.
   */
  public double auroc() {
    return ranked.auroc();
  }

  /** The share of the records of class {@code k} that were predicted as it; 0 without records. */
  public double recall(int k) {
    return ratio(confusion[k][k], labelled(k));
  }

  /** The share of the records predicted as class {@code k} that are of it; 0 without any. */
  public double precision(int k) {
    return ratio(confusion[k][k], predicted(k));
  }

  /** The harmonic mean of {@link #precision} and {@link #recall}; 0 without records. */
  public double f1(int k) {
    return ratio(2 * confusion[k][k], labelled(k) + predicted(k));
  }

  /** The indexes of the classes in use. */
  public int[] classes() {
    return IntStream.range(0, labels.size()).filter(k -> used[k]).toArray();
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

  /** The number of records of class {@code k}. */
  public int labelled(int k) {
    return IntStream.of(confusion[k]).sum();
  }

  private int predicted(int k) {
    return IntStream.range(0, labels.size()).map(i -> confusion[i][k]).sum();
  }

  private static double ratio(int part, int whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
