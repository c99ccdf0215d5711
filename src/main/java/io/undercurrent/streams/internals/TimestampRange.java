package io.undercurrent.streams.internals;

import java.time.Instant;
import java.util.Optional;

/**
 * The timestamps that a topic accepts: its settings {@code message.timestamp.before.max.ms} and
 * {@code message.timestamp.after.max.ms}.
 *
 * @param beforeMaxMs how far a timestamp may lie before the broker's clock, in ms, at least 0
 * @param afterMaxMs how far it may lie after the broker's clock, in ms, at least 0
 */
public record TimestampRange(long beforeMaxMs, long afterMaxMs) {

  /** Every timestamp. */
  public static final TimestampRange ANY = new TimestampRange(Long.MAX_VALUE, Long.MAX_VALUE);

  /** Kafka's defaults since 4.0. */
  public static final TimestampRange KAFKAS = new TimestampRange(Long.MAX_VALUE, 3_600_000);

  /** Left free at the limits: clocks differ, and a record reaches its broker a little later. */
  private static final long MARGIN_MS = 10_000;

  /** The timestamps that both accept. */
  public TimestampRange and(TimestampRange other) {
    return new TimestampRange(
        Math.min(beforeMaxMs, other.beforeMaxMs), Math.min(afterMaxMs, other.afterMaxMs));
  }

  /**
   * What a timestamp that is outside of the range must not be; empty if it is inside.
   *
   * @param timestampMs at least 0
   */
  public Optional<String> problem(long timestampMs, long nowMs) {
    boolean after = timestampMs > nowMs;
    long distanceMs = Math.abs(timestampMs - nowMs);
    long maxMs = after ? afterMaxMs : beforeMaxMs;
    long marginMs = Math.min(MARGIN_MS, maxMs / 2);
    if (distanceMs <= maxMs - marginMs) {
      return Optional.empty();
    }
    return Optional.of(
        "not be more than %1$d ms %2$s the present (message.timestamp.%2$s.max.ms=%3$d of a topic to be written, less %4$d ms for clocks that differ), found %5$s"
            .formatted(
                maxMs - marginMs,
                after ? "after" : "before",
                maxMs,
                marginMs,
                Instant.ofEpochMilli(timestampMs)));
  }
}
