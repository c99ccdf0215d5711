package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.io.Json;
import io.undercurrent.model.Model;
import io.undercurrent.streams.internals.OneByOne;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.CreateTopicsResult.TopicMetadataAndConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
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

/** An instance processes only what belongs to its application. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class AdmissionTest {

  private static final String MAX_TOKENS = UndercurrentConfig.MAX_TOKENS;

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir private Path folder;
  private String name;
  private String protocol = "classic";
  private boolean keyInValue;
  private Model model = LetterModel.of(1);
  private List<String> sources; // null for the one with the test's name

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
  void shouldRefuseAnInstanceThatWouldWriteOtherBytes() {
    String one = model.fingerprint();
    try (StreamsApp app = app("one", Map.of())) {
      app.checkTopics(true);
    }
    model = LetterModel.of(2);
    assertThatThrownBy(() -> check("two", Map.of(MAX_TOKENS, "100"), StartOptions.NONE))
        .isInstanceOf(AppException.class)
        .hasMessage(
            "this instance would write other bytes than application %s does: model is %s here, expected %s; undercurrent.max.tokens is 100 here, expected 512. Use the same settings. To change them, stop all instances and start one with --change-settings",
            name, model.fingerprint(), one);
    model = LetterModel.of(1);
    assertThatThrownBy(
            () ->
                check(
                    "two",
                    Map.of(
                        "undercurrent.state.precision",
                        "fp32",
                        "undercurrent.conversation.half.life.tokens",
                        "30"),
                    StartOptions.NONE))
        .message()
        .contains("half.life.tokens is 30.0 here, expected 60.0")
        .contains("undercurrent.state.precision is fp32 here, expected fp16");
    check("two", Map.of("undercurrent.batch.records", "1"), StartOptions.NONE); // the same bytes
  }

  /** Changed settings are those of the application from then on. */
  @ParameterizedTest
  @ValueSource(strings = {"classic", "streams"})
  void shouldTakeOtherSettingsIfNoInstanceRuns(String protocol) throws Exception {
    this.protocol = protocol;
    name += protocol;
    StartOptions change = StartOptions.NONE.withChangeSettings();
    Map<String, String> other = Map.of(MAX_TOKENS, "2");
    try (StreamsApp app = app("one", Map.of())) {
      app.checkTopics(true);
      app.start();
      app.awaitRunning();
      assertThatThrownBy(() -> check("two", other, change))
          .hasMessageStartingWith(
              "--change-settings is possible only while no other instance of %s runs, found 1 in its group (/127.0.0.1)",
              name);
      send("k", "a b c");
      receive(1);
    }
    try (StreamsApp app = app("two", other)) {
      app.checkTopics(change);
      app.start();
      send("k", "a b c");
      EnrichedRecord second = enriched(receive(2).get(1));
      assertThat(second.text()).isEqualTo("a b ");
      assertThat(second.conversation().records()).as("states go on").isEqualTo(2);
      assertThat(second.conversation().tokens()).isEqualTo(5);
    }
    check("two", other, StartOptions.NONE);
    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .hasMessageContaining("undercurrent.max.tokens is 512 here, expected 2");
  }

  /** Of two that start at once with different settings, one processes, and as if it were alone. */
  @Test
  void shouldLetOneOfTwoDifferentInstancesProcess() throws Exception {
    broker.createTopics(topics(Map.of()));
    List<StreamsApp> apps =
        List.of(app("one", Map.of(MAX_TOKENS, "2")), app("two", Map.of(MAX_TOKENS, "3")));
    ExecutorService starters = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Integer>> starts = new ArrayList<>();
      for (StreamsApp app : apps) {
        starts.add(
            () -> {
              app.checkTopics(false);
              app.start();
              return app.enrichment().maxTokens();
            });
      }
      List<Integer> processing = new ArrayList<>();
      for (Future<Integer> start : starters.invokeAll(starts)) {
        try {
          processing.add(start.get());
        } catch (ExecutionException refused) {
          assertThat(refused.getCause())
              .isInstanceOf(AppException.class)
              .hasMessageContaining("undercurrent.max.tokens is ");
        }
      }
      assertThat(processing).hasSize(1);
      OneByOne expected =
          new OneByOne(model, apps.get(0).enrichment().withMaxTokens(processing.get(0)));
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        texts.add("%s b c d".formatted((char) ('a' + i)));
        send("k" + i % 3, texts.get(i));
      }
      for (ConsumerRecord<byte[], byte[]> record : receive(10)) {
        EnrichedRecord found = enriched(record);
        assertThat(new String(record.value(), UTF_8))
            .isEqualTo(
                expected.read(
                    record.key(),
                    texts.get((int) found.source().offset()),
                    found.source().timestampMs(),
                    found.source()));
      }
    } finally {
      starters.shutdown();
      apps.forEach(StreamsApp::close);
    }
  }

  @Test
  void shouldStopAnInstanceWhenTheSettingsWereChanged() throws Exception {
    StreamsApp app = app("one", Map.of("metadata.max.age.ms", "10000")); // looks every second
    try (app) {
      app.checkTopics(true);
      app.start();
      app.awaitRunning();
      try (SettingsTopic topic = settingsTopic()) {
        Optional<SettingsTopic.Entry> kept = topic.read();
        Map<String, String> others = new HashMap<>(kept.orElseThrow().identity().settings());
        others.put("model", "0123456789ab");
        topic.write(new RunIdentity(others, null), kept);
      }
      assertThatThrownBy(app::awaitTermination)
          .isInstanceOf(AppException.class)
          .hasMessage(
              "stopped: the settings of %s were changed while this instance ran: model is %s here, expected 0123456789ab. Give it the same settings and start it again",
              name, model.fingerprint());
    }
    assertThat(app.closedCleanly()).isFalse();
  }

  /** The version before kept no settings. It left states, offsets, and a file with two fields. */
  @Test
  void shouldStartOnWhatAnEarlierVersionLeft() throws Exception {
    process("k", "a b c");
    deleteSettingsTopic();
    Path file = folder.resolve("one").resolve(name).resolve(StateFolder.FILE);
    ObjectNode content = (ObjectNode) Json.parse(Files.readAllBytes(file));
    content.retain("instance", "cluster");
    Files.write(file, Json.STRICT.writeValueAsBytes(content));

    assertThat(enriched(process("k", "d", 2)).conversation().records()).isEqualTo(2);
    assertThatThrownBy(() -> check("two", Map.of(MAX_TOKENS, "9"), StartOptions.NONE))
        .hasMessageContaining("undercurrent.max.tokens is 9 here, expected 512");
  }

  @Test
  void shouldKnowTheSettingsFromTheStateFolderIfTheTopicIsGone() throws Exception {
    check("one", Map.of(), StartOptions.CREATE_TOPICS);
    deleteSettingsTopic();
    assertThatThrownBy(() -> check("one", Map.of(MAX_TOKENS, "9"), StartOptions.NONE))
        .hasMessageContaining("undercurrent.max.tokens is 9 here, expected 512");
    check("one", Map.of(), StartOptions.NONE);
  }

  @Test
  void shouldIgnoreWhatOthersWriteIntoTheSettingsTopic() throws Exception {
    check("one", Map.of(), StartOptions.CREATE_TOPICS);
    send(settingsTopic().name(), null, "{\"settings\":");
    send(settingsTopic().name(), null, "{\"replaces\":-1,\"settings\":{\"store\":\"late\"}}");
    send(settingsTopic().name(), null, null);
    check("one", Map.of(), StartOptions.NONE);
    try (SettingsTopic topic = settingsTopic()) {
      assertThat(topic.read().orElseThrow().offset()).isZero();
    }
  }

  /** A user that may not create the topic learns which right is missing. */
  @Test
  void shouldNameTheRightThatIsMissing() {
    Admin admin = admin();
    Admin noRights =
        (Admin)
            Proxy.newProxyInstance(
                Admin.class.getClassLoader(),
                new Class<?>[] {Admin.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("createTopics")) {
                    KafkaFutureImpl<TopicMetadataAndConfig> refused = new KafkaFutureImpl<>();
                    refused.completeExceptionally(new TopicAuthorizationException("no Create"));
                    return new CreateTopicsResult(Map.of("any", refused)) {};
                  }
                  return method.invoke(admin, arguments);
                });
    try (admin;
        SettingsTopic topic = settingsTopic()) {
      assertThatThrownBy(() -> topic.create(noRights))
          .isInstanceOf(AppException.class)
          .hasMessageStartingWith(
              "not permitted to create topic %s-undercurrent-settings-changelog (Describe and Create on topics that start with %s-) on ",
              name, name)
          .hasMessageContaining("grant the permission");
    }
  }

  /** The limit of the enriched topic is lowered; the app is started again by its supervisor. */
  @Test
  void shouldRefuseALowerLimitInsteadOfMakingDeadLetters() throws Exception {
    broker.createTopics(topics(Map.of("max.message.bytes", "50000")));
    process("k", "\u0001".repeat(5_000));
    limit("20000");
    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .isInstanceOf(AppException.class)
        .hasMessageContaining(
            "the largest enriched record may have 19488 bytes here, expected at least 49488. Larger records would become dead letters: see max.message.bytes of topic %s-enriched and max.request.size.",
            name)
        .hasMessageContaining("--change-settings");
    limit("60000");
    check("one", Map.of(), StartOptions.NONE);
    limit("50000");
    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .as("the higher limit was kept")
        .hasMessageContaining("49488 bytes here, expected at least 59488");
    check("one", Map.of(), StartOptions.NONE.withChangeSettings());
    check("one", Map.of(), StartOptions.NONE);
  }

  /** An instance with a higher limit may start, and the others go on. */
  @Test
  void shouldWarnOnceThatOthersMayWriteLargerRecords() {
    check("one", Map.of(), StartOptions.CREATE_TOPICS);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(AgreedSettings.class);
    log.start();
    logger.addAppender(log);
    try (SettingsTopic topic = settingsTopic();
        AgreedSettings settings =
            new AgreedSettings(
                name,
                new StateFolder(folder.resolve("one").resolve(name)),
                topic,
                new GroupMembers(new StreamsConfig(settings("one", Map.of()))))) {
      Optional<SettingsTopic.Entry> kept = topic.read();
      RunIdentity ours = kept.orElseThrow().identity();
      assertThat(settings.changed(ours)).isEmpty();
      assertThat(log.list).isEmpty();
      topic.write(new RunIdentity(ours.settings(), ours.largestRecord() + 1), kept);
      assertThat(settings.changed(ours)).isEmpty();
      assertThat(settings.changed(ours)).isEmpty();
      assertThat(log.list)
          .singleElement()
          .extracting(ILoggingEvent::getFormattedMessage)
          .asString()
          .startsWith(
              "the largest enriched record of %s may have %d bytes since another instance started, but this instance makes dead letters of records with more than %d bytes."
                  .formatted(name, ours.largestRecord() + 1, ours.largestRecord()));
    } finally {
      logger.detachAppender(log);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "classic, false, LATEST, 4",
    "classic, true, EARLIEST, 7",
    "streams, false, EARLIEST, 7",
    "streams, true, LATEST, 4"
  })
  void shouldRefuseToStartWithoutItsOffsets(
      String protocol, boolean keyInValue, WithoutOffsets choice, int records) throws Exception {
    this.protocol = protocol;
    this.keyInValue = keyInValue;
    name += protocol + keyInValue;
    try (StreamsApp app = app("one", Map.of())) {
      app.checkTopics(true);
      app.start();
      for (String text : List.of("a", "b", "c")) {
        send("k", text);
      }
      receive(3);
    }
    deleteGroup(); // as Kafka does after offsets.retention.minutes

    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .isInstanceOf(AppException.class)
        .hasMessageStartingWith("group %s has no committed offsets for ", name)
        .hasMessageContaining(name + "-0")
        .hasMessageContaining("Start one instance with --without-offsets earliest");
    try (StreamsApp app = app("two", Map.of("auto.offset.reset", "none"))) {
      app.checkTopics(StartOptions.NONE.withWithoutOffsets(choice));
      app.start();
      app.awaitRunning();
      send("k", "d");
      List<ConsumerRecord<byte[], byte[]>> enriched = receive(records);
      EnrichedRecord last = enriched(enriched.get(records - 1));
      assertThat(last.text()).isEqualTo("d");
      assertThat(last.conversation().records()).isEqualTo(records);
    }
    check("one", Map.of(), StartOptions.NONE);
  }

  /** What was never committed leaves aborted records in the changelog. */
  @Test
  void shouldStartAgainAfterACrashBeforeTheFirstCommit() throws Exception {
    broker.createTopics(topics(Map.of()));
    broker.createTopics(List.of(new NewTopic(name + "-hidden-state-changelog", 1, (short) 1)));
    Map<String, Object> settings =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", name);
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer
          .send(new ProducerRecord<>(name + "-hidden-state-changelog", new byte[1], new byte[1]))
          .get();
      producer.abortTransaction();
    }
    assertThat(enriched(process("k", "a b")).conversation().records()).isEqualTo(1);
  }

  /** The first commit of a running instance may be on its way when a second one starts. */
  @Test
  @SuppressWarnings("removal") // ends with Kafka 5: a group without a member
  void shouldWaitForACommitThatIsOnItsWay() throws Exception {
    broker.createTopics(topics(Map.of()));
    String changelog = name + "-hidden-state-changelog";
    broker.createTopics(List.of(new NewTopic(changelog, 1, (short) 1)));
    Map<String, Object> settings =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", name);
    ExecutorService starter = Executors.newSingleThreadExecutor();
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(changelog, new byte[1], new byte[1])).get();
      producer.commitTransaction();
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(
          Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(1)),
          new ConsumerGroupMetadata(name));

      assertThatThrownBy(() -> checkOffsets(Duration.ofMillis(300)))
          .isInstanceOf(AppException.class)
          .hasNoCause() // else the check would be made three times
          .hasMessageStartingWith("group %s has had an open transaction for 0 s", name)
          .hasMessageEndingWith("not known for %s-0: start again in a moment", name);
      Future<?> second = starter.submit(() -> check("two", Map.of(), StartOptions.NONE));
      assertThatThrownBy(() -> second.get(2, TimeUnit.SECONDS))
          .isInstanceOf(TimeoutException.class);
      producer.commitTransaction();
      second.get();
    } finally {
      starter.shutdown();
    }
  }

  @Test
  void shouldNameTheChangelogIfItsEndIsNotReached() throws Exception {
    process("k", "a");
    deleteGroup();
    assertThatThrownBy(() -> checkOffsets(Duration.ZERO))
        .isInstanceOf(AppException.class)
        .hasNoCause() // else the check would be made three times
        .hasMessage(
            "topic %s-hidden-state-changelog must be readable to its end, found that the end of %s-hidden-state-changelog-0 was not reached within 0 s: see whether the brokers are overloaded, and start again",
            name, name);
  }

  private void checkOffsets(Duration patience) {
    RunIdentity ran = new RunIdentity(Map.of("source.topics", name, "source.key", "record"), null);
    try (Admin admin = admin()) {
      new LostOffsets(
              definition(),
              new StreamsConfig(settings("any", Map.of())),
              name + "-hidden-state-changelog",
              patience)
          .check(admin, ran, ran, null);
    }
  }

  /** The offsets of the topics before say nothing about those of the new topic. */
  @ParameterizedTest
  @CsvSource({"classic, false", "streams, true"})
  void shouldReadOtherTopicsIfThatIsWanted(String protocol, boolean keyInValue) throws Exception {
    this.protocol = protocol;
    this.keyInValue = keyInValue;
    name += protocol + keyInValue;
    process("k", "a");
    String other = name + "-other";
    broker.createTopics(List.of(new NewTopic(other, 1, (short) 1)));
    sources = List.of(other);
    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .hasMessageContaining("source.topics is %s here, expected %s", other, name);
    StartOptions change = StartOptions.NONE.withChangeSettings();
    if (protocol.equals("streams")) {
      deleteGroup(); // brokers refuse another topology in the same group
      assertThatThrownBy(() -> check("one", Map.of(), change))
          .as("what was read of the repartition topic is not known either")
          .hasMessageStartingWith(
              "group %s has no committed offsets for %s-by-key-repartition-0, although",
              name, name);
      check("one", Map.of(), change.withWithoutOffsets(WithoutOffsets.LATEST));
    } else {
      check("one", Map.of(), change);
    }
    check("one", Map.of(), StartOptions.NONE); // it has read nothing of the topic yet
    assertThat(enriched(process("k", "b", 2)).conversation().records()).isEqualTo(2);
    check("one", Map.of(), StartOptions.NONE);

    deleteGroup();
    assertThatThrownBy(() -> check("one", Map.of(), StartOptions.NONE))
        .hasMessageContaining("has no committed offsets for ")
        .hasMessageContaining(other + "-0");
  }

  /** A topic without records may stay while the one with all records goes. */
  @Test
  void shouldReadFewerTopicsIfThatIsWanted() throws Exception {
    broker.createTopics(topics(Map.of()));
    broker.createTopics(List.of(new NewTopic(name + "-idle", 1, (short) 1)));
    sources = List.of(name, name + "-idle");
    process("k", "a");
    sources = List.of(name + "-idle");
    check("one", Map.of(), StartOptions.NONE.withChangeSettings());
    assertThat(enriched(process("k", "b", 2)).conversation().records()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldTakeKeysFromElsewhereIfThatIsWanted(boolean keyInValue) throws Exception {
    name += keyInValue;
    this.keyInValue = keyInValue;
    process("k", "a");
    this.keyInValue = !keyInValue;
    check("one", Map.of(), StartOptions.NONE.withChangeSettings());
    check("one", Map.of(), StartOptions.NONE);
    assertThat(enriched(process("k", "b", 2)).conversation().records()).isEqualTo(2);
    check("one", Map.of(), StartOptions.NONE);
  }

  /** Kafka Streams creates it again and goes on, so the next start must go on as well. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldGoOnAfterTheRepartitionTopicWasDeleted(boolean created) throws Exception {
    keyInValue = true;
    name += created;
    process("k", "a");
    String repartition = name + "-by-key-repartition";
    deleteTopic(repartition);
    if (created) {
      broker.createTopics(List.of(new NewTopic(repartition, 1, (short) 1)));
    }
    check("one", Map.of(), StartOptions.NONE);
    assertThat(offset(repartition)).isEqualTo(created ? 0L : null);
    assertThat(enriched(process("k", "b", 2)).conversation().records()).isEqualTo(2);
    check("one", Map.of(), StartOptions.NONE);
  }

  /** The next committed offset of partition 0; null for none. */
  private Long offset(String topic) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (Admin admin = admin()) {
      OffsetAndMetadata found =
          admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata().get().get(partition);
      return found == null ? null : found.offset();
    }
  }

  /** With at-least-once, the changelog may be ahead of the first commit. */
  @Test
  void shouldOnlyWarnWithAtLeastOnce() throws Exception {
    process("k", "a");
    deleteGroup();
    check("one", Map.of("processing.guarantee", "at_least_once"), StartOptions.NONE);
  }

  /** A source topic without records has no offsets, and neither has a partition without any. */
  @Test
  void shouldStartIfSomePartitionsHaveNeverHadRecords() throws Exception {
    broker.createTopics(
        List.of(
            new NewTopic(name, 2, (short) 1),
            new NewTopic(name + "-idle", 2, (short) 1),
            new NewTopic(name + "-enriched", 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1)));
    sources = List.of(name, name + "-idle");
    process("k", "a");
    assertThat(enriched(process("k", "b", 2)).conversation().records()).isEqualTo(2);
  }

  /** The changelog may have forgotten a deletion that these states have not seen. */
  @Test
  void shouldRestoreStatesThatAreTooOld() throws Exception {
    process("k", "a b");
    Path instance = folder.resolve("one").resolve(name);
    assertThat(
            Json.parse(Files.readAllBytes(instance.resolve(StateFolder.FILE))).get("stoppedTasks"))
        .as("the tasks that it processed")
        .extracting(JsonNode::asText)
        .containsExactly("0_0");
    Path marker = Files.writeString(instance.resolve("0_0").resolve("marker"), "");
    process("k", "c", 2);
    assertThat(marker).as("a short stop").exists();

    new StateFolder(instance).stoppedAt(Instant.now().minus(Duration.ofDays(2)), Set.of("0_0"));
    assertThat(enriched(process("k", "d", 3)).conversation().records()).isEqualTo(3);
    assertThat(marker).as("a long stop").doesNotExist();
  }

  /** Runs an instance until it has enriched one record more, the first. */
  private ConsumerRecord<byte[], byte[]> process(String key, String text) throws Exception {
    return process(key, text, 1);
  }

  private ConsumerRecord<byte[], byte[]> process(String key, String text, int count)
      throws Exception {
    try (StreamsApp app = app("one", Map.of())) {
      app.checkTopics(true);
      app.start();
      app.awaitRunning();
      send(key, text);
      return receive(count).get(count - 1);
    }
  }

  private void check(String instance, Map<String, String> settings, StartOptions options) {
    try (StreamsApp app = app(instance, settings)) {
      app.checkTopics(options);
    }
  }

  private StreamsApp app(String instance, Map<String, String> settings) {
    return new StreamsApp(
        definition(),
        UndercurrentConfig.of(settings(instance, settings)),
        model,
        new SimpleMeterRegistry());
  }

  private TopologyDefinition definition() {
    return new TopologyDefinition(
        name,
        sources == null ? List.of(name) : sources,
        keyInValue ? JsonPointer.compile("/text") : null,
        keyInValue ? JsonPointer.compile("/key") : null,
        "unused",
        5,
        "hidden-state",
        name + "-enriched",
        name + "-dead");
  }

  private Map<String, String> settings(String instance, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>();
    all.put("application.id", name);
    all.put("bootstrap.servers", broker.bootstrapServers());
    all.put("state.dir", folder.resolve(instance).toString());
    all.put("group.protocol", protocol);
    all.put("undercurrent.topics.partitions", "1");
    all.putAll(settings);
    return all;
  }

  private SettingsTopic settingsTopic() {
    return new SettingsTopic(new StreamsConfig(settings("any", Map.of())));
  }

  private void deleteSettingsTopic() throws Exception {
    deleteTopic(settingsTopic().name());
  }

  private static void deleteTopic(String topic) throws Exception {
    try (Admin admin = admin()) {
      admin.deleteTopics(List.of(topic)).all().get();
      while (admin.listTopics().names().get().contains(topic)) {
        Thread.sleep(50);
      }
    }
  }

  private void deleteGroup() throws Exception {
    try (Admin admin = admin()) {
      if (protocol.equals("streams")) {
        admin.deleteStreamsGroups(List.of(name)).all().get();
      } else {
        admin.deleteConsumerGroups(List.of(name)).all().get();
      }
    }
  }

  private void limit(String bytes) throws Exception {
    ConfigResource enriched = new ConfigResource(ConfigResource.Type.TOPIC, name + "-enriched");
    try (Admin admin = admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  enriched,
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("max.message.bytes", bytes), AlterConfigOp.OpType.SET))))
          .all()
          .get();
      while (!admin
          .describeConfigs(List.of(enriched))
          .all()
          .get()
          .get(enriched)
          .get("max.message.bytes")
          .value()
          .equals(bytes)) {
        Thread.sleep(50);
      }
    }
  }

  private List<NewTopic> topics(Map<String, String> enriched) {
    return List.of(
        new NewTopic(name, 1, (short) 1),
        new NewTopic(name + "-enriched", 1, (short) 1).configs(enriched),
        new NewTopic(name + "-dead", 1, (short) 1));
  }

  private void send(String key, String text) throws Exception {
    String topic = sources == null ? name : sources.get(0);
    send(topic, key, keyInValue ? "{\"key\":\"%s\",\"text\":\"%s\"}".formatted(key, text) : text);
  }

  private static void send(String topic, String key, String value) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, 0, bytes(key), bytes(value))).get();
    }
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }

  /** The committed records of the enriched topic, of which there must be this many. */
  private List<ConsumerRecord<byte[], byte[]>> receive(int count) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker.bootstrapServers(),
            "isolation.level", "read_committed",
            "auto.offset.reset", "earliest");
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(new TopicPartition(name + "-enriched", 0)));
      long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (records.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      consumer.poll(Duration.ofMillis(300)).forEach(records::add);
    }
    assertThat(records).hasSize(count);
    return records;
  }

  private static EnrichedRecord enriched(ConsumerRecord<byte[], byte[]> record) {
    return EnrichedRecordJson.fromJson(record.value());
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }
}
