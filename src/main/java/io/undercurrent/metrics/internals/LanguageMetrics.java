package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.Labels;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The meters of the records' language: sentiment, surprise, how often the next word was predicted,
 * and drift.
 *
 * <p>The constructor registers all meters. Thread-safe; reporting a record takes no lock and
 * allocates nothing.
 */
public final class LanguageMetrics {

  // A uniform guess among 16,384 tokens costs 14 bits; a trained model needs about 4 to 9.
  private static final double[] SURPRISE_BUCKETS_BITS = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 24, 48
  };

  /** The score goes from -1 to 1, so each bin is 0.2 wide. */
  private static final int SCORE_BINS = 10;

  private final Map<String, Counter> sentiment;
  private final Counter[] score; // (SCORE_BINS); null for labels without a score
  private final DistributionSummary surprise;
  private final Counter uncertain;
  private final Counter nextChecked;
  private final Counter nextHit;
  private final Drift drift; // null for none

  /**
   * @param tags of every meter
   * @param labels of the model
   * @param reference null for a model without one
   */
  LanguageMetrics(MeterRegistry registry, Tags tags, Labels labels, DriftReference reference) {
    Map<String, Counter> byLabel = new HashMap<>();
    labels.names().forEach(label -> byLabel.put(label, sentiment(registry, tags, label)));
    byLabel.put(
        EnrichmentMetrics.OTHER_LABEL, sentiment(registry, tags, EnrichmentMetrics.OTHER_LABEL));
    sentiment = Map.copyOf(byLabel);
    score = labels.hasScore() ? scores(registry, tags) : null;
    surprise =
        DistributionSummary.builder(MeterNames.SURPRISE)
            .tags(tags)
            .description("Surprise of each record, in bits per token")
            .baseUnit("bits")
            .serviceLevelObjectives(SURPRISE_BUCKETS_BITS)
            .register(registry);
    uncertain =
        Counter.builder(MeterNames.UNCERTAIN)
            .tags(tags)
            .description(
                "Records with so many unknown tokens that their sentiment says little; those with"
                    + " sentiment.uncertain")
            .baseUnit("records")
            .register(registry);
    nextChecked =
        Counter.builder(MeterNames.NEXT_CHECKED)
            .tags(tags)
            .description(
                "Words that were compared with the predicted next words of their key: one known word"
                    + " of each record")
            .baseUnit("words")
            .register(registry);
    nextHit =
        Counter.builder(MeterNames.NEXT_HIT)
            .tags(tags)
            .description(
                "Words that were among the predicted next words of their key; as many words are"
                    + " predicted as an enriched record lists under next")
            .baseUnit("words")
            .register(registry);
    drift = reference == null ? null : new Drift(reference);
    if (drift != null) {
      drift.bindTo(registry, tags);
    }
  }

  private static Counter sentiment(MeterRegistry registry, Tags tags, String label) {
    return Counter.builder(MeterNames.SENTIMENT)
        .tags(tags)
        .tag(MeterNames.LABEL, label)
        .baseUnit("records")
        .description("Records by sentiment")
        .register(registry);
  }

  private static Counter[] scores(MeterRegistry registry, Tags tags) {
    Counter[] scores = new Counter[SCORE_BINS];
    for (int i = 0; i < SCORE_BINS; i++) {
      scores[i] = score(registry, tags, String.format(Locale.ROOT, "%.1f", upperEdge(i)));
    }
    return scores;
  }

  private static Counter score(MeterRegistry registry, Tags tags, String upper) {
    return Counter.builder(MeterNames.SCORE)
        .tags(tags)
        .tag(MeterNames.UPPER, upper)
        .baseUnit("records")
        .description(
            "Records by score, which is P(positive) - P(negative) for the usual labels, in ten bins;"
                + " the tag is a bin's upper edge, which belongs to the bin. Missing for a model"
                + " whose labels have no valences")
        .register(registry);
  }

  private static double upperEdge(int bin) {
    return (bin + 1) * 2.0 / SCORE_BINS - 1;
  }

  /**
   * Counts one record that has tokens. A score or surprise that is NaN or infinite is left out,
   * because it would make the sums NaN or infinite forever.
   *
   * @param label one of the model's labels
   * @param score from -1 to 1; ignored for labels without one
   * @param bitsPerToken surprise in bits per token
   * @param unknownShare share of the tokens that are not in the vocabulary, from 0 to 1
   */
  public void record(String label, double score, double bitsPerToken, double unknownShare) {
    sentiment.getOrDefault(label, sentiment.get(EnrichmentMetrics.OTHER_LABEL)).increment();
    boolean scored = this.score != null;
    if (scored && !Double.isFinite(score) || !Double.isFinite(bitsPerToken)) {
      return;
    }
    if (scored) {
      this.score[bin(score)].increment();
    }
    surprise.record(bitsPerToken);
    if (drift != null) {
      drift.add(score, bitsPerToken, unknownShare);
    }
  }

  private static int bin(double score) {
    int bin = 0;
    while (bin < SCORE_BINS - 1 && score > upperEdge(bin)) {
      bin++;
    }
    return bin;
  }

  /** Counts one record whose sentiment is uncertain. */
  public void uncertain() {
    uncertain.increment();
  }

  /**
   * Counts one word that was compared with the predicted next words.
   *
   * @param hit whether the word was among them
   */
  public void nextWord(boolean hit) {
    nextChecked.increment();
    if (hit) {
      nextHit.increment();
    }
  }
}
