package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.Connection;
import io.undercurrent.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PlayCommandTest {

  private static final String THREE_LINES =
      """
      {"key": "a", "text": "one", "timestamp": 1700000000000}
      {"key": "b", "text": "two"}
      {"key": "a", "text": thr
      """;

  @TempDir private static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir private Path folder;
  private Path input;
  private String topic;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void writeInput(TestInfo test) throws IOException {
    topic = test.getTestMethod().orElseThrow().getName();
    input = Files.writeString(folder.resolve("input.jsonl"), THREE_LINES);
  }

  @Test
  void shouldSendEachLineUnchanged() {
    createTopic();
    assertThat(play("--topic", topic, "--input", input.toString()))
        .startsWith("0 sending 3 messages to " + topic + " on " + broker.bootstrapServers() + "\n")
        .contains("\n3 messages sent in ");
    List<ConsumerRecord<byte[], byte[]>> records = records();
    assertThat(records)
        .extracting(record -> record.key() == null ? null : new String(record.key(), UTF_8))
        .containsExactly(
            "a", "b", "input.jsonl"); // the file's name replaces a key that cannot be read
    assertThat(records)
        .extracting(record -> new String(record.value(), UTF_8))
        .containsExactlyElementsOf(THREE_LINES.lines().toList());
    assertThat(records.get(0).timestamp()).isEqualTo(1700000000000L);
  }

  /** Kafka goes by the records' timestamps, and deletes such records soon after they were sent. */
  @Test
  void shouldWarnOfMessagesThatAreOlderThanTheTopicKeepsThem() {
    NewTopic week = new NewTopic(topic, 1, (short) 1).configs(Map.of("retention.ms", "604800000"));
    broker.createTopics(List.of(week));
    assertThat(play("--topic", topic, "--input", input.toString()))
        .contains(
            ("\nwarning: topic %1$s keeps records for 7 days (retention.ms), and messages are older"
                    + " than that: the broker deletes them, whether they were read or not. Raise it"
                    + " first (kafka-configs.sh --alter --entity-type topics --entity-name %1$s"
                    + " --add-config retention.ms=-1), or leave out their timestamps\n")
                .formatted(topic))
        .endsWith("\n1 of them were older than the retention of " + topic + "\n");
  }

  @Test
  void shouldStartAgainWithRepeat() {
    createTopic();
    assertThat(play("--topic", topic, "--input", input.toString(), "--repeat", "--records", "7"))
        .contains("\n7 messages sent in ");
    List<String> lines = THREE_LINES.lines().toList();
    assertThat(records())
        .extracting(record -> new String(record.value(), UTF_8))
        .containsExactly(
            lines.get(0),
            lines.get(1),
            lines.get(2),
            lines.get(0),
            lines.get(1),
            lines.get(2),
            lines.get(0));
  }

  @Test
  void shouldEndWhenTheTimeIsOver() {
    createTopic();
    // The second of the demo's messages would be due in a day.
    assertThat(play("--topic", topic, "--rate", "0.00001", "--repeat", "--for", "200ms"))
        .contains("\n1 messages sent in ");
    assertThat(records()).hasSize(1);
  }

  @Test
  void shouldSayWhatIsWrong() throws IOException {
    assertThat(play("--topic", "none", "--input", input.toString()))
        .isEqualTo(
            "1 error: topic none must exist on %s, found no such topic: create it, or choose another one\n"
                .formatted(broker.bootstrapServers()));
    assertThat(play("--rate", "0")).startsWith("2 --rate must be more than 0");
    assertThat(play("--records", "-1")).startsWith("2 --records must be more than 0");
    Path empty = Files.writeString(folder.resolve("empty.txt"), "\n");
    assertThat(play("--input", empty.toString()))
        .startsWith("2 --input must have at least one line, found none in " + empty);
    assertThat(play("--input", folder.resolve("none").toString()))
        .isEqualTo("1 error: " + folder.resolve("none") + ": must exist, found no such file\n");
  }

  @Test
  void shouldCountMessagesThatTheBrokerRefuses() {
    createTopic("max.message.bytes", "100");
    assertThat(play("--topic", topic, "--records", "3"))
        .startsWith("1 ")
        .contains("messages are refused: RecordTooLargeException: ")
        .contains("\n0 messages sent in ")
        .contains("error: 3 of 3 messages were not sent to " + topic)
        .containsOnlyOnce("messages are refused");
  }

  @Test
  void shouldSayThatTheBrokerIsGone() throws Exception {
    StringWriter output = new StringWriter();
    ExecutorService player = Executors.newSingleThreadExecutor();
    EmbeddedBroker leaving = EmbeddedBroker.start(folder.resolve("leaving"));
    try {
      leaving.createTopics(List.of(new NewTopic(topic, 1, (short) 1)));
      Path config =
          settings(
              "bootstrap.servers=" + leaving.bootstrapServers(),
              "producer.linger.ms=0",
              "producer.request.timeout.ms=1000",
              "producer.delivery.timeout.ms=1000",
              "producer.max.block.ms=1000");
      String[] arguments = {
        "play",
        "--config",
        config.toString(),
        "--topic",
        topic,
        "--rate",
        "4",
        "--repeat",
        "--records",
        "40"
      };
      Future<Integer> exit = player.submit(() -> execute(output, arguments));
      while (records(leaving).isEmpty()) {
        assertThat(exit.isDone()).isFalse();
      }
      leaving.close();

      assertThat(exit.get()).isEqualTo(1);
      assertThat(output.toString())
          .contains("messages are refused: ")
          .contains("of 40 messages were not sent to " + topic)
          .endsWith(
              "; check that the broker at %s runs, then send them again\n"
                  .formatted(leaving.bootstrapServers()));
    } finally {
      leaving.close();
      player.shutdownNow();
    }
  }

  /** Unlike Kafka Streams' transactional producers. */
  @Test
  void shouldNotWaitForABrokerForever() throws IOException {
    Object timeout =
        Connection.toProduce(settings("processing.guarantee=exactly_once_v2"), "host:1")
            .getProducerConfigs("any")
            .get("delivery.timeout.ms");
    assertThat(timeout).isNull(); // so Kafka's default applies
    assertThat(
            Connection.toProduce(settings("producer.delivery.timeout.ms=70000"), "host:1")
                .getProducerConfigs("any"))
        .containsEntry("delivery.timeout.ms", "70000");
  }

  private Path settings(String... lines) throws IOException {
    return Files.write(folder.resolve("streams.properties"), List.of(lines));
  }

  private void createTopic(String... config) {
    Map<String, String> configs = config.length == 0 ? Map.of() : Map.of(config[0], config[1]);
    broker.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configs)));
  }

  private List<ConsumerRecord<byte[], byte[]>> records() {
    return records(broker);
  }

  private List<ConsumerRecord<byte[], byte[]>> records(EmbeddedBroker broker) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      return records;
    }
  }

  /** Runs the command and returns its exit code and all output. */
  private static String play(String... options) {
    List<String> arguments =
        new ArrayList<>(List.of("play", "--bootstrap-server", broker.bootstrapServers()));
    arguments.addAll(Arrays.asList(options));
    StringWriter output = new StringWriter();
    int exit = execute(output, arguments.toArray(String[]::new));
    return exit + " " + output;
  }

  private static int execute(StringWriter output, String... arguments) {
    PrintWriter writer = new PrintWriter(output, true);
    return Main.commandLine().setOut(writer).setErr(writer).execute(arguments);
  }
}
