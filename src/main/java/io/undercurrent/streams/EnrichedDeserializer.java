package io.undercurrent.streams;

import io.undercurrent.enrich.EnrichedRecordJson;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;

/** Reads the bytes of {@link EnrichedSerializer}. Thread-safe if the values' deserializer is. */
final class EnrichedDeserializer<V> implements Deserializer<Enriched<V>> {

  private final Deserializer<V> values;

  EnrichedDeserializer(Deserializer<V> values) {
    this.values = values;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    values.configure(configs, isKey);
  }

  @Override
  public Enriched<V> deserialize(String topic, byte[] bytes) {
    return bytes == null ? null : read(bytes, value -> values.deserialize(topic, value));
  }

  @Override
  public Enriched<V> deserialize(String topic, Headers headers, byte[] bytes) {
    return bytes == null ? null : read(bytes, value -> values.deserialize(topic, headers, value));
  }

  private static <V> Enriched<V> read(byte[] bytes, Function<byte[], V> values) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    if (bytes.length < EnrichedSerializer.HEADER_BYTES) {
      throw new SerializationException(
          "an enriched value must have at least %d bytes, found %d"
              .formatted(EnrichedSerializer.HEADER_BYTES, bytes.length));
    }
    byte version = from.get();
    if (version != EnrichedSerializer.VERSION) {
      throw new SerializationException(
          "an enriched value must have format version %d, found %d"
              .formatted(EnrichedSerializer.VERSION, version));
    }
    int length = from.getInt();
    if (length < 0 || length > from.remaining()) {
      throw new SerializationException(
          "the value in an enriched value must have 0 to %d bytes, found %d"
              .formatted(from.remaining(), length));
    }
    byte[] value = new byte[length];
    from.get(value);
    byte[] json = new byte[from.remaining()];
    from.get(json);
    try {
      return new Enriched<>(values.apply(value), EnrichedRecordJson.fromJson(json));
    } catch (IllegalArgumentException e) {
      throw new SerializationException(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    values.close();
  }
}
