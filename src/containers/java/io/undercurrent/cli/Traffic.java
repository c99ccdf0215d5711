package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.model.TinyModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends messages of several keys to a topic of JSON, and reads the committed enriched records. Not
 * thread-safe.
 */
final class Traffic implements AutoCloseable {

  private static final int KEYS = 12;

  private final String topic;
  private final String enriched;
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final long startMs = System.currentTimeMillis();
  private final SplittableRandom random = new SplittableRandom(7);
  private final List<Sent> sent = new ArrayList<>();
  private final List<ConsumerRecord<byte[], byte[]>> committed = new ArrayList<>();

  private record Sent(String key, String text, long timestamp, Future<RecordMetadata> at) {}

  Traffic(String servers, String topic, String enriched) {
    this.topic = topic;
    this.enriched = enriched;
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers, "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  /** Gives messages to the producer, which may send them after this returns. */
  void send(int count) {
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int words = random.nextInt(9); words > 0; words--) {
        text.append(TinyModel.WORDS.get(random.nextInt(TinyModel.WORDS.size()))).append(' ');
      }
      String key = "key-" + random.nextInt(KEYS);
      long timestamp = startMs + sent.size(); // recent, because a real broker deletes old records
      byte[] value = ("{\"text\":\"" + text + "\"}").getBytes(UTF_8);
      sent.add(
          new Sent(
              key,
              text.toString(),
              timestamp,
              producer.send(
                  new ProducerRecord<>(topic, null, timestamp, key.getBytes(UTF_8), value))));
    }
  }

  int sent() {
    return sent.size();
  }

  /** Waits until as many records are committed as were sent. */
  void awaitCommitted() throws InterruptedException {
    if (consumer.assignment().isEmpty()) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(enriched).stream()
              .map(p -> new TopicPartition(enriched, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }
    Docker.await(
        sent.size() + " committed records",
        () -> {
          poll();
          return committed.size() >= sent.size();
        });
  }

  private void poll() {
    consumer.poll(Duration.ofMillis(100)).forEach(committed::add);
  }

  /**
   * Checks that the committed records of each key are byte for byte those that {@code enrich} makes
   * of the messages, so none is lost or repeated. Call it after the app has ended.
   */
  void assertThatAllIsAsEnrichedOffline(Model model, int nextTokens) throws Exception {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    Docker.await(
        "reading to " + ends,
        () -> {
          poll();
          return ends.entrySet().stream()
              .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
        });
    Map<String, List<String>> found = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : committed) {
      found
          .computeIfAbsent(new String(record.key(), UTF_8), key -> new ArrayList<>())
          .add(new String(record.value(), UTF_8));
    }
    assertThat(found).isEqualTo(enrichedOffline(model, nextTokens));
  }

  private Map<String, List<String>> enrichedOffline(Model model, int nextTokens) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (Sent message : sent) {
      RecordMetadata at = message.at.get();
      lines.append(
          "{\"key\":\"%s\",\"text\":\"%s\",\"timestamp\":%4$d,\"source\":{\"topic\":\"%3$s\",\"partition\":%5$d,\"offset\":%6$d,\"timestamp\":%4$d}}%n"
              .formatted(
                  message.key,
                  message.text,
                  topic,
                  message.timestamp,
                  at.partition(),
                  at.offset()));
    }
    Enrichment enrichment =
        new Enrichment(model, EnrichmentSettings.DEFAULTS.withNextTokens(nextTokens));
    List<String> enriched = enrich(enrichment, lines.toString());
    assertThat(enriched).hasSameSizeAs(sent);
    Map<String, List<String>> byKey = new TreeMap<>();
    for (int i = 0; i < sent.size(); i++) {
      byKey.computeIfAbsent(sent.get(i).key, key -> new ArrayList<>()).add(enriched.get(i));
    }
    return byKey;
  }

  private static List<String> enrich(Enrichment enrichment, String lines) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int exit =
        new EnrichCommand.Session(enrichment, false)
            .run(new ByteArrayInputStream(lines.getBytes(UTF_8)), out);
    assertThat(exit).isZero();
    return out.toString(UTF_8).lines().toList();
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
    consumer.close();
  }
}
