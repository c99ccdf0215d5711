package com.example.support;

import io.undercurrent.enrich.EnrichedRecord;
import java.time.Instant;
import org.apache.kafka.common.serialization.Serde;
import org.springframework.kafka.support.serializer.JacksonJsonSerde;

/** The values of the topics that have JSON in them. */
final class Json {

  private Json() {}

  /** Topic tickets: a request for help. The record's key is the customer. */
  record Ticket(String id, String product, String body) {}

  /** Topic customers: the record's key is the customer. */
  record Customer(String name, String plan) {}

  /**
   * Topic contacts: a ticket or a chat message with its mood. The record's key is the customer.
   *
   * @param score of this text, from -1 to 1
   * @param conversation running score of the customer's texts in this channel, from -1 to 1
   * @param customer null if the topic customers does not have it
   */
  record Contact(
      String channel,
      String product,
      String text,
      String mood,
      double score,
      double conversation,
      Customer customer) {

    /** Of an enriched record that has a sentiment. */
    static Contact of(String channel, String product, EnrichedRecord record) {
      return new Contact(
          channel,
          product,
          record.text(),
          record.sentiment().label(),
          record.sentiment().score(),
          record.conversation().score(),
          null);
    }

    Contact by(Customer customer) {
      return new Contact(channel, product, text, mood, score, conversation, customer);
    }
  }

  /**
   * Topic moods: the contacts of one minute. The record's key is the product.
   *
   * @param mean of their scores
   */
  record Mood(Instant minute, long count, double mean) {

    static final Mood NONE = new Mood(null, 0, 0);

    Mood plus(double score) {
      return new Mood(minute, count + 1, mean + (score - mean) / (count + 1));
    }

    Mood in(Instant minute) {
      return new Mood(minute, count, mean);
    }
  }

  /** Topic alerts: a conversation that has turned. The record's key is the customer. */
  record Alert(double before, double now, Contact contact) {}

  static <T> Serde<T> serde(Class<T> type) {
    return new JacksonJsonSerde<>(type).noTypeInfo().ignoreTypeHeaders();
  }
}
