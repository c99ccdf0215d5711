package io.undercurrent.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads all records of a topic from its beginning, and keeps them. Not thread-safe. */
final class TopicReader implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final String topic;
  private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

  private TopicReader(String servers, String topic, String isolation) {
    this.topic = topic;
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                isolation,
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                "false"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  /** Reads the records of committed transactions. */
  static TopicReader committed(String servers, String topic) {
    return new TopicReader(servers, topic, "read_committed");
  }

  /** Reads all records, also those of open and aborted transactions. */
  static TopicReader uncommitted(String servers, String topic) {
    return new TopicReader(servers, topic, "read_uncommitted");
  }

  /** What was read so far. It grows with each poll. */
  List<ConsumerRecord<byte[], byte[]>> records() {
    return Collections.unmodifiableList(records);
  }

  /** Reads for a moment. Reads nothing while the topic does not exist. */
  void poll() {
    if (isAssigned()) {
      consumer.poll(Duration.ofMillis(20)).forEach(records::add);
    }
  }

  private boolean isAssigned() {
    if (consumer.assignment().isEmpty()) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }
    return !consumer.assignment().isEmpty();
  }

  /**
   * Reads to the present end, so that records that were written twice are there too. Of committed
   * records the end is the start of an open transaction.
   */
  void drain() {
    isAssigned();
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("%s must be read to %s, not done".formatted(topic, ends));
      }
      poll();
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
