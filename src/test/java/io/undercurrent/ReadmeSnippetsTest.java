package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.query.KeyQueries;
import io.undercurrent.query.KeyView;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.Enriched;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
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
 */
class ReadmeSnippetsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static EmbeddedBroker broker;

  @TempDir static Path brokerFolder;
  @TempDir Path stateFolder;

  private final Model model = Checkpoint.load("classpath:en-chat"); // or a folder
  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final StreamsBuilder builder = new StreamsBuilder();

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

  @Test
  void shouldEnrichTextsInTenLinesAndReadThemBackInTwo() {
    createTopics("messages", "messages-enriched");
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

      EnrichedRecord record = readBack("messages-enriched", 1).get(0);
      assertThat(record.key()).isEqualTo("order-1187");
      assertThat(record.sentiment().label()).isEqualTo("negative");
    }
  }

  private List<EnrichedRecord> readBack(String topic, int count) {
    Properties properties = properties("reader");
    List<EnrichedRecord> records = new ArrayList<>();
    try (KafkaConsumer<String, EnrichedRecord> consumer =
        new KafkaConsumer<>(
            properties, new StringDeserializer(), new EnrichedRecordSerde().deserializer())) {
      consumer.subscribe(List.of(topic));
      long dueNanos = System.nanoTime() + PATIENCE.toNanos();
      while (records.size() < count && System.nanoTime() < dueNanos) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> records.add(record.value()));
      }
    }
    assertThat(records).hasSize(count);
    return records;
  }

  @Test
  void shouldKeepTheTypedValueWithEverySettingOfTheUsers() throws Exception {
    createTopics("tickets", "alerts");
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

    Properties properties = lookAhead.addTo(properties("typed"));
    try (KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        var producer =
            new KafkaProducer<>(
                properties("producer"), new StringSerializer(), Ticket.serde().serializer())) {
      KeyQueries<String> queries = enricher.queries(streams);
      for (int i = 0; i < 40; i++) {
        producer.send(new ProducerRecord<>("tickets", "c" + i, new Ticket("t" + i, "not fixed!")));
      }
      producer.flush();
      streams.start();

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
