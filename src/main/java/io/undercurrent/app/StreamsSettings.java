package io.undercurrent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.query.internals.StreamsQueries.Host;
import io.undercurrent.streams.ApplicationMeters;
import io.undercurrent.streams.BoundedRocksDb;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.internals.TimestampRange;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** The settings of Kafka Streams that {@link StreamsApp} runs with. */
final class StreamsSettings {

  private StreamsSettings() {}

  /**
   * The settings of Kafka Streams as they are known without a broker.
   *
   * @throws AppException if one is not valid
   */
  static StreamsConfig of(
      TopologyDefinition definition, UndercurrentConfig config, MeterRegistry registry) {
    String deadLetters = StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG;
    if (config.streams(Map.of()).containsKey(deadLetters)) {
      throw new AppException(
          deadLetters + " must not be set: set sinks.deadLetters in the topology instead");
    }
    Map<String, Object> ours =
        new HashMap<>(DeadLetterHandler.settings(definition.deadLetters(), registry));
    ours.put(
        StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, MissingTimestamps.class.getName());
    ours.put(ApplicationMeters.TOPOLOGY_CONFIG, definition.name());
    ours.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class.getName());
    ours.put(BoundedRocksDb.MEMORY_CONFIG, config.rocksDbMemoryBytes());
    try {
      return new StreamsConfig(config.streams(ours));
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * Gives an instance without {@code application.server} an address that cannot be reached, because
   * Kafka Streams tracks which instance has which partition only if instances have addresses. It is
   * the same at each start: another address would make all members join the group again.
   */
  static StreamsConfig withAddress(StreamsConfig config, String instanceName) {
    // Not under the streams protocol: there an address can make joining fail (see ThreadFailures),
    // and
    // an instance knows its own keys without one.
    if (usesStreamsProtocol(config.originals())
        || !config.getString(StreamsConfig.APPLICATION_SERVER_CONFIG).isEmpty()) {
      return config;
    }
    Map<String, Object> all = new HashMap<>(config.originals());
    all.put(StreamsConfig.APPLICATION_SERVER_CONFIG, Host.unreachable(instanceName));
    return new StreamsConfig(all);
  }

  private static boolean usesStreamsProtocol(Map<String, Object> configs) {
    return "streams"
        .equalsIgnoreCase(String.valueOf(configs.get(StreamsConfig.GROUP_PROTOCOL_CONFIG)));
  }

  /** The largest record that the application's producer may send, in bytes. */
  static int maxRecordBytes(StreamsConfig config) {
    try {
      return DeadLetterHandler.maxRequestSize(config.originals());
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * The settings to run with, when the topics are known.
   *
   * @param instanceName the {@code group.instance.id} to use where the settings have none; null for
   *     none
   * @param lookAhead null if records are computed one by one
   */
  static StreamsConfig toRun(
      StreamsConfig config,
      TopicLimits limits,
      String deadLetters,
      String instanceName,
      LookAhead lookAhead) {
    Map<String, Object> configs = new HashMap<>();
    limits
        .internalTopics()
        .forEach((name, value) -> configs.put(StreamsConfig.topicPrefix(name), value));
    configs.putAll(config.originals());
    Integer accepted = limits.maxBytes().get(deadLetters);
    if (accepted != null) {
      configs.put(DeadLetterHandler.MAX_BYTES_CONFIG, accepted);
    }
    TimestampRange letters = limits.letterTimestamps();
    configs.put(DeadLetterHandler.TIMESTAMP_BEFORE_MAX_MS_CONFIG, letters.beforeMaxMs());
    configs.put(DeadLetterHandler.TIMESTAMP_AFTER_MAX_MS_CONFIG, letters.afterMaxMs());
    if (instanceName != null && !hasInstanceId(config) && !usesStreamsProtocol(configs)) {
      configs.put(
          StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), instanceName);
    }
    return new StreamsConfig(lookAhead == null ? configs : lookAhead.addTo(configs));
  }

  static boolean usesStreamsProtocol(StreamsConfig config) {
    return usesStreamsProtocol(config.originals());
  }

  /** Whether the settings have a {@code group.instance.id}. */
  static boolean hasInstanceId(StreamsConfig config) {
    return config
            .getMainConsumerConfigs("any", "any", 0)
            .get(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG)
        != null;
  }
}
