package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.Topics;
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
 * A topic that is read once: committed records, from its beginning to where it ended at the start.
 * No group is joined and no offset committed, so nothing of the cluster changes. All failures are
 * {@link AppException}s.
 */
final class LabelledTopic {

  private static final String CLIENT_ID = "undercurrent-train";
  private static final Duration POLL = Duration.ofMillis(200);

  /** How long a partition may give nothing although it has more. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private final String topic;
  private final StreamsConfig streams;
  private final String servers;

  /** Told how many offsets are behind, of how many. */
  interface Progress {
    void read(long done, long all);
  }

  /** Offsets of a partition: from the first to before the end. */
  private record Range(long first, long end) {

    long length() {
      return end - first;
    }
  }

  /**
   * @param streams how to connect: the settings of its clients
   */
  LabelledTopic(String topic, StreamsConfig streams) {
    this.topic = topic;
    this.streams = streams;
    servers = Topics.bootstrapServers(streams);
  }

  /**
   * Reads one partition after the other: the same topic gives the same records in the same order.
   *
   * @param reader takes each record, tombstones too; what it throws ends the reading
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
      throw Topics.refused(servers, "read topic " + topic, e);
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
    long moved = System.nanoTime();
    while (position < range.end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (record.offset() < range.end) {
          reader.accept(record);
        }
      }
      // Beyond the last record: transactions end with markers, compaction leaves gaps.
      long now = consumer.position(partition);
      if (now > position) {
        position = now;
        moved = System.nanoTime();
        progress.accept(Math.min(now, range.end));
      } else if (System.nanoTime() - moved > SILENCE.toNanos()) {
        throw new AppException(
            "%s on %s gives no records any more, try again when it does: read up to offset %d of %d, then nothing for %d s"
                .formatted(partition, servers, position, range.end, SILENCE.toSeconds()));
      }
    }
  }

  private Map<TopicPartition, Range> ranges() {
    try (Admin admin = Admin.create(streams.getAdminConfigs(CLIENT_ID))) {
      Map<TopicPartition, OffsetSpec> earliest = new HashMap<>();
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (TopicPartitionInfo info : Topics.describe(admin, topic, servers).partitions()) {
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
      throw Topics.notConnected(servers, e);
    }
  }

  /** The end is that of what is committed: before the first transaction that is still open. */
  private Map<TopicPartition, ListOffsetsResultInfo> offsets(
      Admin admin, Map<TopicPartition, OffsetSpec> wanted) {
    ListOffsetsOptions options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
    try {
      return Topics.get(admin.listOffsets(wanted, options.timeoutMs(Topics.timeoutMs())).all());
    } catch (ExecutionException e) {
      throw Topics.refused(servers, "look at the offsets of topic " + topic, e.getCause());
    }
  }

  private Map<String, Object> consumerConfigs() {
    // The consumer of Kafka Streams that has no group.
    Map<String, Object> configs = new HashMap<>(streams.getGlobalConsumerConfigs(CLIENT_ID));
    configs.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    configs.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    configs.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    configs.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
    // Retention may delete what was first when the offsets were looked at.
    configs.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return configs;
  }
}
