package io.undercurrent.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The meters of what was read: moods, surprise, whether the words had been expected, drift.
 *
 * <p>All of them exist from the start. Thread-safe, without locks, and nothing is allocated for a
 * record.
 */
public final class LanguageMetrics {

  // Guessing evenly among 16,384 tokens costs 14 bits; a trained model lies around 4 to 9.
  private static final double[] SURPRISE_BUCKETS_BITS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16};

  /** Of the score, from -1 to 1, a fifth wide. */
  private static final int SCORE_BINS = 10;

  private final Map<String, Counter> sentiment;
  private final Counter[] score; // (SCORE_BINS)
  private final DistributionSummary surprise;
  private final Counter nextChecked;
  private final Counter nextHit;
  private final Drift drift; // null for none

  /**
   * @param labels the closed set of the model's labels
   * @param drift null where there is no reference
   */
  LanguageMetrics(MeterRegistry registry, Collection<String> labels, Drift drift) {
    Map<String, Counter> byLabel = new HashMap<>();
    labels.forEach(label -> byLabel.put(label, sentiment(registry, label)));
    byLabel.put(EnrichmentMetrics.OTHER_LABEL, sentiment(registry, EnrichmentMetrics.OTHER_LABEL));
    sentiment = Map.copyOf(byLabel);
    score = new Counter[SCORE_BINS];
    for (int i = 0; i < SCORE_BINS; i++) {
      score[i] = score(registry, String.format(Locale.ROOT, "%.1f", upperEdge(i)));
    }
    surprise =
        DistributionSummary.builder(MeterNames.SURPRISE)
            .description("Surprise of each record in bits per token")
            .baseUnit("bits")
            .serviceLevelObjectives(SURPRISE_BUCKETS_BITS)
            .register(registry);
    nextChecked =
        Counter.builder(MeterNames.NEXT_CHECKED)
            .description(
                "Words that were compared with the likeliest ones for their key before they came:"
                    + " one of each record that has a known one")
            .baseUnit("words")
            .register(registry);
    nextHit =
        Counter.builder(MeterNames.NEXT_HIT)
            .description(
                "Words that were among the likeliest ones for their key before they came; as many"
                    + " are asked for as are reported in next")
            .baseUnit("words")
            .register(registry);
    this.drift = drift;
    if (drift != null) {
      drift.bindTo(registry);
    }
  }

  private static Counter sentiment(MeterRegistry registry, String label) {
    return Counter.builder(MeterNames.SENTIMENT)
        .tag(MeterNames.LABEL, label)
        .baseUnit("records")
        .description("Records by their sentiment")
        .register(registry);
  }

  private static Counter score(MeterRegistry registry, String upper) {
    return Counter.builder(MeterNames.SCORE)
        .tag(MeterNames.UPPER, upper)
        .baseUnit("records")
        .description(
            "Records by their score, P(positive) - P(negative), in ten bins: above the bin before"
                + " and up to this")
        .register(registry);
  }

  private static double upperEdge(int bin) {
    return (bin + 1) * 2.0 / SCORE_BINS - 1;
  }

  /**
   * A record with tokens was read. What is no number, or infinite, is left out: one such value
   * would spoil a sum for ever.
   *
   * @param label one of the model's
   * @param score P(positive) - P(negative), from -1 to 1
   * @param bitsPerToken its surprise
   * @param unknownShare of its tokens, from 0 to 1
   */
  public void record(String label, double score, double bitsPerToken, double unknownShare) {
    sentiment.getOrDefault(label, sentiment.get(EnrichmentMetrics.OTHER_LABEL)).increment();
    if (!Double.isFinite(score) || !Double.isFinite(bitsPerToken)) {
      return;
    }
    int bin = 0;
    while (bin < SCORE_BINS - 1 && score > upperEdge(bin)) {
      bin++;
    }
    this.score[bin].increment();
    surprise.record(bitsPerToken);
    if (drift != null) {
      drift.add(score, bitsPerToken, unknownShare);
    }
  }

  /**
   * A word that came was compared with what had been expected.
   *
   * @param hit whether it was among the likeliest
   */
  public void nextWord(boolean hit) {
    nextChecked.increment();
    if (hit) {
      nextHit.increment();
    }
  }
}
