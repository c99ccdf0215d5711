package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.MeterNames;
import java.util.EnumMap;
import java.util.Map;

/**
 * Counts an application's dead letters by reason. All counters exist from the start, at 0. Several
 * instances with the same registry and topology share their counters. Thread-safe.
 */
public final class DeadLetterMetrics {

  private final Map<DeadLetterReason, Counter> counters = new EnumMap<>(DeadLetterReason.class);

  /**
   * @param topology value of the tag {@link MeterNames#TOPOLOGY}
   */
  public DeadLetterMetrics(MeterRegistry registry, String topology) {
    for (DeadLetterReason reason : DeadLetterReason.values()) {
      counters.put(
          reason,
          Counter.builder(MeterNames.DEAD_LETTERS)
              .tag(MeterNames.TOPOLOGY, topology)
              .tag(MeterNames.REASON, reason.code())
              .baseUnit("letters")
              .description("Records sent to the dead-letter topic")
              .register(registry));
    }
  }

  /** Counts one record that goes to the dead-letter topic. */
  public void deadLetter(DeadLetterReason reason) {
    counters.get(reason).increment();
  }
}
