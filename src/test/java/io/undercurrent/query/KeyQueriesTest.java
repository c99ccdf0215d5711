package io.undercurrent.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Enricher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests queries of a user's running application. */
class KeyQueriesTest {

  private static final int PARTITIONS = 3;
  private static final int KEYS = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static EmbeddedBroker broker;

  @TempDir static Path brokerFolder;
  @TempDir Path stateFolder;

  private final Model model = LetterModel.looking(1);
  private final Enricher<Long, String> enricher =
      Enricher.builder(Serdes.Long(), model).named("moods").build();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @Test
  void shouldFindTheKeysOfThisInstanceWhileItRuns() throws Exception {
    broker.createTopics(List.of(new NewTopic("in", PARTITIONS, (short) 1)));
    List<Enrichment.Outcome> last = send();
    KafkaStreams streams = streams("keys");
    KeyQueries<Long> queries = enricher.queries(streams);
    try (streams) {
      assertThatExceptionOfType(NotAvailableException.class)
          .isThrownBy(() -> queries.find(1L))
          .withMessageStartingWith("states cannot be read now: Kafka Streams is CREATED");
      streams.start();
      for (long key = 0; key < KEYS; key++) {
        EnrichedRecord expected = last.get((int) key).record();
        KeyView found = await(queries, key, expected.conversation().records());
        assertThat(found).isEqualTo(new KeyView(expected.conversation(), 100 + key, List.of()));
        KeyView withNext = queries.find(key, 3).orElseThrow();
        assertThat(withNext.conversation()).isEqualTo(expected.conversation());
        assertThat(withNext.next()).hasSize(3);
      }
      assertThat(queries.find(999L)).isEmpty();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> queries.find(1L, 101))
          .withMessage("next must be 0 to 100, found 101");
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  Enricher.builder(Serdes.Long(), model)
                      .named("others")
                      .build()
                      .queries(streams)
                      .find(1L))
          .withMessage("the topology must use this enricher, found no store others-hidden-state");
      Enricher<Long, String> newer =
          Enricher.builder(Serdes.Long(), LetterModel.looking(2)).named("moods").build();
      assertThat(newer.queries(streams).find(1L)).isEmpty();
    }
    assertThatExceptionOfType(NotAvailableException.class)
        .isThrownBy(() -> queries.find(1L))
        .withMessageStartingWith("states cannot be read now: Kafka Streams is NOT_RUNNING");
  }

  /** Sends two records of each key; returns the enriched second ones. */
  private List<Enrichment.Outcome> send() {
    Enrichment enrichment = new Enrichment(model, EnrichmentSettings.DEFAULTS);
    List<Enrichment.Outcome> last = new ArrayList<>();
    try (KafkaProducer<Long, String> producer =
        new KafkaProducer<>(settings(), new LongSerializer(), new StringSerializer())) {
      for (long key = 0; key < KEYS; key++) {
        String first = "a b " + (char) ('a' + key);
        producer.send(new ProducerRecord<>("in", null, 50 + key, key, first));
        producer.send(new ProducerRecord<>("in", null, 100 + key, key, "c d"));
        KeyState before =
            enrichment
                .enrich(KeyState.fresh(model), new Message(null, first, 50 + key, null))
                .after();
        last.add(enrichment.enrich(before, new Message(null, "c d", 100 + key, null)));
      }
    }
    return last;
  }

  private static KeyView await(KeyQueries<Long> queries, long key, long records)
      throws InterruptedException {
    long dueNanos = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        Optional<KeyView> found = queries.find(key);
        if (found.map(KeyView::conversation).map(Conversation::records).orElse(0L) == records) {
          return found.get();
        }
        assertThat(System.nanoTime()).as("key %s: %s", key, found).isLessThan(dueNanos);
      } catch (NotAvailableException e) {
        assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(dueNanos);
      }
      Thread.sleep(50);
    }
  }

  private KafkaStreams streams(String id) {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.Long(), Serdes.String()))
        .process(enricher.supplier());
    Properties properties = settings();
    properties.setProperty("application.id", id);
    properties.setProperty("auto.offset.reset", "earliest");
    properties.setProperty("state.dir", stateFolder.toString());
    return new KafkaStreams(builder.build(), properties);
  }

  private static Properties settings() {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", broker.bootstrapServers());
    return properties;
  }
}
