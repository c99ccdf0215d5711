package io.undercurrent.train;

import io.undercurrent.inference.Reading;
import io.undercurrent.model.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a model's outputs are spread over records of the kind it was made for: what drift on a live
 * stream is measured against, for example by the population stability index. Records without tokens
 * do not count. Written by one thread.
 */
public final class Reference {

  private static final int BINS = 10;
  private static final double[] UNKNOWN_EDGES = {0.0, 0.05, 0.1, 0.2, 0.3, 0.5};

  private final int[] labels = new int[ModelConfig.SENTIMENT_LABELS.size()];
  private final List<Double> scores = new ArrayList<>();
  private final List<Double> surprises = new ArrayList<>();
  private final List<Double> unknowns = new ArrayList<>();

  /**
   * Values by bin: bin i holds those above edge i - 1 and up to edge i; the last those above the
   * last edge.
   *
   * @param edges ascending
   * @param shares of the records; one more than edges; they add up to 1
   */
  public record Histogram(double[] edges, double[] shares) {

    private static Histogram of(List<Double> values, double[] edges) {
      double[] shares = new double[edges.length + 1];
      for (double value : values) {
        int bin = 0;
        while (bin < edges.length && value > edges[bin]) {
          bin++;
        }
        shares[bin] += 1.0 / values.size();
      }
      return new Histogram(edges, shares);
    }
  }

  void add(Reading reading) {
    if (reading.tokens() == 0) {
      return;
    }
    labels[reading.label()]++;
    scores.add((double) reading.score());
    surprises.add(reading.surpriseBits());
    unknowns.add((double) reading.unknown() / reading.tokens());
  }

  /** Records that were counted. */
  public int records() {
    return scores.size();
  }

  /** Share of records by class, in label order. */
  public double[] sentiment() {
    return Arrays.stream(labels).mapToDouble(n -> (double) n / records()).toArray();
  }

  /** P(positive) - P(negative) of records, in ten equal bins from -1 to 1. */
  public Histogram score() {
    double[] edges = new double[BINS - 1];
    Arrays.setAll(edges, i -> (i + 1) * 2.0 / BINS - 1);
    return Histogram.of(scores, edges);
  }

  /** Bits per token of records, in bins of a tenth of them each. */
  public Histogram surprise() {
    double[] sorted = surprises.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double[] edges = new double[BINS - 1];
    Arrays.setAll(edges, i -> sorted[(int) ((long) (i + 1) * sorted.length / BINS)]);
    return Histogram.of(surprises, edges);
  }

  /** Share of unknown tokens in records; the first bin holds those without any. */
  public Histogram unknown() {
    return Histogram.of(unknowns, UNKNOWN_EDGES);
  }
}
