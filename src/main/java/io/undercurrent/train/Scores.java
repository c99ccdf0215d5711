package io.undercurrent.train;

import io.undercurrent.model.ModelConfig;
import java.util.stream.IntStream;

/**
 * What was predicted against what was labelled. Classes that no record carries do not count: where
 * a set knows no neutral, the model's choice is between the others.
 */
public final class Scores {

  private static final int CLASSES = ModelConfig.SENTIMENT_LABELS.size();

  private final boolean[] used = new boolean[CLASSES];
  private final int[][] confusion = new int[CLASSES][CLASSES]; // (labelled, predicted)
  private int records;

  Scores(boolean[] used) {
    System.arraycopy(used, 0, this.used, 0, CLASSES);
  }

  /** Counts a record by the likeliest class among those in use. */
  void add(int label, double[] scores) {
    confusion[label][best(used, scores)]++;
    records++;
  }

  /** The class in use that scores most. */
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

  /** Share of records whose class was predicted. */
  public double accuracy() {
    int right = 0;
    for (int k = 0; k < CLASSES; k++) {
      right += confusion[k][k];
    }
    return (double) right / records;
  }

  /** Mean over classes of the share of their records that was found. */
  public double macroRecall() {
    return IntStream.range(0, CLASSES)
        .filter(k -> used[k])
        .mapToDouble(k -> ratio(confusion[k][k], labelled(k)))
        .average()
        .orElse(0);
  }

  /** Mean over classes of the harmonic mean of precision and recall. */
  public double macroF1() {
    return IntStream.range(0, CLASSES)
        .filter(k -> used[k])
        .mapToDouble(this::f1)
        .average()
        .orElse(0);
  }

  /** Mean over records of the F1 of their class. */
  public double weightedF1() {
    return IntStream.range(0, CLASSES).mapToDouble(k -> labelled(k) * f1(k)).sum() / records;
  }

  private double f1(int k) {
    return ratio(2 * confusion[k][k], labelled(k) + predicted(k));
  }

  /** The classes in use, by their place among all labels. */
  public int[] classes() {
    return IntStream.range(0, CLASSES).filter(k -> used[k]).toArray();
  }

  /** Records of class {@code label} that were predicted as {@code predicted}. */
  public int count(int label, int predicted) {
    return confusion[label][predicted];
  }

  /** The score a source is judged by. */
  double by(String metric) {
    return switch (metric) {
      case "accuracy" -> accuracy();
      case "macro_recall" -> macroRecall();
      case "macro_f1" -> macroF1();
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
