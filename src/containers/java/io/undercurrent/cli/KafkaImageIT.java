package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.AppException;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests with the Kafka image that users deploy, with faults that an embedded broker cannot have.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KafkaImageIT {

  private static final int NEXT_TOKENS = 3;

  /** The shortest session timeout that a broker with Kafka's defaults accepts. */
  private static final int SESSION_TIMEOUT_MS = 6_000;

  @TempDir private Path folder;
  private TopologyDefinition definition;
  private Model model;

  @BeforeAll
  static void requireDocker() {
    Docker.require();
  }

  @BeforeEach
  void writeDefinition() throws IOException {
    Path checkpoint = SmallModel.writeLooking(folder.resolve("model"));
    model = Checkpoint.load(checkpoint.toString());
    definition =
        TopologyDefinition.load(
            Files.writeString(
                folder.resolve("enrich.yaml"),
                """
                name: enrich
                source: {topics: [messages], value: json, text: /text, key: record}
                model: %s
                next: %d
                store: hidden-state
                sinks: {enriched: messages-enriched, deadLetters: messages-dead-letters}
                """
                    .formatted(checkpoint, NEXT_TOKENS)));
  }

  @Test
  void shouldLoseAndRepeatNothingWhenTheNetworkIsInterrupted() throws Exception {
    try (KafkaContainers kafka = KafkaContainers.start(1);
        Traffic traffic = traffic(kafka)) {
      try (StreamsApp app = start(kafka)) {
        traffic.send(200);
        traffic.awaitCommitted();

        traffic.send(100); // some of these may be in an open transaction now
        kafka.pause(0);
        traffic.send(100); // these wait in the producer
        // The broker does not answer until the app's session has timed out.
        awaitNoAnswer(kafka, SESSION_TIMEOUT_MS + 1_000);
        assertThat(app.isLive()).as("the app waits for its broker").isTrue();
        kafka.unpause(0);

        traffic.send(100);
        traffic.awaitCommitted();
      }
      traffic.assertThatAllIsAsEnrichedOffline(model, NEXT_TOKENS);
    }
  }

  @Test
  void shouldLoseAndRepeatNothingInARollingRestartOfItsBrokers() throws Exception {
    try (KafkaContainers kafka = KafkaContainers.start(3);
        Traffic traffic = traffic(kafka)) {
      try (StreamsApp app = start(kafka)) {
        traffic.send(100);
        traffic.awaitCommitted();
        for (int node = 0; node < 3; node++) {
          kafka.awaitInSync();
          sendWhileRestarting(traffic, kafka, node);
          traffic.awaitCommitted();
        }
        kafka.awaitInSync();
        traffic.send(100);
        traffic.awaitCommitted();
        assertThat(app.isLive()).isTrue();
      }
      traffic.assertThatAllIsAsEnrichedOffline(model, NEXT_TOKENS);
    }
  }

  private static void sendWhileRestarting(Traffic traffic, KafkaContainers kafka, int node)
      throws Exception {
    int before = traffic.sent();
    CompletableFuture<Void> restart = CompletableFuture.runAsync(() -> kafka.restart(node));
    while (!restart.isDone()) {
      traffic.send(1);
      Thread.sleep(20);
    }
    restart.get();
    assertThat(traffic.sent()).as("messages sent during the restart").isGreaterThan(before);
  }

  private Traffic traffic(KafkaContainers kafka) {
    return new Traffic(kafka.bootstrapServers(), definition.topics().get(0), definition.enriched());
  }

  private StreamsApp start(KafkaContainers kafka) throws InterruptedException {
    StreamsApp app =
        new StreamsApp(
            definition,
            UndercurrentConfig.of(
                Map.of(
                    "bootstrap.servers",
                    kafka.bootstrapServers(),
                    "application.id",
                    "undercurrent",
                    "state.dir",
                    folder.resolve("state").toString(),
                    "main.consumer.session.timeout.ms",
                    Integer.toString(SESSION_TIMEOUT_MS),
                    "main.consumer.heartbeat.interval.ms",
                    "1000",
                    "undercurrent.topics.partitions",
                    "3")),
            model,
            new SimpleMeterRegistry());
    try {
      app.checkTopics(true);
      app.start();
      app.awaitRunning();
      return app;
    } catch (AppException e) {
      app.close();
      throw e;
    }
  }

  private static void awaitNoAnswer(KafkaContainers kafka, int timeoutMs) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      assertThatThrownBy(
              () ->
                  admin
                      .describeCluster(new DescribeClusterOptions().timeoutMs(timeoutMs))
                      .nodes()
                      .get())
          .hasCauseInstanceOf(TimeoutException.class);
    }
  }
}
