package com.example.support;

import com.example.support.Json.Alert;
import com.example.support.Json.Contact;
import com.example.support.Json.Customer;
import com.example.support.Json.Mood;
import com.example.support.Json.Ticket;
import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Enriched;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Tickets and chat messages are enriched, each by an enricher of its own, and joined with their
 * customers. Behind that: the mood about each product per minute, and alerts.
 *
 * <p>Only the moods need a repartition topic, because they have another key.
 */
final class SupportTopology {

  private static final Serde<String> STRING = Serdes.String();
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration GRACE = Duration.ofSeconds(10);

  private SupportTopology() {}

  /** Adds all of it; returns the contacts. */
  static KStream<String, Contact> build(
      StreamsBuilder builder, Model model, LookAhead lookAhead, MeterRegistry registry) {
    Serde<Ticket> ticketSerde = Json.serde(Ticket.class);
    Enricher<String, Ticket> ofTickets =
        Enricher.builder(STRING, model)
            .text(Ticket::body)
            .named("tickets")
            .lookAhead(lookAhead, ticketSerde)
            .meters(registry)
            .build();
    KStream<String, Contact> tickets =
        builder.stream("tickets", Consumed.with(STRING, ticketSerde))
            .processValues(ofTickets.fixedKey(), Named.as("enrich-tickets"))
            .filter((customer, ticket) -> hasMood(ticket))
            .mapValues(t -> Contact.of("ticket", t.value().product(), t.record()));

    Serde<ChatMessage> chatSerde = new ChatSerde();
    Enricher<String, ChatMessage> ofChats =
        Enricher.builder(STRING, model)
            .text(ChatMessage::getText)
            .named("chats")
            .lookAhead(lookAhead, chatSerde)
            .meters(registry)
            .build();
    KStream<String, Contact> chats =
        builder.stream("chats", Consumed.with(STRING, chatSerde))
            .processValues(ofChats.fixedKey(), Named.as("enrich-chats"))
            .filter((customer, message) -> hasMood(message))
            .mapValues(m -> Contact.of("chat", m.value().getProduct(), m.record()));

    KTable<String, Customer> customers =
        builder.table(
            "customers",
            Consumed.with(STRING, Json.serde(Customer.class)),
            Materialized.as("customers"));
    KStream<String, Contact> contacts = tickets.merge(chats).leftJoin(customers, Contact::by);
    contacts.to("contacts", Produced.with(STRING, Json.serde(Contact.class)));

    contacts
        .processValues(TurnForTheWorse.supplier(), Named.as("turn-for-the-worse"))
        .to("alerts", Produced.with(STRING, Json.serde(Alert.class)));

    contacts
        .map((customer, contact) -> KeyValue.pair(contact.product(), contact.score()))
        .groupByKey(Grouped.with("by-product", STRING, Serdes.Double()))
        .windowedBy(TimeWindows.ofSizeAndGrace(MINUTE, GRACE))
        .aggregate(
            () -> Mood.NONE,
            (product, score, mood) -> mood.plus(score),
            Materialized.<String, Mood, WindowStore<Bytes, byte[]>>as("moods")
                .withKeySerde(STRING)
                .withValueSerde(Json.serde(Mood.class)))
        .toStream()
        .map((of, mood) -> KeyValue.pair(of.key(), mood.in(of.window().startTime())))
        .to("moods", Produced.with(STRING, Json.serde(Mood.class)));
    return contacts;
  }

  /** False for a tombstone, and for a text without a single token. */
  private static boolean hasMood(Enriched<?> enriched) {
    return enriched != null && enriched.record().sentiment() != null;
  }
}
