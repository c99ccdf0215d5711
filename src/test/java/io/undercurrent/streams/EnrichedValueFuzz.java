package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.OneLineMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Any bytes as a value with its enrichment. */
public final class EnrichedValueFuzz implements FuzzTarget {

  private static final String RECORD =
      "{\"key\":\"k\",\"text\":\"t\",\"sentiment\":null,\"next\":[],\"surprise\":null,"
          + "\"conversation\":{\"score\":null,\"records\":1,\"tokens\":0},"
          + "\"model\":{\"name\":\"m\",\"fingerprint\":\"0\"}}";

  private final EnrichedSerializer<byte[]> serializer =
      new EnrichedSerializer<>(new ByteArraySerializer());
  private final EnrichedDeserializer<byte[]> deserializer =
      new EnrichedDeserializer<>(new ByteArrayDeserializer());

  @Override
  public void read(byte[] input) {
    Enriched<byte[]> enriched;
    try {
      enriched = deserializer.deserialize("topic", input);
    } catch (SerializationException e) {
      OneLineMessage.check(e);
      return;
    }
    byte[] written = serializer.serialize("topic", enriched);
    assertThat(serializer.serialize("topic", deserializer.deserialize("topic", written)))
        .isEqualTo(written);
  }

  @Override
  public List<byte[]> seeds() {
    byte[] json = RECORD.getBytes(StandardCharsets.UTF_8);
    return List.of(
        ByteBuffer.allocate(8 + json.length)
            .put((byte) 1)
            .putInt(3)
            .put(new byte[] {7, 8, 9})
            .put(json)
            .array());
  }
}
