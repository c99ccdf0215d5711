package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.LetterModel;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.junit.jupiter.api.Test;

class EnrichedTest {

  private static final EnrichedRecord RECORD =
      EnrichedRecordJson.fromJson(
          EnrichedRecordJson.toJson(
              new Enrichment(LetterModel.of(1), EnrichmentSettings.DEFAULTS)
                  .enrich(KeyState.fresh(LetterModel.of(1)), new Message(null, "a b", 7L, null))
                  .record()
                  .withKey(new KeyText("k", null))));

  private final Serde<Enriched<String>> serde = Enriched.serde(Serdes.String());

  @Test
  void shouldReadBackItsBytes() {
    for (String value : new String[] {"", "caf\u00e9"}) {
      Enriched<String> enriched = new Enriched<>(value, RECORD);
      byte[] bytes = serde.serializer().serialize("t", enriched);
      assertThat(serde.deserializer().deserialize("t", bytes)).isEqualTo(enriched);
      assertThat(serde.serializer().serialize("t", new RecordHeaders(), enriched)).isEqualTo(bytes);
      assertThat(serde.deserializer().deserialize("t", new RecordHeaders(), bytes))
          .isEqualTo(enriched);
    }
  }

  @Test
  void shouldWriteNullAsNull() {
    assertThat(serde.serializer().serialize("t", null)).isNull();
    assertThat(serde.serializer().serialize("t", new RecordHeaders(), null)).isNull();
    assertThat(serde.deserializer().deserialize("t", (byte[]) null)).isNull();
  }

  @Test
  void shouldExplainWhyBytesAreRefused() {
    byte[] bytes = serde.serializer().serialize("t", new Enriched<>("ab", RECORD));
    assertFails(new byte[3], "an enriched value must have at least 5 bytes, found 3");
    byte[] newer = bytes.clone();
    newer[0] = 2;
    assertFails(newer, "an enriched value must have format version 1, found 2");
    byte[] longer = bytes.clone();
    ByteBuffer.wrap(longer).putInt(1, bytes.length);
    assertFails(
        longer,
        "the value in an enriched value must have 0 to %d bytes, found %d"
            .formatted(bytes.length - 5, bytes.length));
  }

  private void assertFails(byte[] bytes, String error) {
    assertThatThrownBy(() -> serde.deserializer().deserialize("t", bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessage(error);
  }
}
