package io.undercurrent.train;

import io.undercurrent.inference.Reading;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The distribution of a model's outputs over the dev sources. Drift on a live stream is measured
 * against it, for example with the population stability index. Records without tokens do not count.
 * Not thread-safe.
 */
public final class Reference {

  private static final int BINS = 10;
  private static final double[] UNKNOWN_EDGES = {0.0, 0.05, 0.1, 0.2, 0.3, 0.5};

  private final Labels labels;
  private final int[] counts; // (C)
  private final List<Double> scores = new ArrayList<>(); // none for labels without a score
  private final List<Double> surprises = new ArrayList<>();
  private final List<Double> unknowns = new ArrayList<>();

  Reference(Labels labels) {
    this.labels = labels;
    counts = new int[labels.size()];
  }

  void add(Reading reading) {
    if (reading.tokens() == 0) {
      return;
    }
    counts[reading.label()]++;
    if (labels.hasScore()) {
      scores.add((double) reading.score(labels));
    }
    surprises.add(reading.surpriseBits());
    unknowns.add((double) reading.unknown() / reading.tokens());
  }

  /** The number of records. */
  public int records() {
    return surprises.size();
  }

  /** The share of records of each predicted class, in the order of the labels. */
  public double[] sentiment() {
    return Arrays.stream(counts).mapToDouble(n -> (double) n / records()).toArray();
  }

  /** Histogram of the score, in ten equal bins from -1 to 1; null for labels without a score. */
  public Histogram score() {
    if (!labels.hasScore()) {
      return null;
    }
    double[] edges = new double[BINS - 1];
    Arrays.setAll(edges, i -> (i + 1) * 2.0 / BINS - 1);
    return Histogram.of(scores, edges);
  }

  /** Histogram of bits per token, in ten bins with a tenth of the records each. */
  public Histogram surprise() {
    double[] sorted = surprises.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double[] edges = new double[BINS - 1];
    Arrays.setAll(edges, i -> sorted[(int) ((long) (i + 1) * sorted.length / BINS)]);
    return Histogram.of(surprises, edges);
  }

  /** Histogram of the share of unknown tokens; the first bin is for records without any. */
  public Histogram unknown() {
    return Histogram.of(unknowns, UNKNOWN_EDGES);
  }

  /**
   * All histograms, as they are stored with a checkpoint.
   *
   * @throws IllegalArgumentException if there are no records
   */
  public DriftReference drift() {
    return new DriftReference(records(), score(), surprise(), unknown());
  }
}
