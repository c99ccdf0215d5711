package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic in which an application's instances tell each other what they run. It has one partition
 * and keeps all its few records.
 *
 * <p>Each record names the one that it replaces, by its offset. A record counts only if it replaces
 * the one that counts before it. So of several instances that write at once, the first one wins,
 * and all readers agree on which that is.
 *
 * <p>Its name ends like that of a changelog, so that Kafka's reset tool deletes it together with
 * the states. Used by one thread at a time.
 */
final class SettingsTopic implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SettingsTopic.class);
  private static final String REPLACES = "replaces";
  private static final long NOTHING = -1;
  private static final Duration POLL = Duration.ofMillis(100);

  private final StreamsConfig streams;
  private final TopicPartition partition;
  private KafkaConsumer<byte[], byte[]> consumer; // null before the first read

  SettingsTopic(StreamsConfig streams) {
    this.streams = streams;
    this.partition =
        new TopicPartition(
            InternalTopics.settings(streams.getString(StreamsConfig.APPLICATION_ID_CONFIG)), 0);
  }

  /**
   * The record that counts.
   *
   * @param offset its offset
   */
  record Entry(RunIdentity identity, long offset) {}

  String name() {
    return partition.topic();
  }

  /**
   * Creates the topic unless it exists.
   *
   * @throws AppException if that is not permitted or fails
   */
  void create(Admin admin) {
    String action =
        "create topic %s (Describe and Create on topics that start with %s-)"
            .formatted(name(), streams.getString(StreamsConfig.APPLICATION_ID_CONFIG));
    try {
      AdminRequests.get(
          admin
              .describeTopics(
                  List.of(name()), new DescribeTopicsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .allTopicNames());
      return;
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
        throw failed(action, e.getCause());
      }
    }
    try {
      AdminRequests.get(
          admin
              .createTopics(
                  List.of(newTopic()),
                  new CreateTopicsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .all());
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) { // another instance was faster
        throw failed(action, e.getCause());
      }
    }
  }

  /** As Kafka Streams creates its own topics, but nothing is ever deleted from it. */
  private NewTopic newTopic() {
    Map<String, String> settings = new HashMap<>();
    streams
        .originalsWithPrefix(StreamsConfig.TOPIC_PREFIX)
        .forEach((name, value) -> settings.put(name, value.toString()));
    settings.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    settings.put(TopicConfig.RETENTION_MS_CONFIG, "-1");
    settings.put(TopicConfig.RETENTION_BYTES_CONFIG, "-1");
    int replicas = streams.getInt(StreamsConfig.REPLICATION_FACTOR_CONFIG);
    return new NewTopic(
            name(), Optional.of(1), replicas < 0 ? Optional.empty() : Optional.of((short) replicas))
        .configs(settings);
  }

  /**
   * The record that counts; empty if there is none.
   *
   * @throws AppException if the topic cannot be read
   */
  Optional<Entry> read() {
    try {
      return readToEnd();
    } catch (KafkaException e) {
      throw failed("read topic " + name(), e);
    }
  }

  private Optional<Entry> readToEnd() {
    if (consumer == null) {
      consumer = CommittedRecords.consumer(streams, "undercurrent-settings");
      consumer.assign(List.of(partition));
    }
    consumer.seekToBeginning(List.of(partition));
    long end = consumer.endOffsets(List.of(partition)).get(partition);
    long deadline = System.nanoTime() + Duration.ofMillis(AdminRequests.timeoutMs()).toNanos();
    Entry counts = null;
    while (consumer.position(partition) < end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        counts = next(counts, record);
      }
      if (System.nanoTime() > deadline) {
        throw new TimeoutException("its end was not reached");
      }
    }
    return Optional.ofNullable(counts);
  }

  private static Entry next(Entry before, ConsumerRecord<byte[], byte[]> record) {
    JsonNode json;
    try {
      json = Json.parse(record.value() == null ? new byte[0] : record.value());
    } catch (MalformedJsonException e) {
      json = MissingNode.getInstance();
    }
    if (!json.path(REPLACES).isIntegralNumber()) {
      log.warn(
          "topic {}: the record at offset {} does not say which settings it replaces: ignored",
          record.topic(),
          record.offset());
      return before;
    }
    return json.path(REPLACES).longValue() == (before == null ? NOTHING : before.offset)
        ? new Entry(RunIdentity.from(json), record.offset())
        : before;
  }

  /**
   * Writes what this instance runs. Whether the record counts is known after the next {@link
   * #read}.
   *
   * @param replaced what {@link #read} has found
   * @throws AppException if the topic cannot be written
   */
  void write(RunIdentity identity, Optional<Entry> replaced) {
    ObjectNode json = Json.STRICT.createObjectNode();
    json.put(REPLACES, replaced.map(Entry::offset).orElse(NOTHING));
    identity.addTo(json);
    Map<String, Object> settings = streams.getProducerConfigs("undercurrent-settings");
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, AdminRequests.timeoutMs());
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(name(), 0, null, Json.STRICT.writeValueAsBytes(json)))
          .get();
    } catch (ExecutionException e) {
      throw failed("write topic " + name(), e.getCause());
    } catch (KafkaException e) {
      throw failed("write topic " + name(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AppException("interrupted while writing topic " + name(), e);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // a tree cannot fail to be written
    }
  }

  private AppException failed(String action, Throwable cause) {
    return AdminRequests.requestFailed(AdminRequests.bootstrapServers(streams), action, cause);
  }

  @Override
  public void close() {
    if (consumer != null) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      consumer = null;
    }
  }
}
