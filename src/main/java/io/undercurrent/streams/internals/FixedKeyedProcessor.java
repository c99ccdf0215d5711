package io.undercurrent.streams.internals;

import io.undercurrent.streams.Enriched;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Runs a {@link RecurrentProcessor} in {@code KStream.processValues}. */
public final class FixedKeyedProcessor<K, V> implements FixedKeyProcessor<K, V, Enriched<V>> {

  private final RecurrentProcessor<K, V> enriching;
  private FixedKeyProcessorContext<K, Enriched<V>> context;

  public FixedKeyedProcessor(EnricherSpec<K, V> spec) {
    enriching = new RecurrentProcessor<>(spec);
  }

  @Override
  public void init(FixedKeyProcessorContext<K, Enriched<V>> context) {
    this.context = context;
    enriching.init(context);
  }

  @Override
  public void process(FixedKeyRecord<K, V> record) {
    enriching.process(
        record.key(),
        record.value(),
        record.timestamp(),
        record.headers(),
        (enriched, headers) ->
            context.forward(
                record
                    .withValue(enriched == null ? null : new Enriched<>(record.value(), enriched))
                    .withHeaders(headers)));
  }

  @Override
  public void close() {
    enriching.close();
  }
}
