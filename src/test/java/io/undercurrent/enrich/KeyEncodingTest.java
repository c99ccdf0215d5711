package io.undercurrent.enrich;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.ShortSerializer;
import org.apache.kafka.common.serialization.UUIDSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyEncodingTest {

  @ParameterizedTest
  @CsvSource({
    "TEXT, caf\u00e9",
    "BASE64, AP8=",
    "LONG, 103",
    "LONG, -9223372036854775808",
    "INTEGER, -1",
    "SHORT, 32767",
    "UUID, 1b4e28ba-2fa1-11d2-883f-0016d3cca427"
  })
  void shouldReadBackTheBytesOfAText(KeyEncoding encoding, String text) {
    assertThat(encoding.text(encoding.bytes(text))).isEqualTo(text);
  }

  @Test
  void shouldReadTheKeysOfKafkasSerializers() {
    assertThat(KeyEncoding.LONG.text(new LongSerializer().serialize("", 103L))).isEqualTo("103");
    assertThat(KeyEncoding.INTEGER.text(new IntegerSerializer().serialize("", -5))).isEqualTo("-5");
    assertThat(KeyEncoding.SHORT.text(new ShortSerializer().serialize("", (short) 7)))
        .isEqualTo("7");
    java.util.UUID uuid = new java.util.UUID(1, 2);
    assertThat(KeyEncoding.TEXT.text(new UUIDSerializer().serialize("", uuid)))
        .isEqualTo(uuid.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "LONG, the key must have 8 bytes (key encoding long); found 3",
    "INTEGER, the key must have 4 bytes (key encoding integer); found 3",
    "SHORT, the key must have 2 bytes (key encoding short); found 3",
    "UUID, the key must have 16 bytes (key encoding uuid); found 3",
  })
  void shouldRefuseBytesOfAnotherLength(KeyEncoding encoding, String error) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoding.text("abc".getBytes(UTF_8)))
        .withMessage(error.replace(';', ','));
  }

  /** As the app reads a key from a JSON value. */
  @Test
  void shouldWriteALoneSurrogateAsTheReplacementCharacter() {
    assertThat(KeyEncoding.TEXT.bytes("a\ud800b"))
        .isEqualTo("a\ufffdb".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shouldRefuseBytesAndTextsThatDoNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyEncoding.TEXT.text(new byte[] {-1, 0}))
        .withMessage("the key must be UTF-8 (key encoding text), found 2 other bytes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyEncoding.LONG.bytes("x"))
        .withMessage("the key must be of encoding long, found x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyEncoding.ofCode("hex"))
        .withMessage(
            "key encoding must be one of text, base64, long, integer, short, uuid, found hex");
  }

  @Test
  void shouldBeListedByTheSchemaOfEnrichedRecords() throws IOException {
    List<String> listed = new ArrayList<>();
    new JsonMapper()
        .readTree(Path.of("topology", "enriched-record.schema.json").toFile())
        .at("/properties/keyEncoding/enum")
        .forEach(code -> listed.add(code.textValue()));
    List<String> written = new ArrayList<>(KeyEncoding.codes());
    written.remove(KeyEncoding.TEXT.code()); // is left out
    written.add(EnrichedRecord.CUSTOM);
    assertThat(listed).isEqualTo(written);
  }

  @Test
  void shouldNameEveryEncodingExceptText() {
    byte[] key = KeyEncoding.LONG.bytes("103");
    assertThat(KeyText.of(key, KeyEncoding.LONG)).isEqualTo(new KeyText("103", "long"));
    assertThat(KeyText.of(key, KeyEncoding.BASE64))
        .isEqualTo(new KeyText("AAAAAAAAAGc=", "base64"));
    assertThat(KeyText.of("k".getBytes(UTF_8), KeyEncoding.TEXT)).isEqualTo(new KeyText("k", null));
  }
}
