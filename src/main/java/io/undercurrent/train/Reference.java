package io.undercurrent.train;

import io.undercurrent.inference.Reading;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
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

  /**
   * All of it, as it stands beside a checkpoint.
   *
   * @throws IllegalArgumentException if no record was counted
   */
  public DriftReference drift() {
    return new DriftReference(records(), score(), surprise(), unknown());
  }
}
