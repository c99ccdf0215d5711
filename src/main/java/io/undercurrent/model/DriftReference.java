package io.undercurrent.model;

import java.util.List;

/**
 * The distribution of a model's outputs over records of the kind that it was trained for. The drift
 * of a live stream is measured against it. Immutable: callers must not write to the arrays.
 *
 * @param records the number of records counted, at least 1
 * @param score the {@link Labels#score} of a record; null for a model without scores
 * @param surprise bits per token of a record
 * @param unknown share of a record's tokens that are not in the vocabulary
 */
public record DriftReference(long records, Histogram score, Histogram surprise, Histogram unknown) {

  /** Maximum number of a histogram's edges. */
  private static final int MAX_EDGES = 100;

  public DriftReference {
    if (records < 1) {
      throw new IllegalArgumentException("records must be at least 1, found " + records);
    }
  }

  /**
   * The share of values in each bin. Bin i holds the values above edge i - 1 up to edge i, and the
   * last bin those above the last edge.
   *
   * @param edges ascending, 1 to 100
   * @param shares from 0 to 1, one more than edges; they add up to 1
   */
  public record Histogram(double[] edges, double[] shares) {

    /**
     * Counts values.
     *
     * @param values at least one
     */
    public static Histogram of(List<Double> values, double[] edges) {
      double[] shares = new double[edges.length + 1];
      for (double value : values) {
        shares[bin(edges, value)] += 1.0 / values.size();
      }
      return new Histogram(edges, shares);
    }

    /** The bin of {@code value}, from 0 to the number of edges. */
    public int bin(double value) {
      return bin(edges, value);
    }

    private static int bin(double[] edges, double value) {
      int bin = 0;
      while (bin < edges.length && value > edges[bin]) {
        bin++;
      }
      return bin;
    }

    public Histogram {
      if (edges.length < 1 || edges.length > MAX_EDGES) {
        throw new IllegalArgumentException("edges must be 1 to 100, found " + edges.length);
      }
      if (shares.length != edges.length + 1) {
        throw new IllegalArgumentException(
            "shares must be one more than edges, %d, found %d"
                .formatted(edges.length + 1, shares.length));
      }
      for (int i = 1; i < edges.length; i++) {
        if (!(edges[i] >= edges[i - 1])) {
          throw new IllegalArgumentException(
              "edges must ascend, found %s before %s".formatted(edges[i - 1], edges[i]));
        }
      }
      double sum = 0;
      for (double share : shares) {
        if (!(share >= 0)) {
          throw new IllegalArgumentException("shares must be 0 to 1, found " + share);
        }
        sum += share;
      }
      if (!(Math.abs(sum - 1) < 1e-6)) { // they may have been rounded to decimals
        throw new IllegalArgumentException("shares must add up to 1, found " + sum);
      }
    }
  }
}
