package io.undercurrent.streams;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The serde of enriched records in topics. It writes the JSON of {@link EnrichedRecordJson}, and
 * null for a tombstone. The deserializer throws {@link SerializationException} for bytes that are
 * not an enriched record. Thread-safe.
 *
 * <p>To read a topic of enriched records, with a consumer or in another topology:
 *
 * <pre>{@code
 * new KafkaConsumer<>(configs, new StringDeserializer(), new EnrichedRecordSerde().deserializer())
 *
 * builder.stream("messages-enriched", Consumed.with(Serdes.String(), new EnrichedRecordSerde()))
 * }</pre>
 */
public final class EnrichedRecordSerde implements Serde<EnrichedRecord> {

  @Override
  public Serializer<EnrichedRecord> serializer() {
    return (topic, record) -> record == null ? null : EnrichedRecordJson.toJson(record);
  }

  @Override
  public Deserializer<EnrichedRecord> deserializer() {
    return (topic, json) -> json == null ? null : read(json);
  }

  private static EnrichedRecord read(byte[] json) {
    try {
      return EnrichedRecordJson.fromJson(json);
    } catch (IllegalArgumentException e) {
      throw new SerializationException(e.getMessage(), e);
    }
  }
}
