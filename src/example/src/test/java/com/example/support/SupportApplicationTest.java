package com.example.support;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.support.Json.Alert;
import com.example.support.Json.Contact;
import com.example.support.Json.Customer;
import com.example.support.Json.Ticket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
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
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
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
@Timeout(60)
class SupportApplicationTest {

  @Value("${spring.embedded.kafka.brokers}")
  private String brokers;

  @Value("${local.server.port}")
  private int port;

  @Test
  void shouldEnrichAlertAndGoOnAfterBadRecords() throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers),
            new StringSerializer(),
            new ByteArraySerializer())) {
      byte[] mira =
          Json.serde(Customer.class).serializer().serialize("", new Customer("Mira", "gold"));
      producer.send(new ProducerRecord<>("customers", "mira", mira)).get();
      producer.send(new ProducerRecord<>("tickets", "mira", bytes("{\"id\": \"t-0\", ")));
      producer.send(new ProducerRecord<>("chats", "mira", bytes("not Avro")));
      producer.send(new ProducerRecord<>("tickets", null, ticket("a text without a customer")));
      producer.send(new ProducerRecord<>("tickets", "mira", ticket("thank you, it works!")));
      producer.send(new ProducerRecord<>("tickets", "mira", ticket("broken again, I hate it")));
      byte[] chat =
          new ChatSerde().serializer().serialize("", new ChatMessage("toaster", "not bad at all"));
      producer.send(new ProducerRecord<>("chats", "mira", chat));
    }

    List<Contact> contacts = values("contacts", 3, Json.serde(Contact.class).deserializer());
    System.out.println(contacts);
    List<Alert> alerts = values("alerts", 1, Json.serde(Alert.class).deserializer());
    System.out.println(alerts);
    read("dead-letters", 3, new ByteArrayDeserializer()).forEach(r -> { System.out.println(r.key() + " " + (r.value() == null ? null : new String(r.value()))); for (Header h : r.headers()) { String s = new String(h.value()); System.out.println("   " + h.key() + " " + s.substring(0, Math.min(150, s.length()))); } });
    System.out.println(scrape());
  }

  private static byte[] ticket(String body) {
    return Json.serde(Ticket.class).serializer().serialize("", new Ticket("t-1", "kettle", body));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private <V> List<V> values(String topic, int count, Deserializer<V> values) {
    return read(topic, count, values).stream().map(ConsumerRecord::value).toList();
  }

  private <V> List<ConsumerRecord<String, V>> read(
      String topic, int count, Deserializer<V> values) {
    List<ConsumerRecord<String, V>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers,
                ConsumerConfig.GROUP_ID_CONFIG, "test-" + topic,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
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
