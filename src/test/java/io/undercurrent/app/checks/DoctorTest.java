package io.undercurrent.app.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.app.checks.Finding.Result;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the checks say on a cluster that demands nothing. */
@Timeout(240)
class DoctorTest {

  @TempDir private static Path folder;
  private static EmbeddedBroker broker;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(folder.resolve("broker"));
    create("in", 2, Map.of());
    create("out", 1, Map.of());
    create("dead", 1, Map.of());
    create("other", 1, Map.of());
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static void create(String topic, int partitions, Map<String, String> settings) {
    broker.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(settings)));
  }

  private static Subject subject(
      String application, String dead, boolean create, String... settings) {
    Map<String, String> all = new HashMap<>();
    all.put("application.id", application);
    all.put("bootstrap.servers", broker.bootstrapServers());
    all.put("state.dir", folder.resolve("state").toString());
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    TopologyDefinition definition =
        new TopologyDefinition(
            "doctor", List.of("in"), null, null, "unused", 3, "hidden-state", "out", dead);
    return Subject.of(
        definition,
        UndercurrentConfig.of(all),
        TinyModel.of(7, 13, 2, Pooling.CONCAT, 42).model(),
        create,
        false);
  }

  private static Finding find(String check, Subject subject) {
    return new Doctor(subject)
        .cluster(finding -> {}).stream()
            .filter(finding -> finding.check().equals(check))
            .findFirst()
            .orElseThrow();
  }

  private static Finding await(String check, Result result, Subject subject) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    Finding found = find(check, subject);
    while (found.result() != result && System.nanoTime() < deadline) {
      Thread.sleep(100);
      found = find(check, subject);
    }
    assertThat(found.result()).as(found.line()).isEqualTo(result);
    return found;
  }

  @Test
  void shouldFindNothingWhereNothingIsWrong() {
    assertThat(new Doctor(subject("well", "dead", false)).cluster(finding -> {}))
        .allMatch(finding -> finding.result() == Result.OK && finding.remedy().isEmpty());
  }

  @Test
  void shouldNameAMissingTopicUnlessItWillBeCreated() {
    assertThat(find("topic none", subject("missing", "none", false)).line())
        .isEqualTo("topic none: it does not exist. Create it, or start once with --create-topics");
    assertThat(
            find(
                    "topic missing-hidden-state-changelog",
                    subject("missing", "dead", false, "replication.factor", "3"))
                .found())
        .startsWith("it does not exist, and cannot be created: ")
        .contains("replication factor");
    assertThat(find("topic none", subject("missing", "none", true)))
        .isEqualTo(
            new Finding("topic none", Result.OK, "does not exist yet, and may be created", ""));
  }

  @Test
  void shouldNameTopicsThatDoNotFit() {
    create("narrow-hidden-state-changelog", 1, Map.of());
    assertThat(find("partitions", subject("narrow", "dead", false)))
        .matches(Finding::isFailure)
        .extracting(Finding::found)
        .asString()
        .contains("must have 2 partitions")
        .contains("--add-partitions");
    assertThat(find("dead letters", subject("compact", "none", false)).result())
        .as("a topic that does not exist")
        .isEqualTo(Result.UNKNOWN);
    create("compacted", 1, Map.of("cleanup.policy", "compact"));
    assertThat(find("dead letters", subject("compact", "compacted", false)))
        .matches(Finding::isFailure)
        .extracting(Finding::found)
        .asString()
        .startsWith("topic compacted is compacted");
  }

  @Test
  void shouldNameAConsumerThatUsesTheGroup() throws Exception {
    Subject subject = subject("consumed", "dead", false);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "group.id", "consumed",
                "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.subscribe(List.of("other"));
      while (consumer.assignment().isEmpty()) {
        consumer.poll(Duration.ofMillis(100));
      }
      assertThat(await("use of group consumed", Result.NOT_YET, subject).line())
          .isEqualTo(
              "use of group consumed: 1 members are consumers that are not Kafka Streams (assignor"
                  + " range). Stop them, or set another application.id");
      consumer.commitSync(Map.of(new TopicPartition("other", 0), new OffsetAndMetadata(0)));
    }
    assertThat(await("use of group consumed", Result.WARNING, subject).found())
        .isEqualTo("it has offsets of other, which this topology does not read");
  }

  @Test
  void shouldNameAnotherTopologyWithTheSameId() throws Exception {
    for (String protocol : List.of("classic", "streams")) {
      String application = "other-" + protocol;
      String check = "use of group " + application;
      try (KafkaStreams streams = other(application, protocol)) {
        streams.start();
        assertThat(
                await(
                        check,
                        Result.NOT_YET,
                        subject(application, "dead", false, "group.protocol", protocol))
                    .found())
            .isEqualTo("1 members run another topology, with other");
        String wanted = protocol.equals("classic") ? "streams" : "classic";
        assertThat(
                find(check, subject(application, "dead", false, "group.protocol", wanted)).found())
            .endsWith(" protocol, but group.protocol is %s here".formatted(wanted));
      }
    }
  }

  private static KafkaStreams other(String application, String protocol) {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("other").foreach((key, value) -> {});
    Properties settings = new Properties();
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put("application.id", application);
    settings.put("group.protocol", protocol);
    settings.put("state.dir", folder.resolve("other").toString());
    return new KafkaStreams(builder.build(), settings);
  }

  @Test
  void shouldLookAtTheMachine() throws Exception {
    assertThat(new Doctor(subject("well", "dead", false)).machine(finding -> {}))
        .extracting(Finding::check)
        .containsExactly("state folder", "temporary files", "disk");

    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    assertThat(
            new StateFolderCheck(subject("well", "dead", false, "state.dir", file.toString()))
                .look())
        .matches(Finding::isFailure)
        .extracting(Finding::found)
        .asString()
        .endsWith(" cannot be written: " + file + " is not a folder");

    DiskCheck disk = new DiskCheck(subject("well", "dead", false));
    assertThat(disk.judge(1L << 40).result()).isEqualTo(Result.OK);
    assertThat(disk.judge(500L << 20).result()).isEqualTo(Result.WARNING);
    assertThat(disk.judge(50L << 20).found()).startsWith("50 MiB free for states in ");
    assertThat(disk.judge(50L << 20).result()).isEqualTo(Result.FAILED);

    assertThat(
            new NativeLibraryCheck(
                    () -> {
                      throw new UnsatisfiedLinkError("failed to map segment");
                    })
                .look())
        .matches(Finding::isFailure)
        .extracting(Finding::line)
        .asString()
        .contains(
            "failed to map segment. That folder must be writable and must not be mounted with noexec");
  }

  @Test
  void shouldNotLetOneCheckHideTheOthers() {
    Check faulty =
        new Check() {
          @Override
          public String name() {
            return "faulty";
          }

          @Override
          public Finding look() {
            throw new IllegalStateException("unforeseen");
          }
        };
    assertThat(Doctor.look(faulty).result()).isEqualTo(Result.UNKNOWN);
    assertThat(Doctor.look(faulty).found()).isEqualTo("IllegalStateException: unforeseen");
  }
}
