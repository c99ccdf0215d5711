package io.undercurrent.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts dead letters by reason. All counters exist from the start and export 0. Several holders in
 * one registry share their counters. Thread-safe.
 */
public final class DeadLetterMetrics {

  private final Map<String, Counter> byReason;

  /**
   * @param reasons the closed set of reasons; any other is counted as {@value
   *     EnrichmentMetrics#OTHER_REASON}, so that the text of an exception cannot become a tag
   */
  public DeadLetterMetrics(MeterRegistry registry, Collection<String> reasons) {
    Map<String, Counter> counters = new HashMap<>();
    reasons.forEach(reason -> counters.put(reason, counter(registry, reason)));
    counters.put(EnrichmentMetrics.OTHER_REASON, counter(registry, EnrichmentMetrics.OTHER_REASON));
    byReason = Map.copyOf(counters);
  }

  private static Counter counter(MeterRegistry registry, String reason) {
    return Counter.builder(MeterNames.DEAD_LETTERS)
        .tag(MeterNames.REASON, reason)
        .baseUnit("letters")
        .description("Records that went to the dead-letter topic")
        .register(registry);
  }

  /** A record went to the dead-letter topic. */
  public void deadLetter(String reason) {
    byReason.getOrDefault(reason, byReason.get(EnrichmentMetrics.OTHER_REASON)).increment();
  }
}
