package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.app.TextAndSource.Raw;
import io.undercurrent.enrich.Source;
import io.undercurrent.streams.internals.SourceRecords.SourceRecord;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageSerdeTest {

  private final MessageSerde serde = new MessageSerde(JsonPointer.compile("/t"));

  static Stream<TextAndSource> messages() {
    return Stream.of(
        new TextAndSource("", null),
        new TextAndSource("caf\u00e9 \ud83d\ude00\u0000", null),
        new TextAndSource("x", new Source("messages", 3, 42, 1_790_000_000_000L)),
        new TextAndSource("x", new Source("messages", 0, 0, null)),
        new TextAndSource("", new Source("m".repeat(249), Integer.MAX_VALUE, Long.MAX_VALUE, 0L)));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void shouldReadBackWhatItWrote(TextAndSource message) {
    byte[] bytes = serde.serializer().serialize("t", message);

    assertThat(serde.deserializer().deserialize("t", bytes)).isEqualTo(message);
  }

  @Test
  void shouldWriteTheDocumentedLayout() {
    TextAndSource message = new TextAndSource("hi", new Source("in", 3, 42, 7L));

    assertThat(HexFormat.of().formatHex(serde.serializer().serialize("t", message)))
        .isEqualTo(
            "01" + "03" + "00000003" + "000000000000002a" + "0000000000000007" + "02696e6869");
  }

  /** The text is read again from the record. */
  @Test
  void shouldCarryTheRecordThatTheTextIsFrom() {
    Source source = new Source("in", 3, 42, 7L);
    byte[] value = "{\"t\":\"h\\u0069\"}".getBytes(UTF_8);
    byte[] bytes = write(new TextAndSource("hi", source, new Raw(new byte[] {'k'}, value)));

    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            "02"
                + "07"
                + "00000003"
                + "000000000000002a"
                + "0000000000000007"
                + "02696e"
                + "000000016b"
                + HexFormat.of().formatHex(value));
    assertThat(serde.deserializer().deserialize("t", bytes))
        .isEqualTo(new TextAndSource("hi", source));
    SourceRecord record = serde.of(read("app-by-key-repartition", bytes));
    assertThat(record.topic()).isEqualTo("in");
    assertThat(record.partition()).isEqualTo(3);
    assertThat(record.offset()).isEqualTo(42);
    assertThat(record.key()).containsExactly('k');
    assertThat(record.value()).isEqualTo(value);

    byte[] without = write(new TextAndSource("hi", source, new Raw(null, value)));
    assertThat(without).hasSize(bytes.length - 5);
    assertThat(serde.of(read("app-by-key-repartition", without)).key()).isNull();
  }

  @Test
  void shouldFindNoRecordWhereNoneIsCarried() {
    byte[] text = write(new TextAndSource("hi", new Source("in", 3, 42, 7L)));
    byte[] raw =
        write(
            new TextAndSource(
                "hi",
                new Source("in", 3, 42, 7L),
                new Raw(null, "{\"t\":\"hi\"}".getBytes(UTF_8))));
    assertThat(serde.of(read("app-by-key-repartition", text))).isNull();
    assertThat(serde.of(read("app-by-key-repartition", new byte[] {9}))).isNull();
    assertThat(serde.of(read("app-by-key-repartition", null))).isNull();
    assertThat(serde.of(read("in", raw))).isNull();
  }

  private byte[] write(TextAndSource message) {
    return serde.serializer().serialize("t", message);
  }

  private static SourceRecord read(String topic, byte[] value) {
    return new SourceRecord(topic, 1, 2, new byte[] {'7'}, value);
  }

  @Test
  void shouldKeepTombstonesNull() {
    assertThat(serde.serializer().serialize("t", null)).isNull();
    assertThat(serde.deserializer().deserialize("t", null)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "01",
        "0200",
        "0300",
        "0204",
        "0208",
        "0205000000030000000000000000" + "02696e" + "000000056b",
        "0201000000030000000000000000" + "02696e" + "7b7d",
        "0104",
        "0101000000",
        "0100ff",
        "010100000003000000000000002a05696e"
      })
  void shouldRefuseOtherBytes(String hex) {
    assertThatThrownBy(() -> serde.deserializer().deserialize("t", HexFormat.of().parseHex(hex)))
        .isInstanceOf(SerializationException.class)
        .hasMessageStartingWith("message: ");
  }
}
