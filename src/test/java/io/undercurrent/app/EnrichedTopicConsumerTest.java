package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.enrich.EnrichedRecord;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EnrichedTopicConsumerTest {

  @TempDir static Path folder;
  private static EmbeddedBroker broker;

  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @Test
  void shouldContinueAfterARecordAtWhichTheListenerFails() throws Exception {
    topicWithTombstones("listener", "one", "two", "three");

    try (EnrichedTopic topic =
        new EnrichedTopicConsumer(
            "listener", Map.of("bootstrap.servers", broker.bootstrapServers()), 10, this::see)) {
      assertThat(seen.take()).isEqualTo("one");
      assertThat(seen.take()).isEqualTo("three");
      while (!topic.caughtUp()) {
        Thread.sleep(10);
      }
    }
  }

  /** Something else may write into the topic: its records are skipped, and nobody is told. */
  @Test
  void shouldSkipRecordsThatAreNoEnrichedRecords() throws Exception {
    topicWithTombstones("garbage", "one");
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      byte[] key = "garbage".getBytes(UTF_8);
      producer.send(new ProducerRecord<>("garbage", key, "{not json".getBytes(UTF_8))).get();
      producer.send(new ProducerRecord<>("garbage", key, "null".getBytes(UTF_8))).get();
      producer.send(new ProducerRecord<>("garbage", "last".getBytes(UTF_8), null)).get();
    }

    try (EnrichedTopic topic =
        new EnrichedTopicConsumer(
            "garbage", Map.of("bootstrap.servers", broker.bootstrapServers()), 10, this::seeAll)) {
      assertThat(seen.take()).isEqualTo("one");
      assertThat(seen.take()).isEqualTo("last");
      while (!topic.caughtUp()) {
        Thread.sleep(10);
      }
    }
  }

  private void see(byte[] ofRecord, EnrichedRecord record) {
    String key = new String(ofRecord, UTF_8);
    if (key.equals("two")) {
      throw new IllegalStateException("a listener's fault");
    }
    seen.add(key);
  }

  /** The first attempt fails before it reads anything. The second one still looks back. */
  @Test
  void shouldTryAgainAfterAnyFailureAndStillLookBack() throws Exception {
    topicWithTombstones("again", "one", "two");

    try (EnrichedTopic topic =
        new EnrichedTopicConsumer(
            "again", Map.of("bootstrap.servers", new FailingOnce()), 1, this::seeAll)) {
      assertThat(seen.take()).isEqualTo("two");
      while (!topic.caughtUp()) {
        Thread.sleep(10);
      }
    }
  }

  private void seeAll(byte[] key, EnrichedRecord record) {
    seen.add(new String(key, UTF_8));
  }

  /** The broker's address. The first call fails. */
  private static final class FailingOnce extends AbstractList<String> {
    private boolean failed;

    @Override
    public int size() {
      if (!failed) {
        failed = true;
        throw new IllegalStateException("not Kafka's");
      }
      return 1;
    }

    @Override
    public String get(int index) {
      return broker.bootstrapServers();
    }
  }

  private static void topicWithTombstones(String topic, String... keys) throws Exception {
    broker.createTopics(List.of(new NewTopic(topic, 1, (short) 1)));
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (String key : keys) {
        producer.send(new ProducerRecord<>(topic, key.getBytes(UTF_8), null)).get();
      }
    }
  }
}
