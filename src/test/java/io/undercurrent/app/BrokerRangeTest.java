package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the app with an older broker, which runs in its own JVM. Maven copies its jars to {@code
 * target/broker}, into one folder with the version as its name.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BrokerRangeTest {

  private static final int RECORDS = 30;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"classic", "streams"})
  void shouldEnrichExactlyOnceWithAnOlderBroker(String protocol) throws Exception {
    Process broker = startBroker();
    try (BufferedReader out = broker.inputReader(StandardCharsets.UTF_8)) {
      String ready = out.lines().filter(line -> line.startsWith("ready ")).findFirst().orElse("");
      assertThat(ready).as(Files.readString(folder.resolve("err"))).isNotEmpty();
      String servers = ready.substring("ready ".length());

      enrich(servers, protocol);
    } finally {
      broker.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldDocumentTheTestedVersions() throws Exception {
    Properties kafka = new Properties();
    try (InputStream file =
        KafkaConsumer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
      kafka.load(file);
    }
    String newest = kafka.getProperty("version");

    assertThat(Path.of("docs", "operating.md"))
        .content()
        .contains("Tested with brokers of Kafka %s and %s".formatted(version(), newest));
    assertThat(Path.of("docker-compose.yml")).content().contains("apache/kafka:" + newest);
  }

  private void enrich(String servers, String protocol) throws Exception {
    TopologyDefinition definition = TopologyDefinition.shipped();
    UndercurrentConfig config =
        UndercurrentConfig.of(
            Map.of(
                "bootstrap.servers",
                servers,
                "application.id",
                "range",
                "state.dir",
                folder.resolve("states").toString(),
                "group.protocol",
                protocol));
    try (StreamsApp app =
        new StreamsApp(
            definition, config, Checkpoint.load(definition.model()), new SimpleMeterRegistry())) {
      app.checkTopics(true);
      app.start();
      app.awaitRunning();
      send(servers, definition.topics().get(0));

      List<ConsumerRecord<String, String>> enriched = receive(servers, definition.enriched());
      assertThat(enriched)
          .hasSize(RECORDS)
          .allMatch(record -> record.value().contains("\"conversation\""));
      app.throwIfFailed();
    }
  }

  private static void send(String servers, String topic) {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", servers),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 0; i < RECORDS; i++) {
        producer.send(new ProducerRecord<>(topic, "k" + i % 7, "{\"text\":\"not bad\"}"));
      }
    }
  }

  private static List<ConsumerRecord<String, String>> receive(String servers, String topic) {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers", servers,
                "group.id", "reader",
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.subscribe(List.of(topic));
      long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (records.size() < RECORDS && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }

  private Process startBroker() throws IOException {
    Path jars = Path.of("target", "broker", version());
    String classPath =
        Stream.concat(
                Stream.of(jars + File.separator + "*"),
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(entry -> !entry.matches(".*/kafka(?!-streams)[^/]*\\.jar")))
            .collect(Collectors.joining(File.pathSeparator));
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath,
            "io.undercurrent.cli.Main",
            "bench-broker",
            folder.resolve("broker").toString())
        .redirectError(folder.resolve("err").toFile())
        .start();
  }

  private static String version() throws IOException {
    try (Stream<Path> versions = Files.list(Path.of("target", "broker"))) {
      return versions.findFirst().orElseThrow().getFileName().toString();
    }
  }
}
