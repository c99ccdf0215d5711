package io.undercurrent.streams;

import io.undercurrent.enrich.EnrichedRecord;
import java.util.Objects;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * A stream's own value together with its enriched record: the type of the values behind {@link
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
 * <p>A tombstone stays a tombstone: the stream then carries null, never an {@code Enriched} without
 * a value. If the stream can contain tombstones, the next step must accept null.
 *
 * <p>Most topologies map it at once to a type of their own and need no serde for it. To store it or
 * to send it through a topic, use {@link #serde}: in a join of two streams, in {@code toTable} or
 * in {@code repartition}.
 *
 * @param value the stream's value; never null
 * @param record the enriched record; never null
 * @param <V> type of the stream's values
 */
public record Enriched<V>(V value, EnrichedRecord record) {

  public Enriched {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(record, "record");
  }

  /**
   * A serde for the application's internal topics and stores. It writes the value's bytes and the
   * JSON of {@link EnrichedRecordSerde}. For topics that other applications read, write one of the
   * two alone. Null is written as null. Configuring or closing the serde configures or closes
   * {@code values}.
   *
   * @param values serde of the stream's own values
   */
  public static <V> Serde<Enriched<V>> serde(Serde<V> values) {
    return Serdes.serdeFrom(
        new EnrichedSerializer<>(values.serializer()),
        new EnrichedDeserializer<>(values.deserializer()));
  }
}
