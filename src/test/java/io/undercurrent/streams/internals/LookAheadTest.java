package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Message;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.metrics.internals.DroppedReason;
import io.undercurrent.metrics.internals.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.SpeculativeResults.Result;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests when a result computed ahead is used, and each reason to drop it. */
class LookAheadTest {

  /** A value that carries where its text was first read. */
  private record TextAndSource(String text, Source source) {}

  private static final Serde<byte[]> BYTES = Serdes.ByteArray();

  private Model model = LetterModel.looking(1);
  private EnrichmentSettings settings = EnrichmentSettings.DEFAULTS.withBatch(8, 4_096);
  private LookAheadDriver driver;

  @AfterEach
  void close() {
    if (driver != null) {
      driver.close();
    }
  }

  @Test
  void shouldComputePolledRecordsTogetherAndUseTheResultsOneByOne() {
    start(Map.of());
    settle();
    for (int i = 0; i < 24; i++) {
      driver.poll("messages", key(i % 3), bytes("a b " + (char) ('c' + i)), i);
    }
    long batches = driver.batches();
    driver.processAll();

    assertThat(driver.used()).isEqualTo(21); // all but the first record of each of three batches
    assertThat(driver.batches() - batches).isEqualTo(3);
    assertThat(driver.largestBatch()).isEqualTo(8);
    assertThat(driver.dropped()).isZero();
  }

  /** Directly behind a source, the serdes give the preview of a polled record. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldReadAheadWithTheSerdesOfTheSource(boolean givesSerde) {
    Enricher.Builder<byte[], String> builder =
        Enricher.builder(BYTES, model).keyEncoding(KeyEncoding.TEXT).batch(8, 4_096);
    driver =
        new LookAheadDriver(
            givesSerde ? Map.of() : Map.of("default.value.serde", Serdes.StringSerde.class),
            of -> {
              builder.meters(of.registry);
              Enricher<byte[], String> enricher =
                  givesSerde
                      ? builder.lookAhead(of.lookAhead, Serdes.String()).build()
                      : builder.lookAhead(of.lookAhead).build();
              StreamsBuilder topology = new StreamsBuilder();
              topology.stream("messages", Consumed.with(BYTES, Serdes.String()).withName("source"))
                  .process(enricher.supplier(), Named.as("enrich"))
                  .to(
                      "messages-enriched",
                      Produced.with(BYTES, new EnrichedRecordSerde()).withName("sink"));
              return topology.build();
            });
    settle();
    pollTen();
    driver.processAll();

    assertThat(driver.used()).isEqualTo(8); // all but the first record of each of two batches
    assertThat(driver.dropped()).isZero();
    assertOneByOne("messages");
  }

  /**
   * Each use computes ahead on its own, and notices from the state that the other use changed it.
   */
  @Test
  void shouldGiveTheSameBytesIfTwoUsesShareTheirStates() {
    driver =
        new LookAheadDriver(
            Map.of(),
            of -> {
              Enricher<byte[], TextAndSource> enricher =
                  enricher(of.registry, of.lookAhead, preview(r -> r));
              StreamsBuilder topology = new StreamsBuilder();
              for (String topic : List.of("messages", "others")) {
                topology.stream(topic, Consumed.with(BYTES, BYTES).withName(topic + "-source"))
                    .mapValues(
                        value ->
                            value == null
                                ? null
                                : new TextAndSource(new String(value, UTF_8), null),
                        Named.as(topic + "-text"))
                    .process(enricher.supplier(), Named.as(topic + "-enrich"))
                    .to(
                        "messages-enriched",
                        Produced.with(BYTES, new EnrichedRecordSerde()).withName(topic + "-sink"));
              }
              return topology.build();
            });
    OneByOne expected = new OneByOne(model, settings);
    List<String> values = new ArrayList<>();
    for (int round = 0; round < 6; round++) {
      for (int i = 0; i < 20; i++) {
        boolean message = i % 10 < 7;
        String topic = message ? "messages" : "others";
        long offset =
            message ? round * 14 + i / 10 * 7 + i % 10 : round * 6 + i / 10 * 3 + i % 10 - 7;
        String text = i == 13 ? null : "a b " + (char) ('c' + i);
        long time = round * 20 + i;
        driver.poll(topic, key(i % 3), text == null ? null : bytes(text), time);
        values.add(expected.read(key(i % 3), text, time, new Source(topic, 0, offset, time)));
      }
      driver.processAll();
    }

    assertThat(driver.used()).isPositive();
    assertThat(driver.dropped(DroppedReason.STATE)).isPositive();
    assertThat(
            driver.enriched().stream().map(v -> v == null ? null : new String(v, UTF_8)).toList())
        .isEqualTo(values);
  }

  @Test
  void shouldComputeOneByOneWithABatchOfOne() {
    settings = settings.withBatch(1, 4_096);
    start(Map.of());
    settle();
    pollTen();
    driver.processAll();

    assertThat(driver.used()).isZero();
    assertThat(driver.inline()).isEqualTo(11);
    assertThat(driver.polledRecords.records()).isZero();
  }

  @Test
  void shouldLimitABatchByItsTokens() {
    settings = settings.withBatch(8, 7);
    start(Map.of());
    settle();
    for (int i = 0; i < 6; i++) {
      driver.poll("messages", key(i), bytes("a b c"), i);
    }
    driver.processAll();

    assertThat(driver.largestBatch()).isEqualTo(2);
  }

  /** Tests each input of the computation that a preview can predict wrongly. */
  @ParameterizedTest
  @CsvSource({"KEY", "TEXT", "TIMESTAMP", "SOURCE"})
  void shouldDropResultsOfAnotherInput(DroppedReason reason) {
    UnaryOperator<Record<byte[], TextAndSource>> wrong =
        switch (reason) {
          case KEY -> record -> record.withKey(bytes("other"));
          case TEXT ->
              record ->
                  record.withValue(
                      new TextAndSource(record.value().text() + " x", record.value().source()));
          case TIMESTAMP -> record -> record.withTimestamp(record.timestamp() + 1);
          default ->
              record ->
                  record.withValue(
                      new TextAndSource(record.value().text(), new Source("other", 0, 0, 1L)));
        };
    if (reason == DroppedReason.SOURCE) {
      // The same timestamp, so that only the source differs.
      start(preview(r -> withSource(r, "messages")), r -> withSource(r, "other"));
    } else {
      start(preview(wrong), record -> record);
    }
    settle();
    pollTen();
    driver.processAll();

    assertThat(driver.dropped(reason)).isPositive();
    assertThat(driver.used()).isZero();
    assertOneByOne(reason == DroppedReason.SOURCE ? "other" : "messages");
  }

  private static Record<byte[], TextAndSource> withSource(
      Record<byte[], TextAndSource> record, String topic) {
    Source source = new Source(topic, 0, 0, record.timestamp());
    return record.withValue(new TextAndSource(record.value().text(), source));
  }

  @Test
  void shouldDropResultsOfAnotherState() {
    start(Map.of());
    settle();
    driver.poll("messages", key(0), bytes("a b"), 1);
    driver.poll("others", key(0), bytes("c d"), 2); // from another partition, processed in between
    driver.poll("messages", key(0), bytes("e f"), 3);
    driver.poll("messages", key(1), bytes("e f"), 4);
    driver.processAll();

    assertThat(driver.dropped(DroppedReason.STATE) + driver.dropped(DroppedReason.MEMORY))
        .isEqualTo(1);
    assertThat(driver.used()).isEqualTo(1); // the other key's
  }

  /**
   * The network's weights are all zero, so another history leads to the same state and only the
   * memory differs.
   */
  @Test
  void shouldDropResultsOfAnotherMemory() {
    Parameters zeros = new Parameters(model.config().tensors());
    model =
        new Model(
            model.config(),
            model.tokenizer(),
            new Network(model.config(), zeros, Kernels.best()),
            model.fingerprint());
    // The preview does not see these two records, which replace the key's history.
    Preview<byte[], TextAndSource> half =
        (raw, time) ->
            raw.offset() == 2 || raw.offset() == 3 ? null : preview(r -> r).of(raw, time);
    start(half, record -> record);
    settle();
    driver.poll("messages", key(0), bytes("a"), 7);
    driver.poll("messages", key(0), null, 7);
    driver.poll("messages", key(0), bytes("c"), 7);
    driver.poll("messages", key(0), bytes("d"), 7);
    driver.processAll();

    EnrichedRecord last = EnrichedRecordJson.fromJson(driver.enriched().get(4));
    assertThat(last.attention().records().get(0).text()).isEqualTo("c");
    assertThat(driver.dropped(DroppedReason.MEMORY)).isEqualTo(1);
  }

  /** A key of a record that waits is restored and started again like that of the current record. */
  @Test
  void shouldNoticeABrokenStateAheadAndCountItOnceItsRecordArrives() {
    start(Map.of());
    settle();
    driver.restore("hidden-state", Map.of(Bytes.wrap(key(1)), new byte[] {1, 2, 3}));
    pollThree();
    assertThatThrownBy(driver::process).isInstanceOf(TaskMigratedException.class);
    driver.processAll(); // the records after the first, which the driver has dropped
    assertThat(driver.registry.get(MeterNames.BROKEN_STATES).counter().count()).isEqualTo(1);
    driver.enriched();
    driver.restore("hidden-state", Map.of(Bytes.wrap(key(1)), new byte[9]));
    long used = driver.used();

    pollThree();
    driver.process();
    assertThat(driver.registry.get(MeterNames.BROKEN_STATES).counter().count()).isEqualTo(1);
    driver.processAll();

    assertThat(driver.registry.get(MeterNames.BROKEN_STATES).counter().count()).isEqualTo(2);
    assertThat(driver.used() - used).isEqualTo(2);
    assertThat(EnrichedRecordJson.fromJson(driver.enriched().get(1)).conversation().records())
        .isEqualTo(1);
  }

  private void pollThree() {
    for (int i = 0; i < 3; i++) {
      driver.poll("messages", key(i), bytes("a b"), i);
    }
  }

  @Test
  void shouldCompareEveryInputOfAResult() {
    Message record = new Message(ByteBuffer.wrap(key(1)), "a", 1L, new Source("t", 0, 1, 1L));
    String model = "0123456789ab";
    Result result =
        new Result(record, new byte[] {1}, model, null, List.of(), null, false, null, 0);
    byte[] same = {1};

    assertThat(result.mismatch(record, same, model)).isNull();
    assertThat(result.mismatch(record, new byte[] {2}, model)).isEqualTo(DroppedReason.STATE);
    assertThat(result.mismatch(record, null, model)).isEqualTo(DroppedReason.STATE);
    assertThat(result.mismatch(record, same, "0123456789ac")).isEqualTo(DroppedReason.MODEL);
  }

  /** The tombstone is polled too, so the records after it are computed from a fresh state. */
  @Test
  void shouldPredictTombstones() {
    start(Map.of());
    settle();
    driver.poll("messages", key(0), bytes("a b"), 1);
    driver.poll("messages", key(0), null, 2);
    driver.poll("messages", key(0), bytes("c"), 3);
    driver.poll("messages", key(0), bytes("d"), 4);
    driver.processAll();

    assertThat(driver.used()).isEqualTo(2);
    assertThat(driver.dropped()).isZero();
    EnrichedRecord last = EnrichedRecordJson.fromJson(driver.enriched().get(4));
    assertThat(last.conversation().records()).isEqualTo(2);
  }

  @Test
  void shouldApplyTheSourcesTimestampExtractor() {
    start(Map.of("default.timestamp.extractor", Later.class.getName()));
    settle();
    pollTen();
    driver.processAll();

    assertThat(driver.used()).isEqualTo(8);
    assertThat(driver.dropped()).isZero();
    EnrichedRecord last = EnrichedRecordJson.fromJson(driver.enriched().get(10));
    assertThat(last.source().timestampMs()).isEqualTo(1_009);
  }

  /** An extractor with timestamps of its own. */
  public static final class Later implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      record.headers().add("seen", new byte[0]);
      return record.timestamp() + 1_000;
    }
  }

  /** An extractor that writes headers must write into a copy. */
  @Test
  void shouldNotChangePolledRecords() {
    ConsumerRecord<byte[], byte[]> raw = new ConsumerRecord<>("t", 0, 0, key(0), bytes("a"));
    Record<byte[], byte[]> record = Preview.of(BYTES, BYTES, new Later()).of(raw, 0);

    assertThat(record.headers().lastHeader("seen")).isNotNull();
    assertThat(raw.headers()).isEmpty();
  }

  @Test
  void shouldEnrichOtherRecordsOfABatchWithABadOne() {
    model = LookAheadPropertyTest.poisoned(model);
    start(Map.of());
    settle();
    driver.poll("messages", key(0), bytes("a"), 1);
    driver.poll("messages", key(0), bytes("z"), 2); // gives a state that is not finite
    driver.poll("messages", null, bytes("b"), 3);
    driver.poll("messages", key(1), new byte[] {(byte) 0xff}, 4);
    driver.poll("messages", key(0), bytes("b"), 5);
    driver.poll("messages", key(1), bytes("c"), 6);
    driver.process();
    assertThat(driver.deadLetters()).isEmpty(); // the record has not been processed yet
    driver.processAll();

    assertThat(driver.deadLetters()).hasSize(3);
    assertThat(driver.used()).isEqualTo(1); // results after the key's bad record were not kept
    assertThat(driver.dropped()).isZero();
    EnrichedRecord ofKey = EnrichedRecordJson.fromJson(driver.enriched().get(2));
    assertThat(ofKey.text()).isEqualTo("b");
    assertThat(ofKey.conversation().records()).isEqualTo(2);
  }

  /**
   * Computing ahead pauses if results are unused, and is tried again later. Uses no topology,
   * because the test has many records.
   */
  @Test
  void shouldPauseIfTooManyResultsAreUnused() {
    LookAhead lookAhead = new LookAhead();
    PolledRecords polledRecords = new PolledRecords();
    PolledBy.threadsOf(lookAhead).register(polledRecords);
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Liar liar = new Liar();
    TopicPartition partition = new TopicPartition("messages", 0);
    SpeculativeResults results =
        new SpeculativeResults(
            PolledBy.threadsOf(lookAhead),
            new Enrichment(model, settings, 8),
            model.fingerprint(),
            settings,
            nothingStored(),
            liar,
            EnricherMeters.of(registry, "support", model).in("test"));
    double[] usedBy = new double[3];
    int records = 1_000;
    int end = SpeculativeResults.PAUSE_RECORDS + 2 * records;
    for (int i = 0; i < end; i++) {
      if (i % 50 == 1) {
        polledRecords.add(
            partition,
            IntStream.range(i, i + 50)
                .mapToObj(o -> new ConsumerRecord<>("messages", 0, o, key(o % 8), bytes("a")))
                .toList());
      }
      liar.lies = i < records;
      results.resultFor(partition, i, incoming(key(i % 8), "a"));
      int part = i < records ? 0 : i < SpeculativeResults.PAUSE_RECORDS ? 1 : 2;
      usedBy[part] = registry.get(MeterNames.AHEAD_USED).counter().count();
    }
    assertThat(usedBy[1]).isZero();
    assertThat(usedBy[2]).isGreaterThan(records / 2.0);
    double dropped =
        registry.get(MeterNames.AHEAD_DROPPED).counters().stream()
            .mapToDouble(counter -> counter.count())
            .sum();
    assertThat(dropped).isBetween((double) SpeculativeResults.MAX_UNUSED, 120.0);
    PolledBy.threadsOf(lookAhead).unregister(polledRecords);
  }

  /** Predicts wrong texts while it lies. */
  private static final class Liar implements SpeculativeResults.MessagePreview {
    private boolean lies;

    @Override
    public Message of(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs) {
      return incoming(raw.key(), lies ? "b" : "a");
    }
  }

  private static Message incoming(byte[] key, String text) {
    return new Message(ByteBuffer.wrap(key), text, 1L, null);
  }

  /** Empty stores. */
  private StoredKeys nothingStored() {
    return new StoredKeys(model)
        .in(
            Stores.inMemoryKeyValueStore("states").get(),
            model.config().hasMemory() ? Stores.inMemoryKeyValueStore("memories").get() : null);
  }

  /** Records that a punctuator forwards have no position in a partition. */
  @Test
  void shouldComputeRecordsWithoutAPositionWhenTheyArrive() {
    start(preview(r -> r), LookAheadTest::punctuated);
    settle();
    driver.poll("messages", key(0), bytes("a"), 1);
    driver.poll("messages", key(0), bytes("b"), 2);
    driver.process();
    driver.driver.advanceWallClockTime(Duration.ofHours(1));
    driver.processAll();

    List<byte[]> enriched = driver.enriched();
    assertThat(enriched.stream().map(v -> EnrichedRecordJson.fromJson(v).text()).toList())
        .containsExactly("a", "a", "p q", "b");
    EnrichedRecord punctuated = EnrichedRecordJson.fromJson(enriched.get(2));
    assertThat(punctuated.text()).isEqualTo("p q");
    assertThat(punctuated.source()).isNull();
    assertThat(EnrichedRecordJson.fromJson(enriched.get(3)).conversation().records()).isEqualTo(3);
    assertThat(driver.dropped(DroppedReason.MEMORY)).isEqualTo(1);
  }

  private static Processor<byte[], TextAndSource, byte[], TextAndSource> punctuated() {
    return new Processor<>() {
      private ProcessorContext<byte[], TextAndSource> context;

      @Override
      public void init(ProcessorContext<byte[], TextAndSource> context) {
        this.context = context;
        context.schedule(
            Duration.ofMillis(10),
            PunctuationType.WALL_CLOCK_TIME,
            time -> context.forward(new Record<>(key(0), new TextAndSource("p q", null), 5)));
      }

      @Override
      public void process(Record<byte[], TextAndSource> record) {
        context.forward(record);
      }
    };
  }

  @Test
  void shouldDropResultsOfRecordsThatNeverArrive() {
    start(
        preview(r -> r),
        () ->
            new Processor<byte[], TextAndSource, byte[], TextAndSource>() {
              private ProcessorContext<byte[], TextAndSource> context;

              @Override
              public void init(ProcessorContext<byte[], TextAndSource> context) {
                this.context = context;
              }

              @Override
              public void process(Record<byte[], TextAndSource> record) {
                if (record.timestamp() % 2 == 0) {
                  context.forward(record);
                }
              }
            });
    settle();
    pollTen();
    driver.processAll();

    assertThat(driver.dropped(DroppedReason.PASSED)).isPositive();
    assertThat(driver.enriched()).hasSize(6);
  }

  @Test
  void shouldKeepNothingWhenItIsClosed() {
    start(Map.of());
    settle();
    pollTen();
    driver.process();
    assertThat(driver.polledRecords.records()).isPositive();
    driver.close();

    assertThat(driver.polledRecords.records()).isZero();
    assertThat(driver.dropped(DroppedReason.CLOSED)).isEqualTo(7);
    driver = null;
  }

  /**
   * Kafka Streams may initialise a processor again. It then reads from an earlier offset with
   * earlier states, so results computed ahead before must not be used.
   */
  @Test
  void shouldDropResultsWhenItIsInitialisedAgain() {
    LookAhead lookAhead = new LookAhead();
    PolledRecords polledRecords = new PolledRecords();
    PolledBy.threadsOf(lookAhead).register(polledRecords);
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Processor<byte[], TextAndSource, byte[], EnrichedRecord> processor =
        enricher(registry, lookAhead, preview(r -> r)).supplier().get();
    Life first = new Life(processor, polledRecords);
    first.process(0, 1);
    first.poll(1, 12);
    first.process(1, 2); // computes the seven records after it too
    assertThat(polledRecords.records()).isPositive();

    Life second = new Life(processor, polledRecords);
    assertThat(polledRecords.records()).isZero();
    assertThat(dropped(registry, DroppedReason.CLOSED)).isEqualTo(7);
    second.process(0, 1);
    second.poll(1, 12);
    second.process(1, 12);

    OneByOne expected = new OneByOne(model, settings);
    List<String> values = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      values.add(
          expected.read(
              key(i % 4), Life.text(i), (long) i, new Source("messages", 0, i, (long) i)));
    }
    assertThat(second.enriched()).isEqualTo(values);
    assertThat(second.stored())
        .usingRecursiveComparison()
        .isEqualTo(List.copyOf(expected.states.values()));
    assertThat(registry.get(MeterNames.AHEAD_USED).counter().count()).isEqualTo(9);
    assertThat(dropped(registry, DroppedReason.CLOSED)).isEqualTo(7);
    processor.close();
    assertThat(polledRecords.records()).isZero();
    PolledBy.threadsOf(lookAhead).unregister(polledRecords);
  }

  private static double dropped(SimpleMeterRegistry registry, DroppedReason reason) {
    return registry
        .get(MeterNames.AHEAD_DROPPED)
        .tag(MeterNames.REASON, reason.code())
        .counter()
        .count();
  }

  /** One life of a processor, from one init to the next, with its own stores. */
  private final class Life {
    private final MockProcessorContext<byte[], EnrichedRecord> context =
        new MockProcessorContext<>();
    private final Processor<byte[], TextAndSource, byte[], EnrichedRecord> processor;
    private final PolledRecords polledRecords;
    private final KeyValueStore<Bytes, byte[]> states = store(settings.store());

    Life(
        Processor<byte[], TextAndSource, byte[], EnrichedRecord> processor,
        PolledRecords polledRecords) {
      this.processor = processor;
      this.polledRecords = polledRecords;
      store(settings.memoryStore());
      processor.init(context);
    }

    private KeyValueStore<Bytes, byte[]> store(String name) {
      KeyValueStore<Bytes, byte[]> store =
          Stores.keyValueStoreBuilder(
                  Stores.inMemoryKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
              .withLoggingDisabled()
              .build();
      store.init(context.getStateStoreContext(), store);
      return store;
    }

    private static String text(int i) {
      return "a b " + (char) ('c' + i);
    }

    void poll(int from, int to) {
      polledRecords.add(
          new TopicPartition("messages", 0),
          IntStream.range(from, to)
              .mapToObj(
                  i ->
                      new ConsumerRecord<>(
                          "messages",
                          0,
                          i,
                          i,
                          TimestampType.CREATE_TIME,
                          0,
                          0,
                          key(i % 4),
                          bytes(text(i)),
                          new RecordHeaders(),
                          Optional.empty()))
              .toList());
    }

    void process(int from, int to) {
      for (int i = from; i < to; i++) {
        context.setRecordMetadata("messages", 0, i);
        processor.process(new Record<>(key(i % 4), new TextAndSource(text(i), null), i));
      }
    }

    List<String> enriched() {
      return context.forwarded().stream()
          .map(f -> new String(EnrichedRecordJson.toJson(f.record().value()), UTF_8))
          .toList();
    }

    List<byte[]> stored() {
      List<byte[]> values = new ArrayList<>();
      try (KeyValueIterator<Bytes, byte[]> all = states.all()) {
        all.forEachRemaining(entry -> values.add(entry.value));
      }
      return values;
    }
  }

  /**
   * Processes a first record, because a partition's polled records are kept only after a
   * processor's first one.
   */
  private void settle() {
    driver.poll("messages", bytes("first"), bytes("a"), 0);
    driver.processAll();
  }

  private void pollTen() {
    for (int i = 0; i < 10; i++) {
      driver.poll("messages", key(i % 4), bytes("a b " + (char) ('c' + i)), i);
    }
  }

  private void assertOneByOne(String topic) {
    OneByOne expected = new OneByOne(model, settings);
    List<String> values = new ArrayList<>();
    boolean other = topic.equals("other");
    values.add(expected.read(bytes("first"), "a", 0L, new Source(topic, 0, 0, 0L)));
    for (int i = 0; i < 10; i++) {
      Source source = new Source(topic, 0, other ? 0 : i + 1, (long) i);
      values.add(expected.read(key(i % 4), "a b " + (char) ('c' + i), (long) i, source));
    }
    assertThat(driver.enriched().stream().map(v -> new String(v, UTF_8)).toList())
        .isEqualTo(values);
  }

  private void start(Map<String, Object> configs) {
    driver = LookAheadDriver.of(model, settings, configs);
  }

  /** Starts a user's topology, with a node that changes values. */
  private void start(
      Preview<byte[], TextAndSource> preview,
      UnaryOperator<Record<byte[], TextAndSource>> changed) {
    start(
        preview,
        () ->
            new Processor<byte[], TextAndSource, byte[], TextAndSource>() {
              private ProcessorContext<byte[], TextAndSource> context;

              @Override
              public void init(ProcessorContext<byte[], TextAndSource> context) {
                this.context = context;
              }

              @Override
              public void process(Record<byte[], TextAndSource> record) {
                context.forward(record.value() == null ? record : changed.apply(record));
              }
            });
  }

  private void start(
      Preview<byte[], TextAndSource> preview,
      Supplier<Processor<byte[], TextAndSource, byte[], TextAndSource>> node) {
    driver = new LookAheadDriver(new HashMap<>(), d -> topology(preview, node, d));
  }

  private Topology topology(
      Preview<byte[], TextAndSource> preview,
      Supplier<Processor<byte[], TextAndSource, byte[], TextAndSource>> node,
      LookAheadDriver of) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], TextAndSource> messages =
        builder.stream("messages", Consumed.with(BYTES, BYTES).withName("source"))
            .mapValues(
                value -> value == null ? null : new TextAndSource(new String(value, UTF_8), null),
                Named.as("text"));
    messages
        .process(node::get, Named.as("node"))
        .process(enricher(of.registry, of.lookAhead, preview).supplier(), Named.as("enrich"))
        .to("messages-enriched", Produced.with(BYTES, new EnrichedRecordSerde()).withName("sink"));
    return builder.build();
  }

  private Enricher<byte[], TextAndSource> enricher(
      MeterRegistry registry, LookAhead lookAhead, Preview<byte[], TextAndSource> preview) {
    return Enricher.builder(BYTES, model)
        .text(TextAndSource::text)
        .source(TextAndSource::source)
        .keyEncoding(KeyEncoding.TEXT)
        .maxTokens(settings.maxTokens())
        .nextTokens(settings.nextTokens())
        .batch(settings.batchRecords(), settings.batchTokens())
        .meters(registry)
        .lookAhead(lookAhead, preview)
        .build();
  }

  private static Preview<byte[], TextAndSource> preview(
      UnaryOperator<Record<byte[], TextAndSource>> changed) {
    return (raw, time) -> {
      Record<byte[], byte[]> record = Preview.of(BYTES, BYTES).of(raw, time);
      return record.value() == null
          ? record.withValue(null)
          : changed.apply(
              record.withValue(new TextAndSource(new String(record.value(), UTF_8), null)));
    };
  }

  private static byte[] key(int i) {
    return bytes("k" + i);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
