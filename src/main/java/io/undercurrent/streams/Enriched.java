package io.undercurrent.streams;

import io.undercurrent.enrich.EnrichedRecord;
import java.util.Objects;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * A stream's own value together with what the network made of it: the values behind {@link
 * Enricher#fixedKey}.
 *
 * <pre>{@code
 * KStream<String, Alert> alerts =
 *     stream
 *         .processValues(enricher.fixedKey(), Named.as("enrich"))
 *         .filter((id, enriched) -> enriched != null)
 *         .mapValues(enriched -> new Alert(enriched.value(), enriched.record().conversation()));
 * }</pre>
 *
 * <p>A tombstone stays one: the stream then carries null, never an {@code Enriched} without a
 * value. Where tombstones can come, the next step has to expect null.
 *
 * <p>Most topologies map it to a type of their own at once and need no serde for it. It takes
 * {@link #serde} to store it or to send it through a topic: in a join of two streams, in {@code
 * toTable} or in {@code repartition}.
 *
 * @param value as it came; never null
 * @param record the enriched record; never null
 * @param <V> type of the stream's values
 */
public record Enriched<V>(V value, EnrichedRecord record) {

  public Enriched {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(record, "record");
  }

  /**
   * A serde for topics and stores of this stream itself: the value's bytes beside the JSON of
   * {@link EnrichedRecordSerde}. Others read a topic more easily that has one of the two in it. A
   * null is null bytes. Configuring and closing it does the same to {@code values}.
   *
   * @param values serde of the stream's own values
   */
  public static <V> Serde<Enriched<V>> serde(Serde<V> values) {
    return Serdes.serdeFrom(
        new EnrichedSerializer<>(values.serializer()),
        new EnrichedDeserializer<>(values.deserializer()));
  }
}
