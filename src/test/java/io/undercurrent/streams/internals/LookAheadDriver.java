package io.undercurrent.streams.internals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.EnrichmentTopology;
import io.undercurrent.app.MissingTimestamps;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.metrics.internals.DroppedReason;
import io.undercurrent.model.Model;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.LookAhead;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/**
 * A topology test driver whose thread polls records, all in partition 0 of their topic. Processors
 * can look ahead to a polled record until it is processed.
 */
final class LookAheadDriver implements AutoCloseable {

  static final TopologyDefinition DEFINITION =
      new TopologyDefinition(
          "test",
          List.of("messages", "others"),
          null,
          null,
          "unused",
          5,
          "hidden-state",
          "messages-enriched",
          "messages-dead-letters");

  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final LookAhead lookAhead = new LookAhead();
  final PolledRecords polledRecords = new PolledRecords();
  final TopologyTestDriver driver;
  private final File states = folder();
  private final Map<String, TestInputTopic<byte[], byte[]>> inputs = new HashMap<>();
  private final Map<String, Long> polled = new HashMap<>();
  private final ArrayDeque<ConsumerRecord<byte[], byte[]>> ahead = new ArrayDeque<>();

  /** A driver of the topology in {@link #DEFINITION}. */
  static LookAheadDriver of(Model model, EnrichmentSettings settings, Map<String, Object> configs) {
    return new LookAheadDriver(
        configs,
        driver ->
            EnrichmentTopology.build(
                DEFINITION,
                model,
                settings,
                TimestampRange.ANY,
                driver.registry,
                new TopologyConfig(new StreamsConfig(configs(driver.registry, configs))),
                driver.lookAhead));
  }

  LookAheadDriver(Map<String, Object> configs, Function<LookAheadDriver, Topology> topology) {
    PolledBy.threadsOf(lookAhead).register(polledRecords);
    Properties properties = new Properties();
    properties.putAll(configs(registry, configs));
    properties.put(StreamsConfig.STATE_DIR_CONFIG, states.getPath());
    driver = new TopologyTestDriver(topology.apply(this), properties);
  }

  /** A folder of its own, because two runs on a machine would share Kafka's default. */
  private static File folder() {
    try {
      return Files.createTempDirectory("look-ahead").toFile();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> configs(
      SimpleMeterRegistry registry, Map<String, Object> configs) {
    Map<String, Object> defaults =
        new HashMap<>(DeadLetterHandler.settings(DEFINITION.deadLetters(), registry));
    defaults.put("default.timestamp.extractor", MissingTimestamps.class.getName());
    Map<String, Object> all =
        new HashMap<>(
            UndercurrentConfig.of(
                    Map.of("application.id", "test", "bootstrap.servers", "localhost:1"))
                .streams(defaults));
    all.putAll(configs);
    return all;
  }

  /** Adds a record to the polled ones. */
  void poll(String topic, byte[] key, byte[] value, long timestampMs) {
    long offset = polled.merge(topic, 1L, Long::sum) - 1;
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(
            topic,
            0,
            offset,
            timestampMs,
            timestampMs < 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME,
            0,
            0,
            key,
            value,
            new RecordHeaders(),
            Optional.empty());
    polledRecords.add(new TopicPartition(topic, 0), List.of(record));
    ahead.add(record);
  }

  /** Processes the oldest of the polled records; false if there is none. */
  boolean process() {
    ConsumerRecord<byte[], byte[]> record = ahead.poll();
    if (record == null) {
      return false;
    }
    inputs
        .computeIfAbsent(
            record.topic(),
            topic ->
                driver.createInputTopic(
                    topic, new ByteArraySerializer(), new ByteArraySerializer()))
        .pipeInput(
            new TestRecord<>(
                record.key(),
                record.value(),
                new RecordHeaders(record.headers()),
                Instant.ofEpochMilli(record.timestamp())));
    return true;
  }

  void processAll() {
    while (process()) {
      // one after the other
    }
  }

  /** The values of the enriched records since the last call, null for tombstones. */
  List<byte[]> enriched() {
    return values(DEFINITION.enriched());
  }

  List<byte[]> deadLetters() {
    return values(DEFINITION.deadLetters());
  }

  private List<byte[]> values(String topic) {
    List<byte[]> values = new ArrayList<>();
    driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readKeyValuesToList()
        .forEach(record -> values.add(record.value));
    return values;
  }

  /** The contents of a store. */
  Map<Bytes, byte[]> stored(String store) {
    Map<Bytes, byte[]> contents = new TreeMap<>();
    KeyValueStore<Bytes, byte[]> of = driver.getKeyValueStore(store);
    if (of == null) {
      return contents;
    }
    try (KeyValueIterator<Bytes, byte[]> all = of.all()) {
      while (all.hasNext()) {
        KeyValue<Bytes, byte[]> entry = all.next();
        contents.put(entry.key, entry.value);
      }
    }
    return contents;
  }

  /** Puts the contents of another driver's store into a store. */
  void restore(String store, Map<Bytes, byte[]> contents) {
    KeyValueStore<Bytes, byte[]> of = driver.getKeyValueStore(store);
    contents.forEach(of::put);
  }

  long used() {
    return (long) registry.get(MeterNames.AHEAD_USED).counter().count();
  }

  long inline() {
    return (long) registry.get(MeterNames.INLINE_RECORDS).counter().count();
  }

  long batches() {
    return registry.get(MeterNames.BATCH_RECORDS).summary().count();
  }

  double largestBatch() {
    return registry.get(MeterNames.BATCH_RECORDS).summary().max();
  }

  long dropped(DroppedReason reason) {
    return (long)
        registry
            .get(MeterNames.AHEAD_DROPPED)
            .tag(MeterNames.REASON, reason.code())
            .counter()
            .count();
  }

  long dropped() {
    return (long)
        registry.get(MeterNames.AHEAD_DROPPED).counters().stream()
            .mapToDouble(Counter::count)
            .sum();
  }

  @Override
  public void close() {
    driver.close();
    PolledBy.threadsOf(lookAhead).unregister(polledRecords);
    try {
      Utils.delete(states);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
