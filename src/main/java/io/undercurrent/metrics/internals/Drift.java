package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.ToDoubleFunction;

/**
 * Measures how much the latest records differ from the records that a model was made for: the
 * population stability index (PSI) of sentiment, surprise and unknown words over the last {@value
 * #WINDOW} records.
 *
 * <p>Let e_i be the share of bin i in the reference, a_i its share in the window, and B the number
 * of bins:
 *
 * <pre>
 *   PSI = sum over i of (a_i - e_i) * ln(a_i / e_i)
 * </pre>
 *
 * <p>Equal shares give 0. By custom, 0.1 is a shift to look at and 0.25 a large one (Siddiqi,
 * Credit Risk Scorecards, 2006). The PSI is Jeffreys' divergence (Kullback and Leibler, On
 * Information and Sufficiency, 1951). An empty bin would make it infinite, so half a record is
 * added to every bin of reference and window (Krichevsky and Trofimov 1981). Chance alone gives
 * about {@code (B - 1) * (1 / window + 1 / reference)} (Yurdakul 2018): 0.01 for ten bins and a
 * full window.
 *
 * <p>The PSI is NaN before {@value #MIN_RECORDS} records. Thread-safe without locks; a reader may
 * see a record that is counted only in part. Uses 4 bytes for each record of the window; {@link
 * #add} allocates nothing.
 */
final class Drift {

  /** The number of latest records that are compared. */
  public static final int WINDOW = 1_000;

  /** The minimum number of records for a PSI. With 200, chance alone gives 0.045 for ten bins. */
  public static final int MIN_RECORDS = 200;

  private static final int BITS = 8; // of a bin's number plus 1; 0 for none
  private static final int MASK = (1 << BITS) - 1;

  private static final int SCORE = 0;
  private static final int SURPRISE = 1;
  private static final int UNKNOWN = 2;

  private final Histogram[] reference; // (3) score, surprise, unknown; null for no score
  private final double[][] expected; // (3, bins) shares; null for no score
  private final AtomicIntegerArray[] counts; // (3, bins) of the window; null for no score
  private final AtomicIntegerArray window = new AtomicIntegerArray(WINDOW); // 3 bins + 1, packed
  private final AtomicInteger records = new AtomicInteger(); // modulo 2^31

  public Drift(DriftReference reference) {
    this.reference = new Histogram[] {reference.score(), reference.surprise(), reference.unknown()};
    expected = new double[this.reference.length][];
    counts = new AtomicIntegerArray[this.reference.length];
    for (int d = hasScore() ? SCORE : SURPRISE; d < counts.length; d++) {
      double[] shares = this.reference[d].shares();
      expected[d] = new double[shares.length];
      for (int i = 0; i < shares.length; i++) {
        double count = shares[i] * reference.records();
        expected[d][i] = share(count, reference.records(), shares.length);
      }
      counts[d] = new AtomicIntegerArray(shares.length);
    }
  }

  /** Whether the reference has scores. */
  private boolean hasScore() {
    return reference[SCORE] != null;
  }

  /**
   * Counts one record that has tokens; the oldest record leaves the window.
   *
   * @param score of the record; ignored where the reference has none
   * @param bitsPerToken surprise
   * @param unknownShare share of the tokens that are not in the vocabulary
   */
  public void add(double score, double bitsPerToken, double unknownShare) {
    int bins =
        (hasScore() ? reference[SCORE].bin(score) + 1 : 0)
            | reference[SURPRISE].bin(bitsPerToken) + 1 << BITS
            | reference[UNKNOWN].bin(unknownShare) + 1 << 2 * BITS;
    int index = (records.getAndIncrement() & Integer.MAX_VALUE) % WINDOW;
    int before = window.getAndSet(index, bins);
    for (int d = 0; d < counts.length; d++) {
      int left = (before >>> d * BITS & MASK) - 1;
      int entered = (bins >>> d * BITS & MASK) - 1;
      if (left != entered) { // never for a quantity that the reference lacks: both are -1
        counts[d].incrementAndGet(entered);
        if (left >= 0) {
          counts[d].decrementAndGet(left);
        }
      }
    }
  }

  /** The PSI of the sentiment's score, over the reference's bins. Only if it has scores. */
  public double ofSentiment() {
    return psi(SCORE);
  }

  /** The PSI of bits per token, over the reference's bins. */
  public double ofSurprise() {
    return psi(SURPRISE);
  }

  /** The PSI of the share of unknown tokens in a record, over the reference's bins. */
  public double ofUnknown() {
    return psi(UNKNOWN);
  }

  /** The number of records in the window, up to {@value #WINDOW}. */
  public int window() {
    int sum = 0;
    for (int i = 0; i < counts[SURPRISE].length(); i++) {
      sum += counts[SURPRISE].get(i);
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
    if (sum < MIN_RECORDS) {
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

  /** Registers the gauges, each with {@code tags}. */
  void bindTo(MeterRegistry registry, Tags tags) {
    if (hasScore()) {
      gauge(registry, tags, "sentiment", Drift::ofSentiment);
    }
    gauge(registry, tags, "surprise", Drift::ofSurprise);
    gauge(registry, tags, "unknown", Drift::ofUnknown);
    Gauges.register(
        registry,
        MeterNames.DRIFT_WINDOW,
        tags,
        "records",
        "Records that drift is computed from: the latest, at most " + WINDOW,
        this,
        Drift::window);
  }

  private void gauge(MeterRegistry registry, Tags tags, String of, ToDoubleFunction<Drift> value) {
    Gauges.register(
        registry,
        MeterNames.DRIFT,
        tags.and(MeterNames.OF, of),
        "psi",
        "Population stability index of the latest records against the model's reference: from 0.1 a"
            + " shift, from 0.25 a large one; NaN before "
            + MIN_RECORDS
            + " records; missing for a model without reference.json",
        this,
        value);
  }
}
