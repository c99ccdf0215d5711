package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.metrics.internals.MeterCatalogue;
import io.undercurrent.metrics.internals.MeterCatalogue.Entry;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.KafkaStreams.StateListener;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the meters of an application with two enrichers and one registry, on a real broker. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class ApplicationMetersTest {

  private static final int TICKETS = 300;
  private static final int CHATS = 250;

  @TempDir Path folder;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Model chat = Checkpoint.load("classpath:en-chat"); // has clusters of rare words
  private final LookAhead lookAhead = new LookAhead();
  private final Set<String> restored = ConcurrentHashMap.newKeySet();
  private final Set<State> states = ConcurrentHashMap.newKeySet();
  private final CountDownLatch gate = new CountDownLatch(1); // delays the first record
  private EmbeddedBroker broker;
  private KafkaStreams streams;

  @BeforeEach
  void start() {
    broker = EmbeddedBroker.start(folder.resolve("broker"));
    broker.createTopics(
        Stream.of("tickets", "chats.en", "tickets-enriched", "chats-enriched", "dead")
            .map(name -> new NewTopic(name, 1, (short) 1))
            .toList());
  }

  @AfterEach
  void stop() {
    gate.countDown();
    if (streams != null) {
      streams.close();
    }
    broker.close();
  }

  @Test
  void shouldReportEveryMeterOfTheCatalogueForTwoEnrichersSeparately() throws Exception {
    Map<String, Object> configs = configs();
    ApplicationMeters meters = new ApplicationMeters(registry, configs);
    assertThat(lag()).as("lag before it is bound").isNaN();
    assertThat(meters.notReady()).hasValue("not started");
    send();

    streams = new KafkaStreams(topology(looking(1)), new StreamsConfig(configs));
    meters.attachTo(streams);
    streams.start();
    await("a lag", () -> lag() > 100);
    assertThat(lag())
        .as("lag, with a topic with a dot counted once")
        .isLessThan(2 * TICKETS + CHATS);
    gate.countDown();
    await("all records", () -> records("support") == TICKETS && records("chat") == CHATS);
    await("no lag", () -> lag() == 0);
    assertThat(meters.notReady()).isEmpty();
    assertThat(registry.get(MeterNames.READY).gauge().value()).isEqualTo(1);
    assertEveryMeterIsThere();
    streams.close();

    streams.cleanUp(); // so that states are restored; another model then finds them
    streams = new KafkaStreams(topology(looking(2)), new StreamsConfig(configs));
    StateListener myStateListener = (now, before) -> states.add(now);
    StateRestoreListener myRestoreListener = new Listener();
    streams.setStateListener(meters.stateListener(myStateListener));
    streams.setGlobalStateRestoreListener(meters.restoreListener(myRestoreListener));
    meters.bindTo(streams);
    send();
    streams.start();
    await("all records", () -> records("support") == 2 * TICKETS && records("chat") == 2 * CHATS);
    await("no lag", () -> lag() == 0);
    assertEveryMeterIsThere();
    assertThat(restored)
        .containsExactlyInAnyOrder(
            "support-hidden-state", "support-hidden-state-memory", "chat-hidden-state");
    assertThat(states).contains(State.REBALANCING, State.RUNNING);

    Set<String> still = new TreeSet<>();
    for (Entry entry : MeterCatalogue.own()) {
      if (!entry.type().equals("gauge") && samples(entry).stream().allMatch(s -> value(s) == 0)) {
        still.add(entry.name());
      }
    }
    assertThat(still)
        .as("counters and histograms that did not move")
        .containsExactly("undercurrent_broken_states_total"); // BrokenStoresTest moves it
    assertThat(registry.get(MeterNames.DRIFT).tag("enricher", "support").gauge().value())
        .isFinite();
    assertThat(registry.get(MeterNames.MODEL).tag("enricher", "support").gauges())
        .as("gauges of the previous model")
        .hasSize(1);
    assertThat(count(MeterNames.TRUNCATED_RECORDS, "enricher", "support")).isEqualTo(2);
    assertThat(count(MeterNames.TRUNCATED_RECORDS, "enricher", "chat")).isZero();
    assertThat(count(MeterNames.FOREIGN_STATES, "enricher", "support")).isPositive();
    assertThat(count(MeterNames.FOREIGN_STATES, "enricher", "chat")).isZero();
    assertThat(count(MeterNames.DEAD_LETTERS, "reason", "null-key")).isEqualTo(2);
    assertThat(count(MeterNames.RESTORES, "topology", "embedded"))
        .as("restores of three stores, empty at first and full later")
        .isEqualTo(6);

    meters.close();
    assertThat(lag()).as("lag after the end").isNaN();
    assertThat(registry.scrape()).doesNotContain("kafka_stream_").contains("undercurrent_records");
  }

  @Test
  void shouldTakeTheTagTopologyFromTheConfiguration() {
    Map<String, Object> configs = configs();
    configs.put(ApplicationMeters.TOPOLOGY_CONFIG, "desk");
    new ApplicationMeters(registry, configs);
    for (Meter meter : registry.getMeters()) {
      assertThat(meter.getId().getTag("topology")).isEqualTo("desk");
    }
    assertThatThrownBy(() -> new ApplicationMeters(registry, Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage("application.id must name the application, found nothing");
  }

  /** Checks that docs/meters.md shows the code of this test. */
  @Test
  void shouldWorkAsDocumented() throws Exception {
    String source =
        Files.readString(
            Path.of("src/test/java/io/undercurrent/streams/ApplicationMetersTest.java"));
    List<String> lines =
        Pattern.compile("(?s)```java\n(.*?)```")
            .matcher(Files.readString(Path.of("docs/meters.md")))
            .results()
            .flatMap(code -> code.group(1).lines())
            .map(line -> line.replace("KafkaStreams streams = new", "streams = new"))
            .map(line -> line.replace("(topology,", "(topology(looking(1)),"))
            .toList();
    assertThat(lines).hasSize(7).allSatisfy(line -> assertThat(source).contains(line));
  }

  private Map<String, Object> configs() {
    String handler = DeadLetterHandler.class.getName();
    Map<String, Object> configs = new HashMap<>();
    configs.put("application.id", "embedded");
    configs.put("bootstrap.servers", broker.bootstrapServers());
    configs.put("state.dir", folder.resolve("state").toString());
    configs.put("auto.offset.reset", "earliest");
    configs.put("commit.interval.ms", "100");
    configs.put("max.poll.records", "20");
    configs.put("buffered.records.per.partition", "10");
    configs.put("processing.exception.handler", handler);
    configs.put("deserialization.exception.handler", handler);
    configs.put("errors.dead.letter.queue.topic.name", "dead");
    configs.put(DeadLetterHandler.METRICS_CONFIG, registry);
    return lookAhead.addTo(configs);
  }

  private Topology topology(Model support) {
    StreamsBuilder builder = new StreamsBuilder();
    var strings = Consumed.with(Serdes.String(), Serdes.String());
    var enriched = Produced.with(Serdes.String(), new EnrichedRecordSerde());
    builder.stream("tickets", strings)
        .peek((key, value) -> await(gate))
        .filter((key, value) -> value == null || !value.equals("kept"))
        .process(enricher("support", support).supplier(), Named.as("support"))
        .to("tickets-enriched", enriched);
    builder.stream("chats.en", strings)
        .peek((key, value) -> await(gate))
        .process(enricher("chat", chat).supplier(), Named.as("chat"))
        .to("chats-enriched", enriched);
    return builder.build();
  }

  private Enricher<String, String> enricher(String name, Model model) {
    return Enricher.builder(Serdes.String(), model)
        .named(name)
        .maxTokens(12)
        .meters(registry)
        .lookAhead(lookAhead, Serdes.String())
        .build();
  }

  private static Model looking(long seed) {
    Histogram half = new Histogram(new double[] {0}, new double[] {0.5, 0.5});
    return LetterModel.looking(seed).withReference(new DriftReference(100, half, half, half));
  }

  /** Sends {@link #TICKETS} and {@link #CHATS} records that are enriched, and some that are not. */
  private void send() {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>("tickets", null, "a b"));
      producer.send(new ProducerRecord<>("tickets", "gone", null));
      producer.send(new ProducerRecord<>("tickets", "k1", ""));
      producer.send(new ProducerRecord<>("tickets", "k1", "a b c d e f g h i j k l m n o"));
      for (int i = 2; i < TICKETS; i++) {
        String text = "a b " + (char) ('a' + i % 26) + (i % 3 == 0 ? " unheard" : "");
        producer.send(new ProducerRecord<>("tickets", "k" + i % 8, text));
        producer.send(new ProducerRecord<>("tickets", "k" + i % 8, "kept"));
      }
      for (int i = 0; i < CHATS; i++) {
        String text = i % 2 == 0 ? "Do you like sports?" : "xq zvv wkk";
        producer.send(new ProducerRecord<>("chats.en", "c" + i % 5, text));
      }
    }
  }

  private void assertEveryMeterIsThere() throws InterruptedException {
    List<Entry> entries = new ArrayList<>(MeterCatalogue.own());
    MeterCatalogue.borrowed().stream()
        .filter(entry -> entry.name().startsWith("kafka_"))
        .forEach(entries::add);
    assertThat(entries).hasSizeGreaterThan(45);
    // New meters of Kafka are found every few seconds.
    await("all meters", () -> entries.stream().noneMatch(entry -> samples(entry).isEmpty()));
    for (Entry entry : entries) {
      List<String> samples = samples(entry);
      for (String sample : samples) {
        assertThat(sample).contains("topology=\"embedded\"");
        Set<String> tags = new TreeSet<>();
        Matcher matcher = Pattern.compile("[{,]([a-z_]+)=\"").matcher(sample);
        while (matcher.find()) {
          tags.add(matcher.group(1));
        }
        tags.removeAll(Set.of("topology", "kafka_version", "le"));
        assertThat(tags).as(sample).containsExactlyInAnyOrderElementsOf(entry.tags());
      }
      if (entry.tags().contains("enricher") && !entry.name().startsWith("undercurrent_drift")) {
        for (String enricher : List.of("support", "chat")) {
          assertThat(samples).anyMatch(s -> s.contains("enricher=\"" + enricher + "\""));
        }
      }
    }
  }

  private List<String> samples(Entry entry) {
    String suffix = entry.type().equals("histogram") ? "_count" : "";
    Pattern sample = Pattern.compile(Pattern.quote(entry.name() + suffix) + "[{ ].*");
    return registry.scrape().lines().filter(line -> sample.matcher(line).matches()).toList();
  }

  private static double value(String sample) {
    return Double.parseDouble(sample.substring(sample.lastIndexOf(' ') + 1));
  }

  private double lag() {
    return registry.get(MeterNames.LAG).gauge().value();
  }

  private double records(String enricher) {
    return count(MeterNames.RECORDS, "enricher", enricher);
  }

  /** 0 before the meter is registered. */
  private double count(String name, String tag, String value) {
    return registry.find(name).tag(tag, value).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(150);
        System.nanoTime() < end;
        Thread.sleep(50)) {
      if (condition.getAsBoolean()) {
        return;
      }
    }
    throw new AssertionError(what + " did not come");
  }

  /** Remembers which stores were restored. */
  private final class Listener implements StateRestoreListener {
    @Override
    public void onRestoreStart(TopicPartition partition, String store, long begin, long end) {}

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {
      restored.add(store);
    }
  }
}
