package io.undercurrent.train;

import java.util.Arrays;

/**
 * The scores of records whose label has a valence above 0 and of those whose label has one below 0,
 * and how well the scores tell them apart. Other records do not count. Not thread-safe.
 */
final class RankedScores {

  private double[] positive = new double[16];
  private double[] negative = new double[16];
  private int positives;
  private int negatives;

  /**
   * Counts a record.
   *
   * @param valence of its label
   * @param score NaN, of a class that was never learnt, is taken as 0
   */
  void add(float valence, double score) {
    double known = Double.isNaN(score) ? 0 : score + 0.0; // no -0, which sorts before 0
    if (valence > 0) {
      positive = roomFor(positives, positive);
      positive[positives++] = known;
    } else if (valence < 0) {
      negative = roomFor(negatives, negative);
      negative[negatives++] = known;
    }
  }

  private static double[] roomFor(int count, double[] scores) {
    return count < scores.length ? scores : Arrays.copyOf(scores, 2 * count);
  }

  /**
   * The share of pairs of a positive and a negative record in which the positive one has the higher
   * score; equal scores count half. It is the area under the ROC curve (Hanley and McNeil 1982).
   *
   * @return from 0 to 1; NaN without a positive or without a negative record
   */
  double auroc() {
    double[] above = Arrays.copyOf(positive, positives);
    double[] below = Arrays.copyOf(negative, negatives);
    Arrays.sort(above);
    Arrays.sort(below);
    long halves = 0; // 2 for a pair in order, 1 for a tie
    int less = 0;
    int notGreater = 0;
    for (double score : above) {
      while (less < below.length && below[less] < score) {
        less++;
      }
      while (notGreater < below.length && below[notGreater] <= score) {
        notGreater++;
      }
      halves += less + notGreater;
    }
    return halves / (2.0 * positives * negatives);
  }
}
