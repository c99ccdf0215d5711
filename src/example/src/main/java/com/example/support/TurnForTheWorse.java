package com.example.support;

import com.example.support.Json.Alert;
import com.example.support.Json.Contact;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Alerts when the running score of a conversation falls below {@link #LIMIT} and was not below it
 * before. The first text of a conversation never alerts.
 */
final class TurnForTheWorse implements FixedKeyProcessor<String, Contact, Alert> {

  static final double LIMIT = -0.2;

  private static final String STORE = "last-scores";

  private FixedKeyProcessorContext<String, Alert> context;
  private KeyValueStore<String, Double> scores; // by channel and customer

  static FixedKeyProcessorSupplier<String, Contact, Alert> supplier() {
    return new FixedKeyProcessorSupplier<>() {
      @Override
      public FixedKeyProcessor<String, Contact, Alert> get() {
        return new TurnForTheWorse();
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return Set.of(
            Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.Double()));
      }
    };
  }

  @Override
  public void init(FixedKeyProcessorContext<String, Alert> context) {
    this.context = context;
    scores = context.getStateStore(STORE);
  }

  @Override
  public void process(FixedKeyRecord<String, Contact> record) {
    Contact contact = record.value();
    String conversation = contact.channel() + "/" + record.key();
    Double before = scores.get(conversation);
    double now = contact.conversation();
    scores.put(conversation, now);
    if (before != null && before >= LIMIT && now < LIMIT) {
      context.forward(record.withValue(new Alert(before, now, contact)));
    }
  }
}
