package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import com.fasterxml.jackson.core.JsonPointer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.query.NotAvailableException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class StreamsAppTest {

  private static final int KAFKAS_MAX_MESSAGE_BYTES = 1_048_588;

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir Path stateFolder;
  private String name;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void nameEverythingAfterTheTest(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
  }

  @Test
  void shouldEnrichAndWriteDeadLettersExactlyOnce() throws Exception {
    try (StreamsApp app = app(Map.of())) {
      app.checkTopics(true);
      app.start();
      assertThat(app.awaitRunning()).isTrue();
      assertThat(app.notReady()).isEmpty();
      assertThat(app.isLive()).isTrue();
      send("k", "a b c");
      send(null, "a");
      send("k", "d");
      send("k", null);

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 3);
      assertThat(conversation(enriched.get(1)).records()).isEqualTo(2);
      assertThat(enriched.get(2).value()).isNull();
      ConsumerRecord<byte[], byte[]> letter = receive(name + "-dead", 1).get(0);
      assertThat(letter.key()).isNull();
      assertThat(letter.value()).isEqualTo("a".getBytes(UTF_8));
      assertThat(new String(letter.headers().lastHeader("__streams.errors.offset").value(), UTF_8))
          .isEqualTo("1");
      assertThat(
              registry
                  .get(MeterNames.DEAD_LETTERS)
                  .tag(MeterNames.REASON, "null-key")
                  .counter()
                  .count())
          .isEqualTo(1);
      assertThat(registry.getMeters()).anyMatch(m -> m.getId().getName().startsWith("kafka."));
    }
  }

  /** Under both group protocols: that of consumers, and that of Kafka Streams (KIP-1071). */
  @ParameterizedTest
  @ValueSource(strings = {"classic", "streams"})
  void shouldReadAllRecordsOfAKeyInTheValueWithOneState(String protocol) throws Exception {
    name += "-" + protocol;
    JsonPointer text = JsonPointer.compile("/text");
    JsonPointer key = JsonPointer.compile("/id");
    TopologyDefinition byKey =
        new TopologyDefinition(
            name, List.of(name), text, key, "unused", 5, "s", name + "-enriched", name + "-dead");
    broker.createTopics(
        List.of(
            new NewTopic(name + "-enriched", 1, (short) 1)
                .configs(Map.of("max.message.bytes", "20000"))));
    try (StreamsApp app =
        new StreamsApp(
            byKey,
            UndercurrentConfig.of(
                settings(
                    Map.of("group.protocol", protocol, "undercurrent.topics.partitions", "1"))),
            LetterModel.of(1),
            registry)) {
      app.checkTopics(true);
      app.start();
      send("x", "{\"id\": 7, \"text\": \"a b\"}");
      send("y", "{\"id\": 7, \"text\": \"c\"}");
      send("y", "{\"id\": [7], \"text\": \"c\"}");

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 2);
      assertThat(enriched).allMatch(record -> new String(record.key(), UTF_8).equals("7"));
      assertThat(conversation(enriched.get(1)).tokens()).isEqualTo(3);
      ConsumerRecord<byte[], byte[]> letter = receive(name + "-dead", 1).get(0);
      assertThat(letter.key()).isEqualTo("y".getBytes(UTF_8));

      String large = "{\"id\": 7, \"text\": \"" + "x".repeat(18_900) + "\"}"; // fails behind it
      send("z", large);
      letter = receive(name + "-dead", 2).get(1);
      assertThat(message(letter)).startsWith("too-large: ");
      assertThat(letter.key()).isEqualTo("z".getBytes(UTF_8));
      assertThat(letter.value()).isEqualTo(large.getBytes(UTF_8));
      assertThat(header(letter, "__streams.errors.topic")).isEqualTo(name);
      assertThat(header(letter, "__streams.errors.offset")).isEqualTo("3");
    }
  }

  @Test
  void shouldContinueAfterAnEarlierInstanceWithAndWithoutItsStateFolder() throws Exception {
    int records = 0;
    for (String folder : List.of("one", "one", "two")) {
      try (StreamsApp app = app(Map.of("state.dir", stateFolder.resolve(folder).toString()))) {
        app.checkTopics(true);
        app.start();
        send("k", "a b c");
        records++;
        ConsumerRecord<byte[], byte[]> last = receive(name + "-enriched", records).get(records - 1);
        assertThat(conversation(last).records()).isEqualTo(records);
      }
    }
  }

  @Test
  void shouldCreateTopicsThatAcceptTheLargestRecord() throws Exception {
    try (StreamsApp app = app(Map.of("undercurrent.topics.partitions", "1"))) {
      app.checkTopics(true);
      app.start();
      // One unknown word for this model, which is read whole. Each of its bytes becomes six bytes
      // of JSON.
      send("\u0001".repeat(20_000), "\u0001".repeat(1_000_000));

      EnrichedRecord enriched =
          EnrichedRecordJson.fromJson(receive(name + "-enriched", 1).get(0).value());
      assertThat(enriched.text()).hasSize(1_000_000);
    }
    try (Admin admin = admin()) {
      for (String topic : List.of(name, name + "-enriched", name + "-dead")) {
        assertThat(config(admin, topic).get("max.message.bytes").value()).isEqualTo("8388608");
        assertThat(config(admin, topic).get("retention.ms").value()).isEqualTo("-1");
        assertThat(
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions())
            .hasSize(1);
      }
    }
  }

  @Test
  void shouldContinueAfterARecordThatIsTooLargeToSend() throws Exception {
    // One partition: a dead letter without its record has no key, so it may go to any partition.
    try (StreamsApp app =
        app(Map.of("max.request.size", "20000", "undercurrent.topics.partitions", "1"))) {
      app.checkTopics(true);
      app.start();
      send("k", "\u0001".repeat(10_000)); // the enriched record does not fit, the dead letter does
      send("k", "\u0001".repeat(30_000)); // neither the enriched record nor the dead letter fits
      send("k", "a b");

      assertThat(conversation(receive(name + "-enriched", 1).get(0)).records()).isEqualTo(1);
      List<ConsumerRecord<byte[], byte[]>> letters = receive(name + "-dead", 2);
      assertThat(letters.get(0).value()).hasSize(10_000);
      assertThat(letters.get(1).value()).isNull();
      assertThat(message(letters.get(1))).startsWith("too-large: ");
    }
  }

  @Test
  void shouldContinueAfterRecordsThatAreTooLargeForTopicsOfTheDefaultSize() throws Exception {
    createTopics(Map.of());
    byte[] malformed = new byte[KAFKAS_MAX_MESSAGE_BYTES - 100];
    Arrays.fill(malformed, (byte) 0xff);
    try (StreamsApp app = app(Map.of())) {
      app.checkTopics(false);
      app.start();
      send("k".getBytes(UTF_8), malformed);
      send("k", "x".repeat(KAFKAS_MAX_MESSAGE_BYTES - 100)); // does not fit with its enrichment
      send("k", "x".repeat(KAFKAS_MAX_MESSAGE_BYTES - 10_000)); // fits
      send("k", "\u0001".repeat(KAFKAS_MAX_MESSAGE_BYTES / 2)); // only its dead letter fits
      send("k", "a b");

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 2);
      assertThat(conversation(enriched.get(1)).records()).isEqualTo(2);
      List<ConsumerRecord<byte[], byte[]>> letters = receive(name + "-dead", 3);
      assertThat(letters.get(0).value()).isNull();
      assertThat(message(letters.get(0))).startsWith("invalid-utf8: ").contains("left out");
      assertThat(letters.get(1).value()).isNull();
      assertThat(message(letters.get(1))).startsWith("too-large: ").contains("left out");
      assertThat(letters.get(2).value()).hasSize(KAFKAS_MAX_MESSAGE_BYTES / 2);
      assertThat(message(letters.get(2))).startsWith("too-large: ").doesNotContain("left out");
      assertThat(app.isLive()).isTrue();
    }
  }

  /** The limits are Kafka's defaults; the source topic is older, or has been given others. */
  @ParameterizedTest
  @ValueSource(strings = {"enriched", "changelog"})
  void shouldSendRecordsToTheDeadLettersWhoseTimestampATopicWouldRefuse(String limited)
      throws Exception {
    name += "-" + limited;
    Map<String, String> hour = Map.of("message.timestamp.after.max.ms", "3600000");
    broker.createTopics(
        List.of(
            new NewTopic(name, 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1).configs(hour),
            limited.equals("enriched")
                ? new NewTopic(name + "-enriched", 1, (short) 1).configs(hour)
                : new NewTopic(name + "-hidden-state-changelog", 1, (short) 1).configs(hour)));
    long ahead = System.currentTimeMillis() + 7_200_000;
    for (int starts = 1; starts <= 2; starts++) {
      try (StreamsApp app = app(Map.of("undercurrent.topics.partitions", "1"))) {
        app.checkTopics(true);
        app.start();
        send("k", "a b", ahead);
        send("k", null, ahead);
        send("k", "c d");

        ConsumerRecord<byte[], byte[]> behind = receive(name + "-enriched", starts).get(starts - 1);
        assertThat(conversation(behind).records()).isEqualTo(starts);
        ConsumerRecord<byte[], byte[]> letter = receive(name + "-dead", 2 * starts).get(0);
        assertThat(message(letter))
            .startsWith(
                "timestamp-out-of-range: the timestamp must not be more than 3590000 ms after the"
                    + " present (message.timestamp.after.max.ms=3600000 of a topic to be written");
        assertThat(letter.value()).isEqualTo("a b".getBytes(UTF_8));
        assertThat(letter.timestamp()).isLessThan(ahead - 3_600_000);
        assertThat(header(letter, "undercurrent-timestamp")).isEqualTo(Long.toString(ahead));
        assertThat(header(letter, "undercurrent-state")).isEqualTo("unchanged");
        assertThat(app.isLive()).isTrue();
      }
    }
  }

  @Test
  void shouldEnrichRecordsOfAnyTimestampThatTheTopicsAccept() throws Exception {
    createTopics(Map.of());
    long ahead = System.currentTimeMillis() + 7_200_000;
    try (StreamsApp app = app(Map.of());
        Admin admin = admin()) {
      app.checkTopics(false);
      app.start();
      send("k", "a b", ahead);
      send("k", "a b", 0L);

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 2);
      assertThat(enriched.get(0).timestamp()).isEqualTo(ahead);
      var limit =
          config(admin, name + "-hidden-state-changelog").get("message.timestamp.after.max.ms");
      assertThat(limit.value()).isEqualTo(Long.toString(Long.MAX_VALUE));
      assertThat(limit.source()).as("set by us").isEqualTo(ConfigSource.DYNAMIC_TOPIC_CONFIG);
    }
  }

  /** A letter with the record's timestamp would be deleted soon after it was written. */
  @Test
  void shouldKeepLettersOfOldRecords() throws Exception {
    createTopics(Map.of("retention.ms", "604800000"));
    long now = System.currentTimeMillis();
    try (StreamsApp app = app(Map.of())) {
      app.checkTopics(false);
      app.start();
      send(null, "a".getBytes(UTF_8), 1_424_822_400_000L);
      send(null, "b".getBytes(UTF_8), now - 3_600_000);

      List<ConsumerRecord<byte[], byte[]>> letters = receive(name + "-dead", 2);
      assertThat(letters.get(0).timestamp()).isGreaterThanOrEqualTo(now);
      assertThat(header(letters.get(0), "undercurrent-timestamp")).isEqualTo("1424822400000");
      assertThat(letters.get(1).timestamp()).isEqualTo(now - 3_600_000);
      assertThat(letters.get(1).headers().lastHeader("undercurrent-timestamp")).isNull();
    }
  }

  /** Without checkTopics, the app does not know beforehand what the topics accept. */
  @ParameterizedTest
  @CsvSource({"classic, 1", "streams, 3"})
  void shouldSendRecordsToTheDeadLettersThatABrokerHasRefused(String protocol, int refused)
      throws Exception {
    name += "-" + protocol;
    broker.createTopics(
        List.of(
            new NewTopic(name, 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1),
            new NewTopic(name + "-enriched", 1, (short) 1)
                .configs(
                    Map.of(
                        "message.timestamp.after.max.ms", "3600000",
                        "max.message.bytes", "10000"))));
    long ahead = System.currentTimeMillis() + 7_200_000;
    send("j", "a b");
    send("k", "a b", ahead);
    if (refused > 1) {
      send("j", null, ahead); // in one batch with the one before
      send("j", "e".repeat(20_000));
    }
    Map<String, String> settings =
        protocol.equals("streams")
            ? Map.of("group.protocol", protocol)
            : Map.of("session.timeout.ms", "6000", "heartbeat.interval.ms", "1000");
    try (StreamsApp app = app(settings)) {
      app.start();
      List<ConsumerRecord<byte[], byte[]>> letters = receive(name + "-dead", refused);
      send("j", "f");
      send("k", "g");

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 3);
      assertThat(conversation(enriched.get(1)).records()).isEqualTo(2);
      assertThat(conversation(enriched.get(2)).records()).isEqualTo(1);
      assertThat(letters.stream().map(letter -> message(letter).split(": ")[0]))
          .isSubsetOf("timestamp-out-of-range", "refused", "too-large");
      for (ConsumerRecord<byte[], byte[]> letter : letters) {
        assertThat(header(letter, "undercurrent-state")).isEqualTo("unchanged");
        assertThat(message(letter))
            .contains("topic " + name + "-enriched must accept the enriched record");
      }
      assertThat(app.isLive()).isTrue();
    }
  }

  /** Without a transaction nothing is committed behind the refused record either. */
  @Test
  void shouldSendARefusedRecordToTheDeadLettersAtLeastOnceToo() throws Exception {
    broker.createTopics(
        List.of(
            new NewTopic(name, 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1),
            new NewTopic(name + "-enriched", 1, (short) 1)
                .configs(Map.of("message.timestamp.after.max.ms", "3600000"))));
    long ahead = System.currentTimeMillis() + 7_200_000;
    send("j", "a b");
    send("k", "a b", ahead); // enriched in one batch with the one before
    Map<String, String> settings =
        Map.of(
            "processing.guarantee", "at_least_once",
            "group.protocol", "streams",
            "producer.linger.ms", "500");
    try (StreamsApp app = app(settings)) {
      app.start();
      ConsumerRecord<byte[], byte[]> letter = receive(name + "-dead", 1).get(0);
      send("k", "c");

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 2);
      assertThat(enriched.get(0).key()).isEqualTo("j".getBytes(UTF_8));
      assertThat(enriched.get(1).key()).isEqualTo("k".getBytes(UTF_8));
      assertThat(letter.value()).isEqualTo("a b".getBytes(UTF_8));
      assertThat(message(letter))
          .matches("(?s)(timestamp-out-of-range|refused): topic .* must accept .*");
      assertThat(letter.headers().lastHeader("undercurrent-state")).as("unknown").isNull();
      assertThat(app.isLive()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"compact", "compact,delete"})
  void shouldRefuseACompactedDeadLetterTopic(String policy) {
    name += "-" + policy.length();
    createTopics(Map.of("cleanup.policy", policy));
    try (StreamsApp app = app(Map.of())) {
      assertThatThrownBy(() -> app.checkTopics(false))
          .isInstanceOf(AppException.class)
          .hasMessage(
              ("the dead-letter topic %1$s must not be compacted (cleanup.policy): it would refuse"
                      + " letters without a key and keep only the last of each key;"
                      + " kafka-configs.sh --alter --entity-type topics --entity-name %1$s"
                      + " --add-config cleanup.policy=delete changes it, or name another topic in"
                      + " sinks.deadLetters")
                  .formatted(name + "-dead"));
    }
  }

  @Test
  void shouldStopWithOneLineIfDeadLettersAreTooLargeForTheirTopic() throws Exception {
    createTopics(Map.of("max.message.bytes", "500"));
    StreamsApp app = app(Map.of());
    try (app) {
      app.checkTopics(false);
      app.start();
      send(null, "a");

      assertThatThrownBy(app::awaitTermination)
          .isInstanceOf(AppException.class)
          .hasMessageStartingWith("stopped: ")
          .hasMessageContaining("RecordTooLargeException")
          .hasMessageEndingWith(
              "raise max.message.bytes of that topic: a restart reads the topic's limits again, and"
                  + " continues after the last commit")
          .message()
          .hasLineCount(1);
      assertThat(app.isLive()).isFalse();
    }
    assertThat(app.closedCleanly()).isFalse();
  }

  @Test
  void shouldSayThatARestartHelpsOnlyIfTheCauseMayBeGone() {
    assertThat(
            ThreadFailures.message(
                new StreamsException("no commit", new TimeoutException("60000 ms have passed"))))
        .isEqualTo(
            "stopped: StreamsException: no commit; cause: TimeoutException: 60000 ms have passed;"
                + " a restart continues after the last commit");
    assertThat(
            ThreadFailures.message(
                new StreamsException(
                    new IllegalStateException(
                        "Cannot attempt operation `send` because the previous call to"
                            + " `commitTransaction` timed out and must be retried"))))
        .endsWith("; a restart continues after the last commit");
    assertThat(ThreadFailures.message(new StreamsException("topic t has invalid partitions")))
        .isEqualTo(
            "stopped: StreamsException: topic t has invalid partitions; fix that first: a restart"
                + " continues after the last commit and may stop there again");
  }

  @Test
  void shouldGoOnWithEveryRecordAfterABrokerSaidThatATransactionHasEnded() throws Exception {
    try (StreamsApp app =
        app(
            Map.of(
                "default.timestamp.extractor", EndedTransaction.class.getName(),
                "main.consumer.session.timeout.ms", "6000",
                "main.consumer.heartbeat.interval.ms", "1000",
                "undercurrent.topics.partitions", "1"))) {
      app.checkTopics(true);
      app.start();
      send("k", "a b");
      send("k", EndedTransaction.TEXT);
      send("k", "c");

      List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", 3);
      assertThat(conversation(enriched.get(2)).records()).isEqualTo(3);
      assertThat(EndedTransaction.failed).isTrue();
      assertThat(app.isLive()).isTrue();
    }
  }

  /** Fails once, at one text, as a producer does whose transaction the coordinator has ended. */
  public static final class EndedTransaction implements TimestampExtractor {
    static final String TEXT = "ended";
    static final AtomicBoolean failed = new AtomicBoolean();

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      byte[] ended = TEXT.getBytes(UTF_8);
      if (record.value() instanceof byte[] value
          && Arrays.equals(value, ended)
          && failed.compareAndSet(false, true)) {
        throw new StreamsException("commit", new InvalidTxnStateException("it has ended"));
      }
      return record.timestamp();
    }
  }

  @Test
  void shouldStartAStreamThreadAgainOnlyAfterErrorsThatPass() {
    assertThat(
            List.of(
                new InvalidTxnStateException("ended"),
                new ProducerFencedException("fenced"),
                new InvalidProducerEpochException("old"),
                new CoordinatorLoadInProgressException("loading")))
        .allMatch(ThreadFailures::isPassing);
    assertThat(
            List.of(
                new StreamsException("a bug"),
                new RecordTooLargeException("too large"),
                new TopicAuthorizationException("not permitted"),
                new TimeoutException("a topic is gone")))
        .noneMatch(ThreadFailures::isPassing);
  }

  @Test
  void shouldSayWhatToDoAfterPartitionsWereAdded() throws Exception {
    try (StreamsApp app = app(Map.of("undercurrent.topics.partitions", "2"))) {
      app.checkTopics(true);
      app.start();
      assertThat(app.awaitRunning()).isTrue();
    }
    String changelog = name + "-hidden-state-changelog";
    try (Admin admin = admin();
        StreamsApp app = app(Map.of())) {
      admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all().get();
      awaitPartitions(admin, name, 3);
      assertThatThrownBy(() -> app.checkTopics(false))
          .isInstanceOf(AppException.class)
          .hasMessage(
              ("Kafka Streams' internal topics must have 3 partitions, as many as the source topics"
                      + " %s, found {%s=2}: add partitions to each (start with --add-partitions, or"
                      + " kafka-topics.sh --alter --topic NAME --partitions 3), and keys that are now"
                      + " in another partition start without a state; or set another application.id,"
                      + " with which every key starts without a state")
                  .formatted(name, changelog));

      app.checkTopics(StartOptions.NONE.withAddPartitions());
      awaitPartitions(admin, changelog, 3);
      app.start();
      assertThat(app.awaitRunning()).isTrue();
      assertThat(app.isLive()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "streams"})
  void shouldSayWhyItStopsIfPartitionsAreAddedWhileItRuns(String protocol) throws Exception {
    name += "-" + protocol;
    Map<String, String> settings =
        Map.of(
            "undercurrent.topics.partitions",
            "2",
            "metadata.max.age.ms",
            "1000",
            "group.protocol",
            protocol);
    try (StreamsApp app = app(settings);
        Admin admin = admin()) {
      app.checkTopics(true);
      app.start();
      assertThat(app.awaitRunning()).isTrue();
      admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all().get();

      assertThatThrownBy(app::awaitTermination)
          .isInstanceOf(AppException.class)
          .hasMessageStartingWith(
              ("stopped: Kafka Streams' internal topics must have 3 partitions, as many as the"
                      + " source topics %s, found {%1$s-hidden-state-changelog=2}: add partitions"
                      + " to each")
                  .formatted(name));
    }
  }

  @Test
  @SuppressWarnings("try") // the log is only closed
  void shouldWarnOfAddedPartitionsInTimeToGoOn() throws Exception {
    BlockingQueue<String> warnings = new LinkedBlockingQueue<>();
    Map<String, String> settings =
        Map.of("undercurrent.topics.partitions", "1", "metadata.max.age.ms", "10000");
    try (AutoCloseable log = logOf(TopicWatch.class, warnings);
        StreamsApp app = app(settings);
        Admin admin = admin()) {
      app.checkTopics(true);
      app.start();
      assertThat(app.awaitRunning()).isTrue();
      admin.createPartitions(Map.of(name, NewPartitions.increaseTo(2))).all().get();

      String warning = warnings.take();
      while (!warning.startsWith("Kafka Streams will stop within metadata.max.age.ms: ")) {
        warning = warnings.take(); // at most until the test times out
      }
      assertThat(warning).contains("kafka-topics.sh --alter --topic NAME --partitions 2");
      String changelog = name + "-hidden-state-changelog";
      admin.createPartitions(Map.of(changelog, NewPartitions.increaseTo(2))).all().get();
      sendTo(1, "k", "a b");
      assertThat(conversation(receive(name + "-enriched", 1).get(0)).records()).isEqualTo(1);
      assertThat(app.isLive()).isTrue();
    }
  }

  @Test
  @SuppressWarnings("try") // the log is only closed
  void shouldSayWhichRecordsWereDeletedBeforeItReadThem() throws Exception {
    deleteTwoRecords();
    List<String> lines = new ArrayList<>();
    try (AutoCloseable log = logOf(Topics.class, lines);
        StreamsApp app = app(Map.of());
        Admin admin = admin()) {
      admin
          .alterConsumerGroupOffsets(
              name, Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(1)))
          .all()
          .get();
      app.checkTopics(false);
    }
    assertThat(lines)
        .contains(
            ("topic %s: up to 1 records were deleted before they were read, and are not enriched:"
                    + " partition 0 offsets 1 to 1; the topic's retention.ms or retention.bytes is"
                    + " too small for these records")
                .formatted(name));
  }

  /** Unless it starts at the end, which may be set with a consumer's prefix. */
  @ParameterizedTest
  @CsvSource({"consumer.auto.offset.reset, 1", "main.consumer.auto.offset.reset, 2"})
  @SuppressWarnings("try") // the log is only closed
  void shouldOnlySayWhereATopicBeginsThatItReadsForTheFirstTime(String setting, int number)
      throws Exception {
    name += "-" + number;
    deleteTwoRecords();
    List<String> lines = new ArrayList<>();
    try (AutoCloseable log = logOf(Topics.class, lines)) {
      try (StreamsApp app = app(Map.of(setting, "latest"))) {
        app.checkTopics(false);
      }
      assertThat(lines).noneMatch(line -> line.startsWith("topic " + name + " begins"));
      try (StreamsApp app = app(Map.of(setting, "earliest", "auto.offset.reset", "latest"))) {
        app.checkTopics(false);
      }
    }
    assertThat(lines)
        .containsOnlyOnce("topic %s begins at offset 2 in partition 0".formatted(name))
        .noneMatch(line -> line.contains("deleted before"));
  }

  private void deleteTwoRecords() throws Exception {
    createTopics(Map.of());
    send("k", "a");
    send("k", "b");
    try (Admin admin = admin()) {
      admin
          .deleteRecords(Map.of(new TopicPartition(name, 0), RecordsToDelete.beforeOffset(2)))
          .all()
          .get();
    }
  }

  /** A broker may learn of a new topic later than another one. */
  @Test
  void shouldWaitUntilTheAskedBrokerKnowsANewTopic() {
    Map<String, String> settings = settings(Map.of());
    Topics topics =
        new Topics(
            definition(), UndercurrentConfig.of(settings), new StreamsConfig(settings), List.of());
    try (Admin admin = admin()) {
      assertThat(Topics.retention(admin, name, broker.bootstrapServers())).isEmpty();
      List<String> asked = new ArrayList<>();
      Admin late =
          (Admin)
              Proxy.newProxyInstance(
                  Admin.class.getClassLoader(),
                  new Class<?>[] {Admin.class},
                  (proxy, method, arguments) -> {
                    var answer = (DescribeConfigsResult) method.invoke(admin, arguments);
                    asked.add(method.getName());
                    if (asked.size() == 1) {
                      assertThatThrownBy(() -> answer.all().get())
                          .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
                      createTopics(Map.of());
                    }
                    return answer;
                  });
      assertThat(topics.knownSettings(late, List.of(name), List.of(name))).containsOnlyKeys(name);
      assertThat(asked).hasSizeGreaterThan(1).containsOnly("describeConfigs");
    }
  }

  /** Adds what a class logs to {@code lines}, until it is closed. */
  private static AutoCloseable logOf(Class<?> logging, Collection<String> lines) {
    UnsynchronizedAppenderBase<ILoggingEvent> appender =
        new UnsynchronizedAppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
          }
        };
    Logger log = (Logger) LoggerFactory.getLogger(logging);
    appender.start();
    log.addAppender(appender);
    return () -> log.detachAppender(appender);
  }

  @Test
  void shouldSayThatATopicCannotLosePartitions() {
    createTopics(Map.of());
    broker.createTopics(List.of(new NewTopic(name + "-hidden-state-changelog", 2, (short) 1)));
    try (StreamsApp app = app(Map.of())) {
      assertThatThrownBy(() -> app.checkTopics(false))
          .hasMessageContaining("must have 1 partitions")
          .hasMessageEndingWith(
              "found {%s-hidden-state-changelog=2}: a topic cannot lose partitions, so set another application.id, with which every key starts without a state"
                  .formatted(name));
    }
  }

  /** Kafka Streams stops, and until it does somebody gives its topics as many partitions. */
  @Test
  void shouldSayThatARestartHelpsIfThePartitionsAreRightByNow() throws Exception {
    try (StreamsApp app =
        app(Map.of("default.timestamp.extractor", InvalidPartitions.class.getName()))) {
      app.checkTopics(true);
      app.start();
      send("k", "a b");

      assertThatThrownBy(app::awaitTermination)
          .isInstanceOf(AppException.class)
          .hasMessage("stopped: partitions were added; a restart continues after the last commit");
    }
  }

  /** Fails as Kafka Streams does when it finds an internal topic with too few partitions. */
  public static final class InvalidPartitions implements TimestampExtractor {

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      throw new StreamsException("Existing internal topic t has invalid partitions");
    }
  }

  private static void awaitPartitions(Admin admin, String topic, int count) throws Exception {
    while (admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size()
        != count) {
      Thread.sleep(50);
    }
  }

  /**
   * A signal may come just before Kafka Streams starts. Here a log appender closes the app at that
   * time.
   */
  @Test
  void shouldNotFailIfItIsClosedWhileItStarts() throws Exception {
    StreamsApp app = app(Map.of("bootstrap.servers", "127.0.0.1:1"));
    UnsynchronizedAppenderBase<ILoggingEvent> closer =
        new UnsynchronizedAppenderBase<>() { // also called while Kafka Streams closes
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getMessage().startsWith("kernels: ")) {
              app.close();
            }
          }
        };
    Logger log = (Logger) LoggerFactory.getLogger(StreamsApp.class);
    closer.start();
    log.addAppender(closer);
    try {
      app.start();
    } finally {
      log.detachAppender(closer);
    }

    assertThat(app.awaitRunning()).isFalse();
    app.awaitTermination();
    assertThat(app.closedCleanly()).isTrue();
  }

  /** The end of the command and a signal may close it at the same time. */
  @Test
  void shouldBeClosedWhenAnyCallOfCloseReturns() throws Exception {
    StreamsApp app = app(Map.of());
    app.checkTopics(true);
    app.start();
    assertThat(app.awaitRunning()).isTrue();
    assertThat(app.closedCleanly()).isFalse();
    Callable<Boolean> closer =
        () -> {
          app.close();
          return app.closedCleanly();
        };

    ExecutorService closers = Executors.newFixedThreadPool(2);
    try {
      for (Future<Boolean> closed : closers.invokeAll(List.of(closer, closer))) {
        assertThat(closed.get()).isTrue();
      }
    } finally {
      closers.shutdown();
    }
  }

  @Test
  void shouldSayWhichTopicsAreMissing() {
    try (StreamsApp app = app(Map.of())) {
      assertThatThrownBy(() -> app.checkTopics(false))
          .isInstanceOf(AppException.class)
          .hasMessage(
              "topics must exist on %s, missing: %s, %s-enriched, %s-dead (--create-topics creates them)"
                  .formatted(broker.bootstrapServers(), name, name, name));
    }
  }

  @Test
  void shouldSayThatNoBrokerAnswers() {
    try (StreamsApp app = app(Map.of("bootstrap.servers", "127.0.0.1:1"))) {
      assertThatThrownBy(() -> app.checkTopics(true))
          .hasMessage(
              "no broker answered at 127.0.0.1:1 within 10 s: start one there, or set another"
                  + " address in bootstrap.servers");
    }
    try (StreamsApp app = app(Map.of("bootstrap.servers", "no-such-host.invalid:9092"))) {
      assertThatThrownBy(() -> app.checkTopics(true))
          .hasMessageStartingWith("cannot connect to no-such-host.invalid:9092: ")
          .message()
          .hasLineCount(1);
    }
  }

  /** It must not ask a broker: here none would answer. */
  @Test
  void shouldNotKnowWhereKeysAreBeforeItRuns() {
    try (StreamsApp app = app(Map.of("bootstrap.servers", "127.0.0.1:1"))) {
      app.start();
      assertThat(app.toRestore()).isZero();
      assertThatThrownBy(() -> app.queries().locate(new byte[] {'k'}))
          .isInstanceOf(NotAvailableException.class)
          .hasMessage(
              "it is not known yet where keys are: the app looks it up when Kafka Streams is"
                  + " RUNNING");
    }
  }

  @Test
  void shouldReportWhileItWaits() throws Exception {
    CountDownLatch waited = new CountDownLatch(2);
    StreamsApp app = app(Map.of("bootstrap.servers", "127.0.0.1:1"));
    ExecutorService waiter = Executors.newSingleThreadExecutor();
    try {
      app.start();
      Future<Boolean> running =
          waiter.submit(() -> app.awaitRunning(Duration.ofMillis(10), waited::countDown));
      waited.await();
      app.close();
      assertThat(running.get()).isFalse();
    } finally {
      app.close();
      waiter.shutdown();
    }
  }

  @Test
  void shouldSayThatAnotherInstanceHasTheStateFolder() throws Exception {
    try (StreamsApp first = app(Map.of());
        StreamsApp second = app(Map.of())) {
      first.checkTopics(true);
      first.start();
      assertThatThrownBy(second::start)
          .isInstanceOf(AppException.class)
          .hasMessage(
              "the state folder %s is in use by another instance of %s: stop that instance, or set another state.dir"
                  .formatted(stateFolder, name));
    }
  }

  @Test
  void shouldSayWhichSettingOfKafkaIsWrong() {
    assertThatThrownBy(() -> app(Map.of("processing.guarantee", "maybe")))
        .isInstanceOf(AppException.class)
        .hasMessageStartingWith("settings for Kafka Streams: Invalid value maybe");
    assertThatThrownBy(() -> app(Map.of("max.request.size", "1 MB")))
        .isInstanceOf(AppException.class)
        .hasMessage(
            "settings for Kafka Streams: max.request.size must be a number of bytes, found 1 MB");
    assertThatThrownBy(() -> app(Map.of("errors.dead.letter.queue.topic.name", "mine")))
        .isInstanceOf(AppException.class)
        .hasMessageEndingWith("must not be set: set sinks.deadLetters in the topology instead");
    assertThatThrownBy(
            () ->
                new StreamsApp(
                    definition(), UndercurrentConfig.of(Map.of()), LetterModel.of(1), registry))
        .hasMessageStartingWith("settings for Kafka Streams: Missing required configuration");
  }

  @Test
  void shouldEndAtOnceIfItIsClosedBeforeItRuns() throws Exception {
    StreamsApp app = app(Map.of());
    app.close();
    assertThat(app.isLive()).isFalse();
    assertThat(app.closedCleanly()).isTrue();
    app.start();

    assertThat(app.awaitRunning()).isFalse();
    app.awaitTermination();
  }

  private StreamsApp app(Map<String, String> settings) {
    return new StreamsApp(
        definition(), UndercurrentConfig.of(settings(settings)), LetterModel.of(1), registry);
  }

  private Map<String, String> settings(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>();
    all.put("application.id", name);
    all.put("bootstrap.servers", broker.bootstrapServers());
    all.put("state.dir", stateFolder.toString());
    all.putAll(settings);
    return all;
  }

  private TopologyDefinition definition() {
    return new TopologyDefinition(
        name,
        List.of(name),
        null,
        null,
        "unused",
        5,
        "hidden-state",
        name + "-enriched",
        name + "-dead");
  }

  private void createTopics(Map<String, String> deadLetterConfigs) {
    broker.createTopics(
        List.of(
            new NewTopic(name, 1, (short) 1),
            new NewTopic(name + "-enriched", 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1).configs(deadLetterConfigs)));
  }

  private void send(String key, String value) throws Exception {
    send(key == null ? null : key.getBytes(UTF_8), value == null ? null : value.getBytes(UTF_8));
  }

  private void send(String key, String value, Long timestampMs) throws Exception {
    send(key.getBytes(UTF_8), value == null ? null : value.getBytes(UTF_8), timestampMs);
  }

  private void send(byte[] key, byte[] value) throws Exception {
    send(key, value, null);
  }

  private void send(byte[] key, byte[] value, Long timestampMs) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "max.request.size", 2_000_000);
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      // Partition 0, so that records without a key stay in order with the others.
      producer.send(new ProducerRecord<>(name, 0, timestampMs, key, value)).get();
    }
  }

  private void sendTo(int partition, String key, String value) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      byte[] bytes = value.getBytes(UTF_8);
      producer.send(new ProducerRecord<>(name, partition, key.getBytes(UTF_8), bytes)).get();
    }
  }

  private List<ConsumerRecord<byte[], byte[]>> receive(String topic, int count) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker.bootstrapServers(),
            "isolation.level", "read_committed",
            "auto.offset.reset", "earliest");
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList());
      long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (records.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      consumer.poll(Duration.ofMillis(300)).forEach(records::add);
    }
    assertThat(records).hasSize(count);
    return records;
  }

  private static String message(ConsumerRecord<byte[], byte[]> letter) {
    return header(letter, "__streams.errors.message");
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), UTF_8);
  }

  private static EnrichedRecord.Conversation conversation(ConsumerRecord<byte[], byte[]> record) {
    return EnrichedRecordJson.fromJson(record.value()).conversation();
  }

  private static Config config(Admin admin, String topic) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return admin.describeConfigs(List.of(resource)).all().get().get(resource);
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }
}
