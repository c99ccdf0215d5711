package io.undercurrent.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares a model's confidence with its accuracy (Guo et al. 2017). Confidence is the probability
 * of the predicted class, among the classes in use; records are counted in {@value #BINS} bins of
 * equal width. It can say what another temperature of the sentiment head would change. Not
 * thread-safe.
 */
public final class Calibration {

  /** Bins over confidences from 0 to 1. */
  public static final int BINS = 15;

  /**
   * The records whose confidence is in (from, to].
   *
   * @param confidence mean confidence; NaN without records
   * @param accuracy share of the records whose class was predicted; NaN without records
   */
  public record Bin(double from, double to, int records, double confidence, double accuracy) {}

  private final boolean[] used;
  private final int[] records = new int[BINS];
  private final int[] right = new int[BINS];
  private final double[] confidence = new double[BINS]; // sums
  private final List<Judged> judged = new ArrayList<>();

  /**
   * A record.
   *
   * @param logits of all classes, up to a constant; all 0 for a record without tokens
   */
  private record Judged(int label, double[] logits) {}

  /**
   * @param used the classes in use; the probability of the others is distributed over these
   */
  Calibration(boolean[] used) {
    this.used = used.clone();
  }

  /** Counts a record by its label and the probabilities of all classes. */
  void add(int label, double[] probabilities) {
    judged.add(new Judged(label, logits(probabilities)));
    int predicted = Scores.best(used, probabilities);
    double sum = 0;
    int classes = 0;
    for (int k = 0; k < used.length; k++) {
      sum += used[k] ? probabilities[k] : 0;
      classes += used[k] ? 1 : 0;
    }
    double p =
        sum > 0
            ? probabilities[predicted] / sum
            : 1.0 / classes; // sum is 0 for a record without tokens
    int bin = Math.max(0, Math.min(BINS, (int) Math.ceil(p * BINS)) - 1);
    records[bin]++;
    right[bin] += predicted == label ? 1 : 0;
    confidence[bin] += p;
  }

  private static double[] logits(double[] probabilities) {
    double[] logits = new double[probabilities.length];
    if (Arrays.stream(probabilities).sum() > 0) {
      Arrays.setAll(
          logits,
          k -> StrictMath.log(Math.max(probabilities[k], Float.MIN_NORMAL))); // may be rounded to 0
    }
    return logits;
  }

  /** The same records with their logits divided by another temperature on top. */
  public Calibration dividedBy(double temperature) {
    Calibration divided = new Calibration(used);
    for (Judged record : judged) {
      divided.add(record.label, softmax(record.logits, temperature));
    }
    return divided;
  }

  /**
   * The mean negative log-likelihood of the labels among the classes in use, in nats, if the logits
   * are divided by another temperature on top.
   */
  double loss(double temperature) {
    double loss = 0;
    for (Judged record : judged) {
      double max = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < used.length; k++) {
        max = used[k] ? Math.max(max, record.logits[k]) : max;
      }
      double sum = 0;
      for (int k = 0; k < used.length; k++) {
        sum += used[k] ? StrictMath.exp((record.logits[k] - max) / temperature) : 0;
      }
      loss += StrictMath.log(sum) - (record.logits[record.label] - max) / temperature;
    }
    return loss / judged.size();
  }

  private static double[] softmax(double[] logits, double temperature) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double[] p = new double[logits.length];
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      p[k] = StrictMath.exp((logits[k] - max) / temperature);
      sum += p[k];
    }
    for (int k = 0; k < p.length; k++) {
      p[k] /= sum;
    }
    return p;
  }

  /** Expected calibration error: the mean of |accuracy - confidence| of each record's bin. */
  public double ece() {
    double error = 0;
    int all = 0;
    for (int i = 0; i < BINS; i++) {
      error += Math.abs(right[i] - confidence[i]);
      all += records[i];
    }
    return error / all;
  }

  /** The number of records. */
  int records() {
    return judged.size();
  }

  /** All bins, by ascending confidence. */
  public List<Bin> bins() {
    List<Bin> bins = new ArrayList<>();
    for (int i = 0; i < BINS; i++) {
      double n = records[i];
      bins.add(
          new Bin(
              (double) i / BINS, (i + 1.0) / BINS, records[i], confidence[i] / n, right[i] / n));
    }
    return bins;
  }
}
