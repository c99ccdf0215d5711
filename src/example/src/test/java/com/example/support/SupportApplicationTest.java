package com.example.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.example.support.Json.Alert;
import com.example.support.Json.Contact;
import com.example.support.Json.Customer;
import com.example.support.Json.Ticket;
import io.undercurrent.streams.DeadLetterHandler;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.kafka.test.context.EmbeddedKafka;
import org.springframework.test.annotation.DirtiesContext;

/** The application as Spring starts it, with a broker of Spring's, which lives in this process. */
@SpringBootTest(
    webEnvironment = WebEnvironment.RANDOM_PORT,
    properties = "spring.kafka.streams.state-dir=target/states-${random.uuid}")
@EmbeddedKafka
@DirtiesContext // stops the application before the broker
@Timeout(120)
class SupportApplicationTest {

  @Value("${spring.embedded.kafka.brokers}")
  private String brokers;

  @Value("${local.server.port}")
  private int port;

  @Test
  void shouldEnrichAndAlertAndSetBadRecordsAside() throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers),
            new StringSerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>("customers", "mira", json(new Customer("Mira", "gold"))));
      producer.flush(); // tickets find their customer
      producer.send(new ProducerRecord<>("tickets", "mira", bytes("{\"id\": \"t-0\", ")));
      producer.send(new ProducerRecord<>("chats", "mira", bytes("not Avro")));
      producer.send(new ProducerRecord<>("tickets", null, ticket("whose is this?")));
      producer.send(new ProducerRecord<>("tickets", "mira", ticket("thank you, it works!")));
      producer.send(new ProducerRecord<>("tickets", "mira", ticket("broken again, I hate it")));
      producer.send(new ProducerRecord<>("tickets", "mira", ticket("the worst kettle ever")));
      producer.send(new ProducerRecord<>("chats", "mira", chat("not bad at all")));
    }

    assertThat(read("contacts", 4, Json.serde(Contact.class).deserializer()))
        .extracting(ConsumerRecord::value)
        .allMatch(contact -> contact.customer().equals(new Customer("Mira", "gold")))
        .extracting(Contact::text, Contact::mood)
        .containsExactlyInAnyOrder(
            tuple("thank you, it works!", "positive"),
            tuple("broken again, I hate it", "negative"),
            tuple("the worst kettle ever", "negative"),
            tuple("not bad at all", "positive"));
    Alert alert = read("alerts", 1, Json.serde(Alert.class).deserializer()).get(0).value();
    assertThat(alert.contact().text()).isEqualTo("the worst kettle ever");
    assertThat(alert.now()).isCloseTo(-0.2476, within(1e-4));

    assertThat(read("dead-letters", 3, new StringDeserializer()))
        .allMatch(letter -> header(letter, DeadLetterHandler.STATE_HEADER).equals("unchanged"))
        .extracting(
            letter -> header(letter, "__streams.errors.topic"),
            letter -> header(letter, "__streams.errors.message").split(":")[0],
            ConsumerRecord::value)
        .containsExactlyInAnyOrder(
            tuple("tickets", "deserialization", "{\"id\": \"t-0\", "),
            tuple("chats", "deserialization", "not Avro"),
            tuple("tickets", "null-key", new String(ticket("whose is this?"), UTF_8)));

    assertThat(scrape())
        .contains(
            "undercurrent_records_total{enricher=\"tickets\",topology=\"support-moods\"} 3.0",
            "undercurrent_records_total{enricher=\"chats\",topology=\"support-moods\"} 1.0",
            "undercurrent_dead_letters_total{reason=\"deserialization\",topology=\"support-moods\"} 2.0",
            "undercurrent_dead_letters_total{reason=\"null-key\",topology=\"support-moods\"} 1.0",
            "undercurrent_lag_records{topology=\"support-moods\"} ",
            "undercurrent_rebalances_total{topology=\"support-moods\"} ");
  }

  private static byte[] ticket(String body) {
    return json(new Ticket("t-1", "kettle", body));
  }

  private static byte[] chat(String text) {
    return new ChatSerde().serializer().serialize("chats", new ChatMessage("toaster", text));
  }

  private static byte[] json(Object value) {
    return Json.serde(Object.class).serializer().serialize("any", value);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  private <V> List<ConsumerRecord<String, V>> read(
      String topic, int count, Deserializer<V> values) {
    List<ConsumerRecord<String, V>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                brokers,
                ConsumerConfig.GROUP_ID_CONFIG,
                "test-" + topic,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new StringDeserializer(),
            values)) {
      consumer.subscribe(List.of(topic));
      while (records.size() < count) { // the test's timeout ends it
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }

  private String scrape() throws Exception {
    URI uri = URI.create("http://localhost:" + port + "/actuator/prometheus");
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
        .body();
  }
}
