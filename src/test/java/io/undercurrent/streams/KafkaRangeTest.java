package io.undercurrent.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.broker.EmbeddedBroker;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests the plugin with older versions of Kafka Streams, each in its own JVM; all other tests use
 * the newest. Maven copies the jars to {@code target/kafka}, one folder for each version.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class KafkaRangeTest {

  private static final int RECORDS = 60;
  private static final int FAILING_LATER = 2; // after they have changed their key's state

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir Path folder;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  static Stream<Path> versions() throws IOException {
    try (Stream<Path> folders = Files.list(Path.of("target", "kafka"))) {
      return folders.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void shouldEnrichAndSendDeadLettersWithThisVersion(Path jars) throws Exception {
    String version = jars.getFileName().toString();
    String id = "range-" + version;
    broker.createTopics(
        Stream.of(id, id + "-out", id + "-dead")
            .map(topic -> new NewTopic(topic, 1, (short) 1))
            .toList());
    send(id);

    String printed = run(jars, id);

    assertThat(printed.lines())
        .containsExactly(
            "version " + version,
            "records of k " + (RECORDS + FAILING_LATER),
            "instances 1",
            "lag known true",
            "looked ahead true",
            "dead letters 4");
    List<ConsumerRecord<String, String>> out = receive(id + "-out", RECORDS);
    assertThat(out).allMatch(record -> record.value().contains("\"conversation\""));
    Map<String, String> states = new TreeMap<>();
    for (ConsumerRecord<String, String> letter : receive(id + "-dead", 4)) {
      states.put(
          header(letter, "__streams.errors.message").replaceFirst(":.*", "") + " " + letter.value(),
          header(letter, DeadLetterHandler.STATE_HEADER));
      assertThat(header(letter, "__streams.errors.topic")).isEqualTo(id);
    }
    assertThat(states)
        .isEqualTo(
            Map.of(
                "deserialization unreadable", "unchanged",
                "null-key a b", "unchanged",
                "deserialization downstream", "moved",
                "serialization unwritable", "moved"));
  }

  @Test
  void shouldDocumentTheTestedVersions() throws Exception {
    List<Path> versions = versions().toList();

    assertThat(versions).hasSize(2);
    for (Path document : List.of(Path.of("README.md"), Path.of("docs", "operating.md"))) {
      assertThat(document)
          .content()
          .contains(
              "Kafka Streams %s to %s"
                  .formatted(versions.get(0).getFileName(), KafkaRangeApp.version()));
    }
  }

  private static void send(String topic) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>(topic, "k", "unreadable"));
      producer.send(new ProducerRecord<>(topic, null, "a b"));
      producer.send(new ProducerRecord<>(topic, "k", "downstream"));
      producer.send(new ProducerRecord<>(topic, "k", "unwritable"));
      for (int i = 0; i < RECORDS; i++) {
        producer.send(new ProducerRecord<>(topic, "k", "a b c"));
      }
    }
  }

  private String run(Path jars, String id) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(jars),
                KafkaRangeApp.class.getName(),
                broker.bootstrapServers(),
                id,
                folder.resolve("states").toString(),
                Integer.toString(RECORDS + FAILING_LATER))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("the application has ended").isTrue();
      assertThat(process.exitValue()).as(Files.readString(err)).isZero();
      return Files.readString(out);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * Our class path without Kafka, the broker, native products and a logger: a user's class path.
   */
  private static String classPath(Path jars) {
    Stream<String> ours =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.matches(".*(kafka|rocksdb|nd4j|bytedeco|logback).*\\.jar"));
    return Stream.concat(Stream.of(jars + File.separator + "*"), ours)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static List<ConsumerRecord<String, String>> receive(String topic, int count) {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers", broker.bootstrapServers(),
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (records.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      consumer.poll(Duration.ofMillis(300)).forEach(records::add);
    }
    assertThat(records).hasSize(count);
    return records;
  }

  private static String header(ConsumerRecord<String, String> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), UTF_8);
  }
}
