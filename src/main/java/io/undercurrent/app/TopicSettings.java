package io.undercurrent.app;

import io.undercurrent.streams.internals.TimestampRange;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.record.TimestampType;

/**
 * A topic's settings. Immutable.
 *
 * @param values without settings that are unknown: the broker is older, or they may not be read
 */
record TopicSettings(Map<String, String> values) {

  private static final String BEFORE = TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG;
  private static final String AFTER = TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG;

  private static final Duration KAFKAS_DELETE_RETENTION = Duration.ofDays(1);

  /** The settings of a topic that may not be read: Kafka's default limit is likely. */
  static final TopicSettings UNKNOWN =
      new TopicSettings(Map.of(AFTER, Long.toString(TimestampRange.KAFKAS.afterMaxMs())));

  TopicSettings {
    values = Map.copyOf(values);
  }

  static TopicSettings of(Config config) {
    Map<String, String> values = new HashMap<>();
    for (ConfigEntry entry : config.entries()) {
      if (entry.value() != null) {
        values.put(entry.name(), entry.value());
      }
    }
    return new TopicSettings(values);
  }

  /** These settings, replaced by others. */
  TopicSettings with(Map<String, ?> others) {
    Map<String, String> all = new HashMap<>(values);
    others.forEach((name, value) -> all.put(name, value.toString()));
    return new TopicSettings(all);
  }

  /** The largest batch that it accepts, in bytes. */
  Optional<Integer> maxBytes() {
    return Optional.ofNullable(values.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG))
        .map(Integer::valueOf);
  }

  boolean isCompacted() {
    return cleanup().contains(TopicConfig.CLEANUP_POLICY_COMPACT);
  }

  private List<String> cleanup() {
    return List.of(values.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, "").split("\\s*,\\s*"));
  }

  /**
   * How long it keeps records, by their own timestamps; empty if it keeps them for ever, measures
   * by the broker's clock, or is unknown.
   */
  Optional<Duration> retention() {
    return cleanup().contains(TopicConfig.CLEANUP_POLICY_DELETE) && !hasBrokersTime()
        ? Optional.ofNullable(values.get(TopicConfig.RETENTION_MS_CONFIG))
            .map(Long::valueOf)
            .filter(ms -> ms >= 0)
            .map(Duration::ofMillis)
        : Optional.empty();
  }

  /** How long it keeps deletions of keys that are compacted; Kafka's default if that is unknown. */
  Duration deleteRetention() {
    return Optional.ofNullable(values.get(TopicConfig.DELETE_RETENTION_MS_CONFIG))
        .map(Long::valueOf)
        .map(Duration::ofMillis)
        .orElse(KAFKAS_DELETE_RETENTION);
  }

  /** Whether the broker writes its own time instead of a record's timestamp. */
  private boolean hasBrokersTime() {
    return TimestampType.LOG_APPEND_TIME.name.equals(
        values.get(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG));
  }

  /**
   * The timestamps that it accepts. Brokers before 3.6 have other settings, which limit nothing by
   * default.
   */
  TimestampRange timestamps() {
    return hasBrokersTime() ? TimestampRange.ANY : new TimestampRange(ms(BEFORE), ms(AFTER));
  }

  /** The same without timestamps so old that it would soon delete the record. */
  TimestampRange keptTimestamps() {
    return retention()
        .map(time -> timestamps().and(new TimestampRange(time.toMillis(), Long.MAX_VALUE)))
        .orElse(timestamps());
  }

  private long ms(String name) {
    return Long.parseLong(values.getOrDefault(name, Long.toString(Long.MAX_VALUE)));
  }

  /**
   * Settings with which a topic accepts every timestamp; empty if the broker may not have such
   * settings.
   */
  Map<String, String> withoutTimestampLimits() {
    String none = Long.toString(Long.MAX_VALUE);
    return values.containsKey(BEFORE) ? Map.of(BEFORE, none, AFTER, none) : Map.of();
  }
}
