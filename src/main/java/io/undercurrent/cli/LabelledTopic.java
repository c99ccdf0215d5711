package io.undercurrent.cli;

import io.undercurrent.app.AdminRequests;
import io.undercurrent.app.AppException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Reads the committed records of a topic once, from its beginning to its end at the start of the
 * reading. Joins no group and commits no offset, so it changes nothing in the cluster. All failures
 * are {@link AppException}s. Not thread-safe.
 */
final class LabelledTopic {

  private static final String CLIENT_ID = "undercurrent-train";
  private static final Duration POLL = Duration.ofMillis(200);

  /** How long a partition that has more records may return none. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private final String topic;
  private final StreamsConfig streams;
  private final String servers;

  /** Listens to the progress: how many offsets are read, of how many. */
  interface Progress {
    void read(long done, long all);
  }

  /** The offsets of a partition, from {@code first} (inclusive) to {@code end} (exclusive). */
  private record Range(long first, long end) {

    long length() {
      return end - first;
    }
  }

  /**
   * @param streams the settings of Kafka's clients
   */
  LabelledTopic(String topic, StreamsConfig streams) {
    this.topic = topic;
    this.streams = streams;
    servers = AdminRequests.bootstrapServers(streams);
  }

  /**
   * Reads the partitions one after another, so that the same topic gives the same records in the
   * same order.
   *
   * @param reader called for each record, including tombstones; an exception of it ends the reading
   */
  void read(Consumer<ConsumerRecord<byte[], byte[]>> reader, Progress progress) {
    Map<TopicPartition, Range> ranges = ranges();
    long all = ranges.values().stream().mapToLong(Range::length).sum();
    long before = 0;
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            consumerConfigs(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      for (Map.Entry<TopicPartition, Range> partition : ranges.entrySet()) {
        Range range = partition.getValue();
        long done = before - range.first;
        read(
            consumer,
            partition.getKey(),
            range,
            reader,
            position -> progress.read(done + position, all));
        before += range.length();
      }
    } catch (KafkaException e) {
      throw AdminRequests.requestFailed(servers, "read topic " + topic, e);
    }
  }

  private void read(
      KafkaConsumer<byte[], byte[]> consumer,
      TopicPartition partition,
      Range range,
      Consumer<ConsumerRecord<byte[], byte[]>> reader,
      Consumer<Long> progress) {
    consumer.assign(List.of(partition));
    consumer.seek(partition, range.first);
    long position = range.first;
    long progressNanos = System.nanoTime();
    while (position < range.end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (record.offset() < range.end) {
          reader.accept(record);
        }
      }
      // The position may be past the last record: transactions end with markers, compaction leaves
      // gaps.
      long now = consumer.position(partition);
      if (now > position) {
        position = now;
        progressNanos = System.nanoTime();
        progress.accept(Math.min(now, range.end));
      } else if (System.nanoTime() - progressNanos > SILENCE.toNanos()) {
        throw new AppException(
            "%s on %s returned no records for %d s at offset %d of %d: check the brokers, then try again"
                .formatted(partition, servers, SILENCE.toSeconds(), position, range.end));
      }
    }
  }

  private Map<TopicPartition, Range> ranges() {
    try (Admin admin = Admin.create(streams.getAdminConfigs(CLIENT_ID))) {
      Map<TopicPartition, OffsetSpec> earliest = new HashMap<>();
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (TopicPartitionInfo info : AdminRequests.describe(admin, topic, servers).partitions()) {
        TopicPartition partition = new TopicPartition(topic, info.partition());
        earliest.put(partition, OffsetSpec.earliest());
        latest.put(partition, OffsetSpec.latest());
      }
      Map<TopicPartition, ListOffsetsResultInfo> first = offsets(admin, earliest);
      Map<TopicPartition, ListOffsetsResultInfo> end = offsets(admin, latest);
      Map<TopicPartition, Range> ranges =
          new TreeMap<>((a, b) -> Integer.compare(a.partition(), b.partition()));
      first.forEach(
          (partition, info) ->
              ranges.put(partition, new Range(info.offset(), end.get(partition).offset())));
      return ranges;
    } catch (KafkaException e) {
      throw AdminRequests.connectionFailed(servers, e);
    }
  }

  /** Reads offsets. The latest offset is that of the first open transaction, if there is one. */
  private Map<TopicPartition, ListOffsetsResultInfo> offsets(
      Admin admin, Map<TopicPartition, OffsetSpec> wanted) {
    ListOffsetsOptions options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
    try {
      return AdminRequests.get(
          admin.listOffsets(wanted, options.timeoutMs(AdminRequests.timeoutMs())).all());
    } catch (ExecutionException e) {
      throw AdminRequests.requestFailed(
          servers, "read the offsets of topic " + topic, e.getCause());
    }
  }

  private Map<String, Object> consumerConfigs() {
    // The global consumer is the one of Kafka Streams' consumers that has no group.
    Map<String, Object> configs = new HashMap<>(streams.getGlobalConsumerConfigs(CLIENT_ID));
    configs.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    configs.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    configs.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    configs.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
    // Retention may delete the first records after the offsets were read.
    configs.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return configs;
  }
}
