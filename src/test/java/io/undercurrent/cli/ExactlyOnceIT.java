package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.model.TinyModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ExactlyOnceIT {

  private static final int KEYS = 12;
  private static final int HALF = 150;
  private static final int PART = 50; // of the second half, written before the kill
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir private Path folder;

  @Test
  void shouldGiveTheSameBytesAfterAKillInsideATransactionAsWithoutAndAsEnrich() throws Exception {
    Path model = SmallModel.writeLooking(folder.resolve("model"));
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
        Topic killed = new Topic(broker, "killed");
        Topic undisturbed = new Topic(broker, "undisturbed")) {
      int aborted;
      List<String> enrichInput = new ArrayList<>();
      try (StreamsApp undisturbedApp = app(broker, model)) {
        undisturbedApp.checkTopics(true);
        undisturbedApp.start();
        undisturbedApp.awaitRunning();

        // The first half is committed. Then a part of the second half is produced. The process is
        // killed
        // when it has written some of this part in an open transaction. It commits every 8 s, and
        // the
        // kill comes less than a second after a commit, so there is no commit between. It cannot
        // have
        // read all of the second half, because the other part is produced after the kill. The
        // broker
        // aborts the transaction 9 to 19 s after it began, because it checks every 10 s.
        Path topology =
            Files.writeString(folder.resolve("killed.yaml"), definition(model, "killed"));
        enrichInput.addAll(produce(broker, 0, HALF));
        try (Child first =
            run(
                broker,
                topology,
                "state-1",
                "commit.interval.ms=8000",
                "producer.transaction.timeout.ms=9000")) {
          killed.awaitCommitted(HALF, first);
          enrichInput.addAll(produce(broker, HALF, HALF + PART));
          killed.awaitUncommitted(HALF + 1, first);
          first.kill();
        }
        killed.drain();
        assertThat(killed.committed.records())
            .as("records committed before the kill")
            .hasSize(HALF);
        aborted = killed.uncommitted.records().size() - HALF;
        assertThat(aborted).as("records of the open transaction").isBetween(1, PART);
        enrichInput.addAll(produce(broker, HALF + PART, 2 * HALF));

        try (Child second = run(broker, topology, "state-2")) {
          killed.awaitCommitted(2 * HALF, second);
          second.terminate();
          assertThat(second.exitCode(PATIENCE)).as(second.err()).isZero();
        }
        undisturbed.awaitCommitted(2 * HALF, null);
      }

      // Both apps have ended: a record that was written twice would be there now.
      killed.drain();
      undisturbed.drain();
      assertThat(killed.committed.records()).hasSize(2 * HALF);
      assertThat(killed.uncommitted.records()).hasSize(2 * HALF + aborted);
      assertThat(undisturbed.committed.records()).hasSize(2 * HALF);
      assertThat(undisturbed.uncommitted.records()).hasSize(2 * HALF);
      Map<ByteBuffer, List<String>> expected = enrich(model, enrichInput);
      assertThat(expected).hasSize(KEYS);
      assertThat(byKey(killed.committed.records())).isEqualTo(expected);
      assertThat(byKey(undisturbed.committed.records())).isEqualTo(expected);
    }
  }

  private StreamsApp app(EmbeddedBroker broker, Path model) throws Exception {
    Path file =
        Files.writeString(folder.resolve("undisturbed.yaml"), definition(model, "undisturbed"));
    TopologyDefinition definition = TopologyDefinition.load(file);
    UndercurrentConfig config =
        UndercurrentConfig.of(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "application.id",
                "undisturbed",
                "state.dir",
                folder.resolve("undisturbed-state").toString(),
                UndercurrentConfig.TOPICS_PARTITIONS,
                "2"));
    return new StreamsApp(
        definition, config, Checkpoint.load(model.toString()), new SimpleMeterRegistry());
  }

  private Child run(EmbeddedBroker broker, Path topology, String state, String... more)
      throws Exception {
    Path settings =
        Files.writeString(
            folder.resolve(state + ".properties"),
            String.join(
                "\n",
                "bootstrap.servers=" + broker.bootstrapServers(),
                "application.id=killed",
                "state.dir=" + folder.resolve(state),
                "undercurrent.http.port=-1",
                "undercurrent.topics.partitions=2",
                "main.consumer.session.timeout.ms=6000", // the dead member leaves the group sooner
                "main.consumer.heartbeat.interval.ms=1000",
                String.join("\n", more)));
    return Child.start(
        folder,
        "run",
        "--config",
        settings.toString(),
        "--topology",
        topology.toString(),
        "--create-topics");
  }

  private static String definition(Path model, String sink) {
    return String.join(
        "\n",
        "name: " + sink,
        "source: {topics: [messages], value: json, text: /text, key: record}",
        "model: " + model,
        "next: 3",
        "store: hidden-state",
        "sinks: {enriched: " + sink + ", deadLetters: " + sink + "-dead}");
  }

  /**
   * Produces some of the records and returns the lines from which {@code enrich} reads the same.
   */
  private static List<String> produce(EmbeddedBroker broker, int from, int to) throws Exception {
    List<String> lines = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(from);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        StringBuilder text = new StringBuilder();
        for (int w = random.nextInt(9); w > 0; w--) {
          text.append(TinyModel.WORDS.get(random.nextInt(TinyModel.WORDS.size()))).append(' ');
        }
        String key = "key-" + random.nextInt(KEYS);
        long timestamp = 1_700_000_000_000L + i * 1000L;
        byte[] value = ("{\"text\":\"" + text + "\"}").getBytes(StandardCharsets.UTF_8);
        RecordMetadata at =
            producer
                .send(
                    new ProducerRecord<>(
                        "messages", null, timestamp, key.getBytes(StandardCharsets.UTF_8), value))
                .get();
        lines.add(enrichLine(key, text.toString(), timestamp, at));
      }
    }
    return lines;
  }

  /** A record of the topic messages as a line of {@code enrich}'s input. */
  static String enrichLine(String key, String text, long timestamp, RecordMetadata at) {
    return "{\"key\":\"%s\",\"text\":\"%s\",\"timestamp\":%d,\"source\":{\"topic\":\"messages\",\"partition\":%d,\"offset\":%d,\"timestamp\":%d}}"
        .formatted(key, text, timestamp, at.partition(), at.offset(), timestamp);
  }

  private static Map<ByteBuffer, List<String>> enrich(Path model, List<String> lines)
      throws Exception {
    Map<ByteBuffer, List<String>> byKey = new LinkedHashMap<>();
    enrichedLines(model, lines)
        .forEach(
            (key, enriched) ->
                byKey.put(ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)), enriched));
    return byKey;
  }

  /** The output of {@code enrich}, by key. */
  static Map<String, List<String>> enrichedLines(Path model, List<String> lines) throws Exception {
    Model loaded = Checkpoint.load(model.toString());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int exit =
        new EnrichCommand.Session(
                new Enrichment(loaded, EnrichmentSettings.DEFAULTS.withNextTokens(3)), false)
            .run(
                new ByteArrayInputStream(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)),
                out);
    assertThat(exit).isZero();
    Map<String, List<String>> byKey = new LinkedHashMap<>();
    for (String line : out.toString(StandardCharsets.UTF_8).split("\n")) {
      String key = line.substring(8, line.indexOf('"', 8)); // {"key":"...
      byKey.computeIfAbsent(key, k -> new ArrayList<>()).add(line);
    }
    return byKey;
  }

  private static Map<ByteBuffer, List<String>> byKey(List<ConsumerRecord<byte[], byte[]>> records) {
    Map<ByteBuffer, List<String>> byKey = new LinkedHashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      byKey
          .computeIfAbsent(ByteBuffer.wrap(record.key()), k -> new ArrayList<>())
          .add(new String(record.value(), StandardCharsets.UTF_8));
    }
    return byKey;
  }

  /** Reads an enriched topic twice, with and without read_committed. */
  private static final class Topic implements AutoCloseable {
    private final TopicReader committed;
    private final TopicReader uncommitted;
    private final String name;

    Topic(EmbeddedBroker broker, String name) {
      this.name = name;
      committed = TopicReader.committed(broker.bootstrapServers(), name);
      uncommitted = TopicReader.uncommitted(broker.bootstrapServers(), name);
    }

    void awaitCommitted(int count, Child by) throws Exception {
      await(count, committed, by);
    }

    void awaitUncommitted(int count, Child by) throws Exception {
      await(count, uncommitted, by);
    }

    private void await(int count, TopicReader reader, Child by) throws Exception {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (reader.records().size() < count) {
        if (System.nanoTime() > deadline || by != null && !by.isAlive()) {
          throw new AssertionError(
              "%s: %d of %d records%s"
                  .formatted(
                      name, reader.records().size(), count, by == null ? "" : "\n" + by.err()));
        }
        uncommitted.poll();
        committed.poll();
      }
    }

    /** Reads to the present end: with read_committed it is the start of an open transaction. */
    void drain() {
      uncommitted.drain();
      committed.drain();
    }

    @Override
    public void close() {
      committed.close();
      uncommitted.close();
    }
  }
}
