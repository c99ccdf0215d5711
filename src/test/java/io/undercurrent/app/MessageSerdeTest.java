package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.enrich.Source;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageSerdeTest {

  private final MessageSerde serde = new MessageSerde();

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
