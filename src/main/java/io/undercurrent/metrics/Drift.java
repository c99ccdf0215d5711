package io.undercurrent.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.ToDoubleFunction;

/**
 * How far the latest records lie from those that a model was made for: a population stability index
 * for each of sentiment, surprise and unknown words, over the last {@value #WINDOW} records.
 *
 * <p>With e_i the share of bin i in the reference, a_i that in the window, and B bins:
 *
 * <pre>
 *   PSI = sum over i of (a_i - e_i) * ln(a_i / e_i)
 * </pre>
 *
 * <p>0 for the same shares; by custom a shift to look at from 0.1 and a large one from 0.25
 * (Siddiqi, Credit Risk Scorecards, 2006). It is Jeffreys' divergence (Kullback and Leibler, On
 * Information and Sufficiency, 1951), infinite where a bin is empty; so half a record is added to
 * every bin of either side (Krichevsky and Trofimov 1981). Chance alone makes about {@code (B - 1)
 * * (1 / window + 1 / reference)} of it (Yurdakul 2018), 0.01 for ten bins and a full window.
 *
 * <p>Not a number before {@value #LEAST} records. Thread-safe and without locks: a reader may see a
 * record half counted. Takes 4 bytes for each record of the window and allocates nothing later.
 */
public final class Drift {

  /** Records that are looked at: the last ones. */
  public static final int WINDOW = 1_000;

  /** Records before which chance would make most of it: 0.045 of ten bins. */
  public static final int LEAST = 200;

  private static final int BITS = 8; // of a bin's number, and 0 for none yet
  private static final int MASK = (1 << BITS) - 1;

  private final Bins[] reference; // (3) score, surprise, unknown
  private final double[][] expected; // (3, bins) shares
  private final AtomicIntegerArray[] counts; // (3, bins) of the window
  private final AtomicIntegerArray window = new AtomicIntegerArray(WINDOW); // bins + 1, packed
  private final AtomicInteger records = new AtomicInteger(); // modulo 2^31

  /**
   * A distribution of values over bins: bin i has those above edge i - 1 and up to edge i, the last
   * those above the last edge. Not to be written.
   *
   * @param edges ascending, at most 100
   * @param shares of the records, one more than edges, adding up to 1
   */
  public record Bins(double[] edges, double[] shares) {

    public Bins {
      if (edges.length > 100 || shares.length != edges.length + 1) {
        throw new IllegalArgumentException(
            "bins must have at most 100 edges and one more share, found %d and %d"
                .formatted(edges.length, shares.length));
      }
    }

    int bin(double value) {
      int bin = 0;
      while (bin < edges.length && value > edges[bin]) {
        bin++;
      }
      return bin;
    }
  }

  /**
   * @param referenceRecords that the shares are of, at least 1
   * @param score P(positive) - P(negative) of a record
   * @param surprise bits per token of a record
   * @param unknown share of a record's tokens that the vocabulary lacks
   */
  public Drift(long referenceRecords, Bins score, Bins surprise, Bins unknown) {
    reference = new Bins[] {score, surprise, unknown};
    expected = new double[reference.length][];
    counts = new AtomicIntegerArray[reference.length];
    for (int d = 0; d < reference.length; d++) {
      double[] shares = reference[d].shares();
      expected[d] = new double[shares.length];
      for (int i = 0; i < shares.length; i++) {
        expected[d][i] = share(shares[i] * referenceRecords, referenceRecords, shares.length);
      }
      counts[d] = new AtomicIntegerArray(shares.length);
    }
  }

  /** Counts a record with tokens, and forgets the one that leaves the window. */
  public void add(double score, double bitsPerToken, double unknownShare) {
    int bins =
        reference[0].bin(score) + 1
            | reference[1].bin(bitsPerToken) + 1 << BITS
            | reference[2].bin(unknownShare) + 1 << 2 * BITS;
    int place = (records.getAndIncrement() & Integer.MAX_VALUE) % WINDOW;
    int before = window.getAndSet(place, bins);
    for (int d = 0; d < counts.length; d++) {
      int left = (before >>> d * BITS & MASK) - 1;
      int entered = (bins >>> d * BITS & MASK) - 1;
      if (left != entered) {
        counts[d].incrementAndGet(entered);
        if (left >= 0) {
          counts[d].decrementAndGet(left);
        }
      }
    }
  }

  /** Of the sentiment's score, over the reference's bins. */
  public double ofSentiment() {
    return psi(0);
  }

  /** Of bits per token, over the reference's bins. */
  public double ofSurprise() {
    return psi(1);
  }

  /** Of the share of unknown tokens in a record, over the reference's bins. */
  public double ofUnknown() {
    return psi(2);
  }

  /** Records that are in the window, up to {@value #WINDOW}. */
  public int window() {
    int sum = 0;
    for (int i = 0; i < counts[0].length(); i++) {
      sum += counts[0].get(i);
    }
    return sum;
  }

  private double psi(int d) {
    int bins = counts[d].length();
    double[] found = new double[bins];
    double sum = 0;
    for (int i = 0; i < bins; i++) {
      found[i] = Math.max(0, counts[d].get(i));
      sum += found[i];
    }
    if (sum < LEAST) {
      return Double.NaN;
    }
    double psi = 0;
    for (int i = 0; i < bins; i++) {
      double a = share(found[i], sum, bins);
      double e = expected[d][i];
      psi += (a - e) * Math.log(a / e);
    }
    return psi;
  }

  private static double share(double count, double of, int bins) {
    return (count + 0.5) / (of + 0.5 * bins);
  }

  /** Gauges of this in {@code registry}; the first one there stays. */
  void bindTo(MeterRegistry registry) {
    gauge(registry, "sentiment", Drift::ofSentiment);
    gauge(registry, "surprise", Drift::ofSurprise);
    gauge(registry, "unknown", Drift::ofUnknown);
    Gauge.builder(MeterNames.DRIFT_WINDOW, this, Drift::window)
        .description("Records that drift is computed over, at most " + WINDOW)
        .baseUnit("records")
        .strongReference(true)
        .register(registry);
  }

  private void gauge(MeterRegistry registry, String of, ToDoubleFunction<Drift> value) {
    Gauge.builder(MeterNames.DRIFT, this, value)
        .tag(MeterNames.OF, of)
        .description(
            "Population stability index of the latest records against the model's reference: a"
                + " shift from 0.1, a large one from 0.25; NaN before "
                + LEAST
                + " records, absent for a model without reference.json")
        .baseUnit("psi")
        .strongReference(true)
        .register(registry);
  }
}
