package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TrainFromTopicTest {

  private static final String NOBODY = "127.0.0.1:1";

  @TempDir private static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir private Path folder;
  private Path recipe;
  private String topic;

  /** The result of a command. */
  private record Run(int exit, String out, String err) {}

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void writeFiles(TestInfo test) throws IOException {
    topic = test.getTestMethod().orElseThrow().getName();
    broker.createTopics(List.of(new NewTopic(topic, 2, (short) 1)));
    StringBuilder dev = new StringBuilder("label\ttext\n");
    for (int i = 0; i < 20; i++) {
      dev.append(i % 2).append('\t').append(TinyModel.text(5, i)).append('\n');
    }
    Files.writeString(folder.resolve("dev.tsv"), dev);
    recipe =
        Files.writeString(
            folder.resolve("recipe.yaml"),
            """
            name: tiny
            seed: 7
            model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: concat}
            vocabulary: {type: bytes}
            training: {epochs: 1, patience: 1, batch_size: 4, bptt: 12, learning_rate: 0.02, clip_grad_norm: 1.0,
              dropout_embedding: 0.05, dropout_output: 0.05, dropout_features: 0.05, fresh_share: 0.5,
              sentiment_weight: 1.0, next_token_weight: 0.2, next_token_share: 0.5, max_tokens: 64}
            train: [{name: none, file: none.tsv, label: label}]
            dev: [{name: dev, file: dev.tsv, label: label, labels: {"0": negative, "1": positive}}]
            """);
  }

  @Test
  void shouldTrainTheSameModelEvenIfTheTopicChangesLater() throws Exception {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String label = i % 2 == 0 ? "negative" : "positive";
      records.add(record("key-" + i % 5, json(TinyModel.text(5, i), label)));
    }
    records.add(record("key-0", null));
    records.add(record(null, json("alone", "neutral")));
    send(records);
    abort(record("key-0", "not to be seen"));

    Run first = train("one", "--bootstrap-server", broker.bootstrapServers());
    assertThat(first.exit).as(first.err).isZero();
    assertThat(first.err)
        .contains("41 records of 6 conversations; skipped: 1 tombstones, 0 bad", "epoch 1:");
    Path kept = folder.resolve("one").resolve("topic.jsonl");
    List<String> lines = Files.readAllLines(kept);
    assertThat(lines).hasSize(41);
    for (int k = 0; k < 5; k++) { // eight records of a key follow one another
      String text = TinyModel.text(5, k);
      int start = indexOf(lines, text);
      for (int i = 0; i < 8; i++) {
        assertThat(lines.get(start + i)).contains("\"" + TinyModel.text(5, k + 5 * i) + "\"");
      }
    }
    assertThat(groups()).isEmpty();

    Path config =
        Files.writeString(
            folder.resolve("streams.properties"),
            "bootstrap.servers=" + broker.bootstrapServers() + "\n");
    Run again = train("two", "--config", config.toString());
    assertThat(again.err).contains("41 records of 6 conversations");
    assertThat(fingerprint(again)).isEqualTo(fingerprint(first));

    Path dev = folder.resolve("dev.tsv");
    Path away = Files.move(dev, folder.resolve("away.tsv"));
    Run stopped = train("three", "--bootstrap-server", broker.bootstrapServers());
    assertThat(lastLine(stopped)).contains("dev.tsv: must be the data of source dev");
    Files.move(away, dev);
    send(List.of(record("key-0", "no JSON any more")));
    Run resumed = train("three", "--bootstrap-server", NOBODY);
    assertThat(resumed.exit).as(resumed.err).isZero();
    assertThat(resumed.err).contains("using the topic's records that are kept in", "epoch 1:");
    assertThat(fingerprint(resumed)).isEqualTo(fingerprint(first));
    assertThat(folder.resolve("three/topic.jsonl")).hasSameTextualContentAs(kept);
  }

  @Test
  void shouldStopAtABadRecordUnlessToldToSkipIt() throws Exception {
    send(
        List.of(
            new ProducerRecord<>(topic, 1, null, json("fine", "positive").getBytes(UTF_8)),
            new ProducerRecord<>(topic, 1, null, json("fine", "great").getBytes(UTF_8)),
            new ProducerRecord<>(topic, 1, null, "fine".getBytes(UTF_8))));
    String reason =
        topic + "-1@1: label must be one of negative, neutral, positive, found" + " great";

    Run refused = train("run", "--bootstrap-server", broker.bootstrapServers());
    assertThat(refused.exit).isEqualTo(1);
    assertThat(refused.err).endsWith("error: " + reason + " (--skip-bad skips such records)\n");
    assertThat(folder.resolve("run")).doesNotExist();
    Run skipped = train("run", "--bootstrap-server", broker.bootstrapServers(), "--skip-bad");
    assertThat(skipped.exit).as(skipped.err).isZero();
    assertThat(skipped.err)
        .contains("skipping bad records, the first: " + reason)
        .contains("1 records of 1 conversations; skipped: 0 tombstones, 2 bad");
  }

  @Test
  void shouldSayThatThereIsNothingToRead() {
    assertThat(lastLine(train("run", "--bootstrap-server", broker.bootstrapServers())))
        .isEqualTo("error: topic " + topic + " must have at least one labelled record, found none");
    String servers = broker.bootstrapServers();
    topic = "no-such-topic";
    assertThat(lastLine(train("run", "--bootstrap-server", servers)))
        .isEqualTo(
            "error: topic no-such-topic must exist on "
                + servers
                + ", found no such topic: create it, or choose another one");
    assertThat(lastLine(train("run", "--bootstrap-server", NOBODY)))
        .isEqualTo(
            "error: no broker answered at "
                + NOBODY
                + " within 10 s: start one there, or set another address in bootstrap.servers");
    assertThat(lastLine(train("run", "--config", folder.resolve("none").toString())))
        .isEqualTo(
            "error: " + folder.resolve("none") + ": must be a properties file, found no such file");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private Run train(String run, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of("train", "--recipe", recipe.toString(), "--data", folder.toString()));
    arguments.addAll(List.of("--run", folder.resolve(run).toString(), "--from-topic", topic));
    arguments.addAll(List.of(options));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }

  private static String lastLine(Run run) {
    assertThat(run.exit).isEqualTo(1);
    return run.err.lines().reduce((a, b) -> b).orElseThrow();
  }

  private static String fingerprint(Run run) {
    assertThat(run.out).as(run.err).contains("(fingerprint ");
    return run.out.substring(run.out.indexOf("(fingerprint "), run.out.indexOf(')'));
  }

  private static int indexOf(List<String> lines, String text) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains("\"" + text + "\"")) {
        return i;
      }
    }
    throw new AssertionError("no line with " + text);
  }

  private static String json(String text, String label) {
    return "{\"text\":\"" + text + "\",\"label\":\"" + label + "\"}";
  }

  private ProducerRecord<byte[], byte[]> record(String key, String value) {
    return new ProducerRecord<>(
        topic,
        key == null ? null : key.getBytes(UTF_8),
        value == null ? null : value.getBytes(UTF_8));
  }

  private static void send(List<ProducerRecord<byte[], byte[]>> records) {
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      records.forEach(producer::send);
    }
  }

  private static void abort(ProducerRecord<byte[], byte[]> record) {
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", "aborted"))) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(record);
      producer.flush();
      producer.abortTransaction();
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> settings) {
    Map<String, Object> all = new HashMap<>(settings);
    all.put("bootstrap.servers", broker.bootstrapServers());
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static List<String> groups() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      return admin.listGroups().all().get().stream().map(group -> group.groupId()).toList();
    }
  }
}
