package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.broker.EmbeddedBroker;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code run} says and does when its cluster fails it. Each test has its own processes. */
@Timeout(240)
class HealthIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Within this time a fault must be reported. */
  private static final Duration SAID = Duration.ofSeconds(30);

  /** Settings with which a transaction stays open. */
  private static final String[] OPEN_FOR_LONG = {
    "commit.interval.ms=60000", "producer.transaction.timeout.ms=90000"
  };

  private static final int PORT = ServedApp.freePort();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir private Path folder;
  private Path topology;

  @BeforeEach
  void writeFiles() throws Exception {
    Path model = SmallModel.write(folder.resolve("model"));
    topology =
        Files.writeString(
            folder.resolve("topology.yaml"),
            String.join(
                "\n",
                "name: health",
                "source: {topics: [in], value: text, key: record}",
                "model: " + model,
                "next: 3",
                "store: hidden-state",
                "sinks: {enriched: out, deadLetters: dead}"));
  }

  @Test
  void shouldSayThatNoBrokerAnswersAndStopWithoutOne() throws Exception {
    try (Child broker =
        Child.startWithInput(folder, "bench-broker", folder.resolve("broker").toString())) {
      String servers = broker.awaitLine("ready ", PATIENCE).substring("ready ".length());
      try (Child app = run(servers, OPEN_FOR_LONG)) {
        shouldSayThatNoBrokerAnswersAndStopWithoutOne(broker, servers, app);
      }
    }
  }

  private void shouldSayThatNoBrokerAnswersAndStopWithoutOne(
      Child broker, String servers, Child app) throws Exception {
    app.awaitLine("running: ", PATIENCE);
    await("ready", SAID, () -> get("/health/ready").statusCode() == 200);

    broker.signal("STOP");
    await("not ready", SAID, () -> get("/health/ready").statusCode() == 503);
    assertThat(get("/health/ready").body())
        .startsWith("{\"status\":\"DOWN\",\"reason\":\"brokers unreachable since ");
    assertThat(get("/health/live").statusCode()).as("a restart would not help").isEqualTo(200);
    assertThat(get("/metrics").body())
        .contains("undercurrent_lag_records{topology=\"health\"} NaN")
        .contains("undercurrent_ready_instances{topology=\"health\"} 0.0")
        .doesNotContain("undercurrent_brokers_unreachable_seconds{topology=\"health\"} 0.0");

    broker.signal("CONT");
    await("ready again", SAID, () -> get("/health/ready").statusCode() == 200);
    assertThat(app.err()).containsOnlyOnce("brokers unreachable since ");
    assertThat(app.err()).containsOnlyOnce("brokers answer again");
    assertThat(get("/metrics").body())
        .contains("undercurrent_lag_records{topology=\"health\"} 0.0")
        .contains("undercurrent_brokers_unreachable_seconds{topology=\"health\"} 0.0");
    assertReadyFor(Duration.ofSeconds(20), "a healthy broker and an idle topic");

    produce(servers, 1); // opens a transaction
    await("a record", PATIENCE, () -> records() == 1);
    broker.kill();
    app.terminate(); // it has not noticed yet
    assertThat(app.exitCode(Duration.ofSeconds(20))).as(app.err()).isZero();
    assertThat(app.out()).contains("stopped without the brokers, which do not answer: nothing is");
  }

  @Test
  void shouldSayThatATopicIsGoneThatItWritesTo() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
        Child app = run(broker.bootstrapServers())) {
      app.awaitLine("running: ", PATIENCE);
      produce(broker, 1);
      awaitCommitted(broker, 1);
      await("ready", SAID, () -> get("/health/ready").statusCode() == 200);

      delete(broker, "out");
      produce(broker, 1);
      await("not ready", SAID, () -> get("/health/ready").statusCode() == 503);
      assertThat(get("/health/ready").body())
          .isEqualTo("{\"status\":\"DOWN\",\"reason\":\"topic out does not exist any more\"}");
      assertThat(get("/health/live").statusCode()).isEqualTo(200);
      await(
          "a stuck thread",
          SAID,
          () ->
              get("/metrics")
                  .body()
                  .contains("undercurrent_stuck_threads{topology=\"health\"} 1.0"));
      assertThat(get("/metrics").body())
          .contains("undercurrent_lag_records{topology=\"health\"} NaN");
    }
  }

  @Test
  void shouldEndWithOneAfterItsSourceTopicWasDeleted() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
        Child app =
            run(
                broker.bootstrapServers(),
                OPEN_FOR_LONG[0],
                OPEN_FOR_LONG[1],
                "producer.max.block.ms=10000" // how long the commit waits before it fails
                )) {
      app.awaitLine("running: ", PATIENCE);
      produce(broker, 20); // the offsets of an open transaction cannot be committed any more
      await("the records", PATIENCE, () -> records() == 20);

      delete(broker, "in");
      await(
          "not ready",
          SAID,
          () -> get("/health/ready").body().contains("topic in does not exist any more"));
      assertThat(app.exitCode(PATIENCE)).as(app.err()).isEqualTo(1);
      assertThat(app.err()).contains("error: stopped: ").contains("MissingSourceTopicException");
    }
  }

  /** The coordinator ends the transaction of a process that is paused for too long. */
  @Test
  void shouldGoOnAfterAPauseThatWasLongerThanItsTransaction() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
        Child app =
            run(
                broker.bootstrapServers(),
                "commit.interval.ms=5000",
                "producer.transaction.timeout.ms=6000",
                "main.consumer.session.timeout.ms=6000",
                "main.consumer.heartbeat.interval.ms=1000");
        Admin admin = admin(broker)) {
      app.awaitLine("running: ", PATIENCE);
      produce(broker, 20);
      awaitCommitted(broker, 20);
      produce(broker, 20);
      await("a transaction", PATIENCE, () -> states(admin).contains(TransactionState.ONGOING));
      app.signal("STOP");
      await(
          "the end of the transaction",
          PATIENCE,
          () -> !states(admin).contains(TransactionState.ONGOING));

      app.signal("CONT");
      produce(broker, 20);
      awaitCommitted(broker, 60);
      await("ready", SAID, () -> get("/health/ready").statusCode() == 200);
      assertThat(app.err()).doesNotContain("brokers unreachable");
      app.terminate();
      assertThat(app.exitCode(PATIENCE)).as(app.err()).isZero();
      assertThat(committed(broker)).isEqualTo(60);
    }
  }

  @Test
  void shouldStopCleanlyWhileItWaitsForABroker() throws Exception {
    try (Child app = run("127.0.0.1:1")) {
      await("a second attempt", PATIENCE, () -> app.err().contains("; trying again for 30 s"));
      assertThat(get("/health/ready").body())
          .contains("\"reason\":\"starting: the topics are not checked yet\"");
      app.terminate();
      assertThat(app.exitCode(Duration.ofSeconds(10))).as(app.err()).isZero();
      assertThat(app.out()).isEqualTo("stopped\n");
    }
  }

  private Child run(String servers, String... settings) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("run", "--topology", topology.toString(), "--create-topics", "--config"));
    List<String> lines =
        new ArrayList<>(
            List.of(
                "bootstrap.servers=" + servers,
                "application.id=health",
                "state.dir=" + folder.resolve("state"),
                "undercurrent.topics.partitions=1",
                "undercurrent.http.port=" + PORT));
    lines.addAll(List.of(settings));
    arguments.add(Files.write(folder.resolve("app.properties"), lines).toString());
    return Child.start(folder, arguments.toArray(String[]::new));
  }

  private static HttpResponse<String> get(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + PORT + path);
    return CLIENT.send(
        HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
        BodyHandlers.ofString());
  }

  private static void assertReadyFor(Duration time, String as) throws Exception {
    for (long end = System.nanoTime() + time.toNanos(); System.nanoTime() < end; ) {
      assertThat(get("/health/ready").body()).as(as).isEqualTo("{\"status\":\"UP\"}");
      Thread.sleep(500);
    }
  }

  private static void await(String what, Duration patience, Callable<Boolean> condition)
      throws Exception {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  private static Admin admin(EmbeddedBroker broker) {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  private static void delete(EmbeddedBroker broker, String topic) throws Exception {
    try (Admin admin = admin(broker)) {
      admin.deleteTopics(List.of(topic)).all().get();
    }
  }

  private static List<TransactionState> states(Admin admin) throws Exception {
    return admin.listTransactions().all().get().stream().map(each -> each.state()).toList();
  }

  private static double records() throws Exception {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("undercurrent_records_total{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static void produce(EmbeddedBroker broker, int count) {
    produce(broker.bootstrapServers(), count);
  }

  private static void produce(String servers, int count) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", servers),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < count; i++) {
        byte[] key = ("k" + i % 3).getBytes(StandardCharsets.UTF_8);
        byte[] value = "late again".getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>("in", key, value));
      }
    }
  }

  private static void awaitCommitted(EmbeddedBroker broker, int count) throws Exception {
    await(count + " committed records", PATIENCE, () -> committed(broker) >= count);
  }

  /** The number of committed records in the topic of enriched records. */
  private static int committed(EmbeddedBroker broker) {
    TopicPartition partition = new TopicPartition("out", 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "isolation.level",
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      int count = 0;
      while (consumer.position(partition) < end) {
        count += consumer.poll(Duration.ofMillis(100)).count();
      }
      return count;
    }
  }
}
