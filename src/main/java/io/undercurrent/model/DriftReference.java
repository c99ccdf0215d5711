package io.undercurrent.model;

import java.util.List;

/**
 * How a model's outputs are spread over records of the kind it was made for: what the drift of a
 * live stream is measured against. Immutable; the arrays are not to be written.
 *
 * @param records that were counted, at least 1
 * @param score P(positive) - P(negative) of a record
 * @param surprise bits per token of a record
 * @param unknown share of a record's tokens that the vocabulary lacks
 */
public record DriftReference(long records, Histogram score, Histogram surprise, Histogram unknown) {

  /** More would not be a histogram any more. */
  private static final int MOST_EDGES = 100;

  public DriftReference {
    if (records < 1) {
      throw new IllegalArgumentException("records must be at least 1, found " + records);
    }
  }

  /**
   * Shares by bin: bin i holds what lies above edge i - 1 and up to edge i; the last what lies
   * above the last edge.
   *
   * @param edges ascending, 1 to 100
   * @param shares from 0 to 1, one more than edges; they add up to 1
   */
  public record Histogram(double[] edges, double[] shares) {

    /**
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
      if (edges.length < 1 || edges.length > MOST_EDGES) {
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
      if (!(Math.abs(sum - 1) < 1e-6)) { // as they were written, in decimals
        throw new IllegalArgumentException("shares must add up to 1, found " + sum);
      }
    }
  }
}
