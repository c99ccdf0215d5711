package io.undercurrent.streams;

import io.undercurrent.enrich.EnrichedRecordJson;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Writes the bytes that {@link EnrichedDeserializer} reads. Thread-safe if the values' serializer
 * is.
 */
final class EnrichedSerializer<V> implements Serializer<Enriched<V>> {

  static final byte VERSION = 1;
  static final int HEADER_BYTES = 1 + Integer.BYTES;

  private final Serializer<V> values;

  EnrichedSerializer(Serializer<V> values) {
    this.values = values;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    values.configure(configs, isKey);
  }

  @Override
  public byte[] serialize(String topic, Enriched<V> enriched) {
    return enriched == null ? null : bytes(values.serialize(topic, enriched.value()), enriched);
  }

  @Override
  public byte[] serialize(String topic, Headers headers, Enriched<V> enriched) {
    return enriched == null
        ? null
        : bytes(values.serialize(topic, headers, enriched.value()), enriched);
  }

  // Version 1, numbers big-endian:
  //
  //   offset  bytes  field
  //        0      1  format version, 1
  //        1      4  n, bytes of the value
  //        5      n  the value's bytes, from its serializer
  //    5 + n         the enriched record's JSON, to the end
  private static <V> byte[] bytes(byte[] value, Enriched<V> enriched) {
    if (value == null) {
      throw new SerializationException(
          "the serializer of the values must return bytes for an enriched value, found null");
    }
    byte[] json = EnrichedRecordJson.toJson(enriched.record());
    return ByteBuffer.allocate(HEADER_BYTES + value.length + json.length)
        .put(VERSION)
        .putInt(value.length)
        .put(value)
        .put(json)
        .array();
  }

  @Override
  public void close() {
    values.close();
  }
}
