package io.undercurrent.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Enricher.Builder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.TopologyException;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Tests the plugin in a user's topology. */
class EnricherTest {

  private static final Consumed<String, String> TEXTS =
      Consumed.with(Serdes.String(), Serdes.String());

  @TempDir Path folder;

  private final Model model = LetterModel.of(1);
  private final StreamsBuilder builder = new StreamsBuilder();

  /** A user's own type. */
  private record Ticket(String id, String body) {
    static Ticket of(String text) {
      return text == null ? null : new Ticket("ticket " + text.length(), text);
    }
  }

  @Test
  void shouldEnrichTextsInAnyTopology() {
    builder.stream("in", TEXTS)
        .process(Enricher.ofText(Serdes.String(), model).supplier(), Named.as("enrich"))
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      var out =
          driver.createOutputTopic(
              "out", new StringDeserializer(), new EnrichedRecordSerde().deserializer());
      in.pipeInput("k", "a b", 5);
      in.pipeInput("k", "c", 6);

      TestRecord<String, EnrichedRecord> first = out.readRecord();
      assertThat(first.value().conversation().records()).isEqualTo(1);
      assertThat(new String(first.headers().lastHeader("undercurrent-model").value(), UTF_8))
          .isEqualTo(model.name() + "@" + model.fingerprint());
      var second = out.readKeyValue();
      assertThat(second.key).isEqualTo("k");
      assertThat(second.value.key()).isEqualTo("k");
      assertThat(second.value.keyEncoding()).isNull();
      assertThat(second.value.conversation().tokens()).isEqualTo(3);
      assertThat(second.value.source()).isEqualTo(new Source("in", 0, 1, 6L));
      assertThatThrownBy(() -> in.pipeInput(null, "a"))
          .hasRootCauseInstanceOf(BadRecordException.class);
    }
  }

  @Test
  void shouldKeepTheValueWithItsEnrichedRecord() {
    Enricher<String, Ticket> enricher =
        Enricher.builder(Serdes.String(), model).text(Ticket::body).build();
    builder.stream("in", TEXTS)
        .mapValues(Ticket::of)
        .processValues(enricher.fixedKey(), Named.as("enrich"))
        .mapValues(
            enriched ->
                enriched == null
                    ? null
                    : enriched.value().id()
                        + ", record "
                        + enriched.record().conversation().records())
        .to("out", Produced.with(Serdes.String(), Serdes.String()));
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      var out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
      in.pipeInput("k", "a b c");
      in.pipeInput("k", "a");
      in.pipeInput("k", (String) null);
      in.pipeInput("k", "b c");

      assertThat(out.readValuesToList())
          .containsExactly("ticket 5, record 1", "ticket 1, record 2", null, "ticket 3, record 1");
    }
  }

  @Test
  void shouldGiveTheSameEnrichedRecordsWithAFixedKey() {
    KStream<String, String> in = builder.stream("in", TEXTS);
    in.process(Enricher.builder(Serdes.String(), model).named("a").build().supplier())
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    in.processValues(Enricher.builder(Serdes.String(), model).named("b").build().fixedKey())
        .mapValues(Enriched::record)
        .to("fixed", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var to = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      List.of("a b", "", "c zz d").forEach(text -> to.pipeInput("k", text, 7));
      List<EnrichedRecord> records = records(driver, "out");
      assertThat(records).hasSize(3).isEqualTo(records(driver, "fixed"));
    }
  }

  /** Adds a join, a window and an alert behind a stream of enriched values. */
  private void joinWindowAndAlert(KStream<String, EnrichedRecord> records) {
    KTable<String, String> customers = builder.table("customers", TEXTS);
    Serde<EnrichedRecord> serde = new EnrichedRecordSerde();
    records
        .join(
            customers,
            (record, customer) -> customer + " " + record.text(),
            Joined.with(Serdes.String(), serde, Serdes.String()))
        .to("joined", Produced.with(Serdes.String(), Serdes.String()));
    records
        .groupByKey(Grouped.with(Serdes.String(), serde))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMinutes(1)))
        .count()
        .toStream((window, count) -> window.key())
        .to("moods", Produced.with(Serdes.String(), Serdes.Long()));
    records
        .groupByKey(Grouped.with(Serdes.String(), serde))
        .aggregate(
            () -> 0L,
            (key, record, longest) -> Math.max(longest, record.text().length()),
            Materialized.with(Serdes.String(), Serdes.Long()))
        .toStream()
        .to("alerts", Produced.with(Serdes.String(), Serdes.Long()));
  }

  @Test
  void shouldNeedNoRepartitionTopicBehindAFixedKey() {
    joinWindowAndAlert(
        builder.stream("in", TEXTS)
            .processValues(Enricher.ofText(Serdes.String(), model).fixedKey(), Named.as("enrich"))
            .filter((key, enriched) -> enriched != null)
            .mapValues(Enriched::record));
    assertThat(builder.build().describe().toString())
        .contains("enrich (stores: [hidden-state])")
        .doesNotContain("repartition");
    try (var driver = driver()) {
      driver
          .createInputTopic("customers", new StringSerializer(), new StringSerializer())
          .pipeInput("k", "Ada");
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      in.pipeInput("k", "a b", 1);
      in.pipeInput("k", "a b c", 2);
      in.pipeInput("k", (String) null, 3);
      assertThat(
              driver
                  .createOutputTopic("joined", new StringDeserializer(), new StringDeserializer())
                  .readValuesToList())
          .containsExactly("Ada a b", "Ada a b c");
      assertThat(
              driver
                  .createOutputTopic(
                      "moods", new StringDeserializer(), Serdes.Long().deserializer())
                  .readValuesToList())
          .containsExactly(1L, 2L);
    }
  }

  @Test
  void shouldNeedThreeRepartitionTopicsIfTheKeyMayHaveChanged() {
    joinWindowAndAlert(
        builder.stream("in", TEXTS).process(Enricher.ofText(Serdes.String(), model).supplier()));
    assertThat(builder.build().describe().toString().split("Source: .*-repartition\\]")).hasSize(4);
  }

  @Test
  void shouldShareTheStateOfAKeyBetweenTwoUsesOfOneEnricher() {
    Enricher<String, String> enricher = Enricher.ofText(Serdes.String(), model);
    builder.stream("mails", TEXTS)
        .process(enricher.supplier())
        .to("mails-out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    builder.stream("chats", TEXTS)
        .processValues(enricher.fixedKey())
        .mapValues(Enriched::record)
        .to("chats-out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var mails = driver.createInputTopic("mails", new StringSerializer(), new StringSerializer());
      var chats = driver.createInputTopic("chats", new StringSerializer(), new StringSerializer());
      mails.pipeInput("k", "a");
      chats.pipeInput("k", "b");
      mails.pipeInput("k", "c");

      assertThat(records(driver, "mails-out").stream().map(r -> r.conversation().records()))
          .containsExactly(1L, 3L);
      assertThat(records(driver, "chats-out").stream().map(r -> r.conversation().records()))
          .containsExactly(2L);
      assertThat(driver.getAllStateStores()).containsOnlyKeys("hidden-state");
    }
  }

  /** A model with a memory has two stores; both must be separate. */
  @Test
  void shouldKeepTwoEnrichersOfDifferentNamesApart() {
    Model looking = LetterModel.looking(1);
    KStream<String, String> in = builder.stream("in", TEXTS);
    for (String name : List.of("support", "sales")) {
      Enricher<String, String> enricher =
          Enricher.builder(Serdes.String(), looking).named(name).build();
      assertThat(enricher.name()).isEqualTo(name);
      assertThat(enricher.modelHeader()).isEqualTo("undercurrent-model-" + name);
      in.process(enricher.supplier())
          .to(name, Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    }
    try (var driver = driver()) {
      var to = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      to.pipeInput("k", "a b");
      to.pipeInput("k", "c");

      assertThat(driver.getAllStateStores())
          .containsOnlyKeys(
              "support-hidden-state",
              "support-hidden-state-memory",
              "sales-hidden-state",
              "sales-hidden-state-memory");
      var out =
          driver.createOutputTopic("sales", new StringDeserializer(), new StringDeserializer());
      assertThat(out.readRecord().headers().toArray())
          .extracting(header -> header.key())
          .containsExactly("undercurrent-model-sales");
      assertThat(records(driver, "support").get(1).conversation().records()).isEqualTo(2);
    }
  }

  @Test
  void shouldBeRefusedByKafkaStreamsIfTwoEnrichersHaveTheSameName() {
    KStream<String, String> in = builder.stream("in", TEXTS);
    in.process(Enricher.ofText(Serdes.String(), model).supplier());
    in.process(Enricher.ofText(Serdes.String(), model).supplier());
    assertThatThrownBy(builder::build)
        .isInstanceOf(TopologyException.class)
        .hasMessageContaining("A different StateStore has already been added")
        .hasMessageContaining("hidden-state");
  }

  @Test
  void shouldFollowTheStoreSettings() {
    Map<String, String> compact = Map.of("cleanup.policy", "compact");
    StoreBuilder<?> usual = store(s -> s);
    assertThat(usual.build().persistent()).isTrue();
    assertThat(usual.loggingEnabled()).isTrue();
    assertThat(usual.logConfig()).isEqualTo(compact);

    StoreBuilder<?> own =
        store(s -> s.inMemory().changelog(Map.of("min.insync.replicas", "2")).name("moods"));
    assertThat(own.name()).isEqualTo("moods");
    assertThat(own.build().persistent()).isFalse();
    assertThat(own.logConfig())
        .isEqualTo(Map.of("cleanup.policy", "compact", "min.insync.replicas", "2"));
    assertThat(store(s -> s.changelog(Map.of("cleanup.policy", "compact,delete"))).logConfig())
        .isEqualTo(Map.of("cleanup.policy", "compact,delete"));
    assertThat(store(StoreSettings::withoutChangelog).loggingEnabled()).isFalse();
    assertThat(store(s -> s.withoutChangelog().changelog(Map.of())).logConfig()).isEqualTo(compact);
  }

  private StoreBuilder<?> store(UnaryOperator<StoreSettings> settings) {
    return Enricher.builder(Serdes.String(), model)
        .store(settings)
        .build()
        .supplier()
        .stores()
        .iterator()
        .next();
  }

  @ParameterizedTest
  @MethodSource("stores")
  void shouldGiveTheSameBytesFromEveryStore(UnaryOperator<StoreSettings> settings) {
    Model looking = LetterModel.looking(1);
    KStream<String, String> in = builder.stream("in", TEXTS);
    in.process(Enricher.ofText(Serdes.String(), looking).supplier())
        .to("usual", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    in.process(
            Enricher.builder(Serdes.String(), looking)
                .named("own")
                .store(settings)
                .build()
                .supplier())
        .to("own", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var to = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      for (int i = 0; i < 30; i++) {
        to.pipeInput("k" + i % 3, i % 10 == 9 ? null : "a b " + (char) ('a' + i % 7), i);
      }
      assertThat(records(driver, "own")).hasSize(30).isEqualTo(records(driver, "usual"));
    }
  }

  static Stream<UnaryOperator<StoreSettings>> stores() {
    return Stream.of(
        StoreSettings::inMemory,
        StoreSettings::withoutCache,
        s -> s.inMemory().withoutCache().withoutChangelog());
  }

  @ParameterizedTest
  @MethodSource("keys")
  <K> void shouldWriteAllKeysByTheSameRule(
      Serde<K> serde, K key, KeyEncoding chosen, String text, String encoding) {
    Builder<K, String> enricher = Enricher.builder(serde, model);
    if (chosen != null) {
      enricher.keyEncoding(chosen);
    }
    builder.stream("in", Consumed.with(serde, Serdes.String()))
        .process(enricher.build().supplier())
        .to("out", Produced.with(serde, new EnrichedRecordSerde()));
    try (var driver = driver()) {
      driver.createInputTopic("in", serde.serializer(), new StringSerializer()).pipeInput(key, "a");
      EnrichedRecord record = records(driver, "out").get(0);
      assertThat(record.key()).isEqualTo(text);
      assertThat(record.keyEncoding()).isEqualTo(encoding);
      assertThat(record.keyBytes()).isEqualTo(serde.serializer().serialize("in", key));
    }
  }

  static Stream<Arguments> keys() {
    UUID uuid = new UUID(1, 2);
    return Stream.of(
        Arguments.of(Serdes.String(), "k", null, "k", null),
        Arguments.of(Serdes.String(), "k", KeyEncoding.BASE64, "aw==", "base64"),
        Arguments.of(Serdes.UUID(), uuid, null, uuid.toString(), null),
        Arguments.of(Serdes.Long(), 103L, null, "103", "long"),
        Arguments.of(Serdes.Long(), -1L, null, "-1", "long"),
        Arguments.of(Serdes.Integer(), 7, null, "7", "integer"),
        Arguments.of(Serdes.Short(), (short) 7, null, "7", "short"),
        Arguments.of(Serdes.ByteArray(), "k".getBytes(UTF_8), null, "aw==", "base64"),
        Arguments.of(Serdes.ByteArray(), "k".getBytes(UTF_8), KeyEncoding.TEXT, "k", null),
        Arguments.of(Serdes.Double(), 1.0, null, "P/AAAAAAAAA=", "base64"));
  }

  @Test
  void shouldShowTheKeyTextOfTheApplication() {
    KStream<Long, Ticket> tickets =
        builder.stream("in", Consumed.with(Serdes.Long(), Serdes.String())).mapValues(Ticket::of);
    tickets
        .process(
            Enricher.builder(Serdes.Long(), model)
                .text(Ticket::body)
                .named("value")
                .keyText(Ticket::id)
                .build()
                .supplier())
        .to("value", Produced.with(Serdes.Long(), new EnrichedRecordSerde()));
    tickets
        .process(
            Enricher.builder(Serdes.Long(), model)
                .text(Ticket::body)
                .named("both")
                .keyText((key, ticket) -> "#" + key + " " + ticket.id())
                .build()
                .supplier())
        .to("both", Produced.with(Serdes.Long(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      driver
          .createInputTopic("in", Serdes.Long().serializer(), new StringSerializer())
          .pipeInput(7L, "a b");
      EnrichedRecord record = records(driver, "value").get(0);
      assertThat(record.key()).isEqualTo("ticket 3");
      assertThat(record.keyEncoding()).isEqualTo("custom");
      assertThatIllegalStateException()
          .isThrownBy(record::keyBytes)
          .withMessage("keyEncoding must tell the key's bytes, found custom with key ticket 3");
      assertThat(records(driver, "both").get(0).key()).isEqualTo("#7 ticket 3");
    }
  }

  @Test
  void shouldRejectARecordWithoutTextOrKeyText() {
    KStream<String, Ticket> tickets =
        builder.stream("in", TEXTS)
            .mapValues(text -> new Ticket(null, text.equals("none") ? null : text));
    tickets.process(
        Enricher.builder(Serdes.String(), model)
            .text(Ticket::body)
            .keyText(Ticket::id)
            .build()
            .supplier());
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      assertThatThrownBy(() -> in.pipeInput("k", "none"))
          .hasRootCauseMessage("missing-text: the value must have a text, found none");
    }
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      assertThatThrownBy(() -> in.pipeInput("k", "a"))
          .hasRootCauseMessage(
              "missing-key: keyText() must return a text for every record, found null");
      assertThat(driver.getKeyValueStore("hidden-state").all().hasNext()).isFalse();
    }
  }

  @Test
  void shouldTakeItsSettingsFromTheBuilder() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Enricher<String, String> enricher =
        Enricher.builder(Serdes.String(), model)
            .maxTokens(2)
            .nextTokens(1)
            .halfLifeTokens(30)
            .maxRecordBytes(1_000)
            .batch(4, 100)
            .meters(registry)
            .build();
    builder.stream("in", TEXTS)
        .process(enricher.supplier())
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      in.pipeInput("k", "a b c");
      EnrichedRecord record = records(driver, "out").get(0);
      assertThat(record.surprise().tokens()).isEqualTo(2);
      assertThat(record.truncated()).isTrue();
      assertThat(record.next()).hasSize(1);
      assertThat(registry.get(MeterNames.RECORDS).counter().count()).isEqualTo(1);
      assertThatThrownBy(() -> in.pipeInput("k".repeat(600), "a"))
          .rootCause()
          .hasMessageStartingWith("too-large: the enriched record must fit 1000 bytes");
    }
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void shouldRefuseWrongArgumentsInOneLine(
      UnaryOperator<Builder<String, String>> with, String error) {
    Builder<String, String> enricher = Enricher.builder(Serdes.String(), model);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with.apply(enricher).build())
        .withMessage(error);
  }

  static Stream<Arguments> nonsense() {
    String name = " must be 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', found ";
    return Stream.of(
        nonsense(b -> b.named(""), "the enricher's name" + name + "\"\""),
        nonsense(b -> b.named("a b"), "the enricher's name" + name + "\"a b\""),
        nonsense(b -> b.named(".."), "the enricher's name" + name + "\"..\""),
        nonsense(b -> b.store(s -> s.name("a/b")), "the store's name" + name + "\"a/b\""),
        nonsense(
            b -> b.named("n".repeat(240)),
            "the store's name" + name + "\"" + "n".repeat(240) + "-hidden-state\""),
        nonsense(b -> b.maxTokens(0), "maxTokens must be 1 to 65536, found 0"),
        nonsense(b -> b.nextTokens(101), "nextTokens must be 0 to 100, found 101"),
        nonsense(b -> b.halfLifeTokens(0), "halfLifeTokens must be a number above 0, found 0.0"),
        nonsense(b -> b.maxRecordBytes(0), "maxRecordBytes must be at least 1, found 0"),
        nonsense(b -> b.batch(0, 1), "batchRecords must be 1 to 1024, found 0"),
        nonsense(b -> b.batch(1, 0), "batchTokens must be 1 to 1048576, found 0"));
  }

  private static Arguments nonsense(UnaryOperator<Builder<String, String>> with, String error) {
    return Arguments.of(with, error);
  }

  @Test
  void shouldRequireTextBeforeMethodsThatDependOnTheTypeOfTheValues() {
    Builder<String, String> enricher =
        Enricher.builder(Serdes.String(), model).keyText(String::trim);
    assertThatIllegalStateException()
        .isThrownBy(() -> enricher.text(Ticket::body))
        .withMessageStartingWith(
            "text() must be called before source(), keyText() and lookAhead()");
    assertThat(
            Enricher.builder(Serdes.String(), model)
                .named("kept")
                .store(StoreSettings::inMemory)
                .text(Ticket::body)
                .build()
                .storeName())
        .isEqualTo("kept-hidden-state");
  }

  @Test
  void shouldWarnOnceIfTheLookAheadIsNotInTheConfiguration() {
    LookAhead lookAhead = new LookAhead();
    builder.stream("in", TEXTS)
        .process(
            Enricher.builder(Serdes.String(), model)
                .lookAhead(lookAhead, Serdes.String())
                .build()
                .supplier());
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger("io.undercurrent.streams.internals");
    log.start();
    logger.addAppender(log);
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      in.pipeInput("k", "a");
      in.pipeInput("k", "b");
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list).filteredOn(event -> event.getLevel() == Level.WARN).hasSize(1);
    assertThat(log.list.get(0).getFormattedMessage())
        .isEqualTo(
            "in-0: no polled records of this thread are known, so records are computed one by one."
                + " Pass the application's settings through LookAhead.addTo");
  }

  @Test
  void shouldReadAheadWithTheDefaultSerdeAndReportIfItIsMissing() {
    LookAhead lookAhead = new LookAhead();
    builder.stream("in", TEXTS)
        .process(Enricher.builder(Serdes.String(), model).lookAhead(lookAhead).build().supplier())
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    assertThatThrownBy(this::driver)
        .hasRootCauseMessage(
            "lookAhead(lookAhead) needs default.value.serde, found none: set it, or give"
                + " lookAhead() the serde of the source's values");
    try (var driver = driver(Map.of("default.value.serde", Serdes.StringSerde.class))) {
      driver
          .createInputTopic("in", new StringSerializer(), new StringSerializer())
          .pipeInput("k", "a");
      assertThat(records(driver, "out")).hasSize(1);
    }
  }

  @Test
  void shouldKeepTheStateUnchangedIfAStepDownstreamThrows() {
    builder.stream("in", TEXTS)
        .process(Enricher.ofText(Serdes.String(), model).supplier())
        .process(() -> new Failing())
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver()) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      assertThatThrownBy(() -> in.pipeInput("k", "fail")).hasRootCauseMessage("downstream");
      assertThat(driver.getKeyValueStore("hidden-state").all().hasNext()).isFalse();
    }
  }

  private static final class Failing
      extends ContextualProcessor<String, EnrichedRecord, String, EnrichedRecord> {
    @Override
    public void process(Record<String, EnrichedRecord> record) {
      throw new IllegalStateException("downstream");
    }
  }

  private static List<EnrichedRecord> records(TopologyTestDriver driver, String topic) {
    return driver
        .createOutputTopic(
            topic, Serdes.ByteArray().deserializer(), new EnrichedRecordSerde().deserializer())
        .readValuesToList();
  }

  private TopologyTestDriver driver() {
    return driver(Map.of());
  }

  private TopologyTestDriver driver(Map<String, ?> settings) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    properties.putAll(settings);
    return new TopologyTestDriver(builder.build(), properties);
  }
}
