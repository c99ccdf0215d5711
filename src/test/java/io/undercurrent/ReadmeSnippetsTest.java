package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.query.KeyQueries;
import io.undercurrent.query.KeyView;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.ApplicationMeters;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.Enriched;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pieces of Java in the README and in javadoc, on a broker, as an application would run them.
 * The README's code is code of this file.
 */
class ReadmeSnippetsTest {

  private static final Path README = Path.of("README.md");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static EmbeddedBroker broker;

  @TempDir static Path brokerFolder;
  @TempDir Path stateFolder;

  private final Model model = Checkpoint.load("classpath:en-chat"); // or a folder
  private final MeterRegistry registry = new SimpleMeterRegistry();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  /** Somebody's own type, here as two lines of text. */
  private record Ticket(String id, String body) {

    static Serde<Ticket> serde() {
      Serializer<Ticket> serializer =
          (topic, ticket) ->
              ticket == null
                  ? null
                  : (ticket.id + "\n" + ticket.body).getBytes(StandardCharsets.UTF_8);
      Deserializer<Ticket> deserializer =
          (topic, bytes) -> {
            if (bytes == null) {
              return null;
            }
            String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", 2);
            return new Ticket(lines[0], lines[1]);
          };
      return Serdes.serdeFrom(serializer, deserializer);
    }
  }

  /** An import, or lines without an empty one between them, whatever the white space. */
  @Test
  void shouldBeTheCodeOfTheReadme() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/undercurrent/ReadmeSnippetsTest.java"));

    List<String> pieces =
        Pattern.compile("(?s)```java\n(.*?)```")
            .matcher(Files.readString(README))
            .results()
            .flatMap(block -> Stream.of(block.group(1).split("\n\n|\n(?=import )")))
            .toList();

    assertThat(pieces)
        .hasSize(9)
        .allSatisfy(piece -> assertThat(withoutSpace(source)).contains(withoutSpace(piece)));
  }

  private static String withoutSpace(String code) {
    return code.replaceAll("\\s+", "");
  }

  @Test
  void shouldEnrichTextsInTenLinesAndReadThemBackInTwo() throws IOException {
    createTopics("messages", "messages-enriched");
    StreamsBuilder builder = new StreamsBuilder();
    Enricher<String, String> enricher = Enricher.ofText(Serdes.String(), model);
    builder.stream("messages", Consumed.with(Serdes.String(), Serdes.String()))
        .process(enricher.supplier(), Named.as("enrich"))
        .to("messages-enriched", Produced.with(Serdes.String(), new EnrichedRecordSerde()));

    try (KafkaStreams streams = new KafkaStreams(builder.build(), properties("ten-lines"));
        var producer =
            new KafkaProducer<>(
                properties("producer"), new StringSerializer(), new StringSerializer())) {
      streams.start();
      String text = "still not fixed, third time I ask";
      producer.send(new ProducerRecord<>("messages", null, 1_790_000_000_000L, "order-1187", text));
      producer.flush();

      EnrichedRecord record = readBack();
      String json = new String(EnrichedRecordJson.toJson(record), StandardCharsets.UTF_8);
      assertThat(record.next()).hasSize(5);
      assertThat(withoutSpace(Files.readString(README)))
          .as("the first two of its next tokens, and all before and after them")
          .contains(withoutSpace(json.substring(0, json.indexOf("},", json.indexOf("},{") + 2))))
          .contains(
              withoutSpace(
                  json.substring(json.indexOf("\"surprise\""), json.indexOf("\"source\""))));
    }
  }

  private EnrichedRecord readBack() {
    Properties properties = properties("reader");
    KafkaConsumer<String, EnrichedRecord> consumer =
        new KafkaConsumer<>(
            properties, new StringDeserializer(), new EnrichedRecordSerde().deserializer());
    consumer.subscribe(List.of("messages-enriched"));

    List<EnrichedRecord> records = new ArrayList<>();
    try (consumer) {
      long dueNanos = System.nanoTime() + PATIENCE.toNanos();
      while (records.isEmpty() && System.nanoTime() < dueNanos) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> records.add(record.value()));
      }
    }
    assertThat(records).hasSize(1);
    return records.get(0);
  }

  @Test
  void shouldKeepTheTypedValueWithEverySettingOfTheUsers() throws Exception {
    createTopics("tickets", "tickets-dead-letters", "alerts");
    sendTickets(40);
    StreamsBuilder builder = new StreamsBuilder();
    LookAhead lookAhead = new LookAhead(); // one for the application
    Enricher<String, Ticket> enricher =
        Enricher.builder(Serdes.String(), model)
            .text(Ticket::body)
            .named("support")
            .keyText(Ticket::id)
            .store(s -> s.inMemory().changelog(Map.of("segment.ms", "600000")))
            .nextTokens(8)
            .meters(registry)
            .lookAhead(lookAhead, Ticket.serde())
            .build();
    KStream<String, Ticket> stream =
        builder.stream("tickets", Consumed.with(Serdes.String(), Ticket.serde()));
    KStream<String, Enriched<Ticket>> enriched =
        stream.processValues(enricher.fixedKey(), Named.as("enrich"));
    enriched
        .filter((key, e) -> e != null && e.record().conversation().score() < 0)
        .mapValues(e -> e.value().id() + " " + e.record().key() + " " + e.record().next().size())
        .to("alerts", Produced.with(Serdes.String(), Serdes.String()));

    Properties properties = properties("typed");
    properties.putAll(DeadLetterHandler.settings("tickets-dead-letters", registry));
    ApplicationMeters meters = new ApplicationMeters(registry, properties);
    KafkaStreams streams = new KafkaStreams(builder.build(), lookAhead.addTo(properties));
    meters.attachTo(streams);
    streams.start();
    KeyQueries<String> queries = enricher.queries(streams);

    try (meters;
        streams) {
      Optional<KeyView> view = await(queries, "c39");
      assertThat(view.get().conversation().score()).isNegative();
      assertThat(view.get().next()).hasSize(2);
      try (var consumer =
          new KafkaConsumer<>(
              properties("alerts"), new StringDeserializer(), new StringDeserializer())) {
        consumer.subscribe(List.of("alerts"));
        List<String> alerts = new ArrayList<>();
        long dueNanos = System.nanoTime() + PATIENCE.toNanos();
        while (alerts.size() < 40 && System.nanoTime() < dueNanos) {
          consumer.poll(Duration.ofMillis(100)).forEach(record -> alerts.add(record.value()));
        }
        assertThat(alerts).hasSize(40).contains("t7 t7 8");
      }
      assertThat(registry.get(MeterNames.RECORDS).counter().count()).isEqualTo(40);
      assertThat(registry.get(MeterNames.REBALANCES).counter().count()).isPositive();
    }
  }

  private void sendTickets(int count) {
    try (var producer =
        new KafkaProducer<>(
            properties("producer"), new StringSerializer(), Ticket.serde().serializer())) {
      for (int i = 0; i < count; i++) {
        producer.send(new ProducerRecord<>("tickets", "c" + i, new Ticket("t" + i, "not fixed!")));
      }
    }
  }

  private static Optional<KeyView> await(KeyQueries<String> queries, String key)
      throws InterruptedException {
    long dueNanos = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < dueNanos) {
      try {
        Optional<KeyView> found = queries.find(key, 2);
        if (found.isPresent()) {
          return found;
        }
      } catch (NotAvailableException e) {
        // it starts
      }
      Thread.sleep(50);
    }
    return Optional.empty();
  }

  private static void createTopics(String... names) {
    List<NewTopic> topics = new ArrayList<>();
    for (String name : names) {
      topics.add(new NewTopic(name, 2, (short) 1));
    }
    broker.createTopics(topics);
  }

  private Properties properties(String id) {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", broker.bootstrapServers());
    properties.setProperty("application.id", id);
    properties.setProperty("group.id", id);
    properties.setProperty("auto.offset.reset", "earliest");
    properties.setProperty("state.dir", stateFolder.toString());
    return properties;
  }
}
