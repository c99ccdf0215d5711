package io.undercurrent.streams.internals;

import io.undercurrent.enrich.EnrichedRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Runs a {@link RecurrentProcessor} in {@code KStream.process}. */
public final class KeyedProcessor<K, V> implements Processor<K, V, K, EnrichedRecord> {

  private final RecurrentProcessor<K, V> enriching;
  private ProcessorContext<K, EnrichedRecord> context;

  public KeyedProcessor(EnricherSpec<K, V> spec) {
    enriching = new RecurrentProcessor<>(spec);
  }

  @Override
  public void init(ProcessorContext<K, EnrichedRecord> context) {
    this.context = context;
    enriching.init(context);
  }

  @Override
  public void process(Record<K, V> record) {
    enriching.process(
        record.key(),
        record.value(),
        record.timestamp(),
        record.headers(),
        (enriched, headers) -> context.forward(record.withValue(enriched).withHeaders(headers)));
  }

  @Override
  public void close() {
    enriching.close();
  }
}
