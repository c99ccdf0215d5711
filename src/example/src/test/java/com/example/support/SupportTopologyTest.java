package com.example.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.example.support.Json.Alert;
import com.example.support.Json.Contact;
import com.example.support.Json.Customer;
import com.example.support.Json.Mood;
import com.example.support.Json.Ticket;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.streams.LookAhead;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole topology, without a broker. */
class SupportTopologyTest {

  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");
  private static final Customer MIRA = new Customer("Mira", "gold");

  @TempDir private Path states;

  private Topology topology;
  private TopologyTestDriver driver;
  private TestInputTopic<String, Ticket> tickets;
  private TestInputTopic<String, ChatMessage> chats;
  private TestInputTopic<String, Customer> customers;
  private TestOutputTopic<String, Contact> contacts;
  private TestOutputTopic<String, Mood> moods;
  private TestOutputTopic<String, Alert> alerts;

  @BeforeEach
  void start() {
    StreamsBuilder builder = new StreamsBuilder();
    SupportTopology.build(
        builder, Checkpoint.load("classpath:en-chat"), new LookAhead(), new SimpleMeterRegistry());
    topology = builder.build();
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "support-moods");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:9092"); // never asked
    settings.put(StreamsConfig.STATE_DIR_CONFIG, states.toString());
    driver = new TopologyTestDriver(topology, settings, START);
    tickets = input("tickets", Json.serde(Ticket.class));
    chats = input("chats", new ChatSerde());
    customers = input("customers", Json.serde(Customer.class));
    contacts = output("contacts", Json.serde(Contact.class));
    moods = output("moods", Json.serde(Mood.class));
    alerts = output("alerts", Json.serde(Alert.class));
  }

  private <V> TestInputTopic<String, V> input(String topic, Serde<V> values) {
    return driver.createInputTopic(
        topic, new StringSerializer(), values.serializer(), START, Duration.ofSeconds(5));
  }

  private <V> TestOutputTopic<String, V> output(String topic, Serde<V> values) {
    return driver.createOutputTopic(topic, new StringDeserializer(), values.deserializer());
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void shouldJoinTicketsAndChatsWithTheirCustomers() {
    customers.pipeInput("mira", MIRA);
    tickets.pipeInput("mira", new Ticket("t-1", "kettle", "still not fixed, third time I ask"));
    chats.pipeInput("noor", new ChatMessage("kettle", "not bad at all"));

    List<KeyValue<String, Contact>> found = contacts.readKeyValuesToList();
    assertThat(found).extracting(contact -> contact.key).containsExactly("mira", "noor");
    Contact ticket = found.get(0).value;
    assertThat(ticket.channel()).isEqualTo("ticket");
    assertThat(ticket.customer()).isEqualTo(MIRA);
    assertThat(ticket.mood()).isEqualTo("negative");
    assertThat(ticket.score()).isCloseTo(-0.990504086, within(1e-8));
    Contact chat = found.get(1).value;
    assertThat(chat.channel()).isEqualTo("chat");
    assertThat(chat.customer()).isNull();
    assertThat(chat.mood()).isEqualTo("positive");
    assertThat(chat.score()).isCloseTo(0.991026103, within(1e-8));
  }

  @Test
  void shouldCountAndAverageMoodsPerProductAndMinute() {
    tickets.pipeInput("mira", new Ticket("t-1", "kettle", "still not fixed, third time I ask"));
    chats.pipeInput("noor", new ChatMessage("kettle", "not bad at all"));
    chats.pipeInput("noor", new ChatMessage("toaster", "thank you!"), START.plusSeconds(70));

    List<KeyValue<String, Mood>> found = moods.readKeyValuesToList();
    assertThat(found).extracting(m -> m.key).containsExactly("kettle", "kettle", "toaster");
    Mood both = found.get(1).value;
    assertThat(both.minute()).isEqualTo(START);
    assertThat(both.count()).isEqualTo(2);
    assertThat(both.mean()).isCloseTo((-0.990504086 + 0.991026103) / 2, within(1e-8));
    Mood later = found.get(2).value;
    assertThat(later.minute()).isEqualTo(START.plusSeconds(60));
    assertThat(later.count()).isEqualTo(1);
  }

  @Test
  void shouldAlertOnceWhenAConversationTurns() {
    for (String text :
        List.of(
            "hi, my new kettle has just arrived, thank you!", // the conversation stands at .96,
            "it does not switch on, this is so annoying", // .07,
            "still broken and nobody answers, terrible service", // -.21,
            "this is the worst company ever, I hate it", // -.41
            "I want my money back, now")) {
      tickets.pipeInput("mira", new Ticket("t-1", "kettle", text));
    }
    chats.pipeInput("mira", new ChatMessage("toaster", "the worst toaster ever, I hate it"));

    List<Alert> found = alerts.readValuesToList();
    assertThat(found).hasSize(1);
    Alert alert = found.get(0);
    assertThat(alert.before()).isCloseTo(0.0726, within(1e-4));
    assertThat(alert.now()).isCloseTo(-0.2105, within(1e-4));
    assertThat(alert.contact().text())
        .isEqualTo("still broken and nobody answers, terrible service");
  }

  @Test
  void shouldPassOverTombstonesAndEmptyTexts() {
    chats.pipeInput("noor", new ChatMessage("kettle", ""));
    chats.pipeInput("noor", (ChatMessage) null);
    assertThat(contacts.isEmpty()).isTrue();
  }

  @Test
  void shouldRepartitionForTheMoodsOnly() {
    assertThat(topology.describe().toString().split("\\R"))
        .filteredOn(line -> line.contains("Sink:") && line.contains("repartition"))
        .singleElement()
        .asString()
        .contains("by-product-repartition");
  }
}
