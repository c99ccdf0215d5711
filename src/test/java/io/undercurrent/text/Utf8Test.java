package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {

  @ParameterizedTest
  @CsvSource({
    "plain, plain",
    "'', ''",
    "x\ud83d, x\ufffd",
    "\ude00x, \ufffdx",
    "\ud83d\ude00, \ud83d\ude00",
    "\ud83d\ud83d\ude00, \ufffd\ud83d\ude00",
    "\ud83d\ude00\ude00, \ud83d\ude00\ufffd",
    "\ude00\ud83d, \ufffd\ufffd"
  })
  void shouldReplaceSurrogatesWithoutAPartner(String text, String expected) {
    assertThat(Utf8.withoutLoneSurrogates(text)).isEqualTo(expected);
  }

  @Test
  void shouldGiveBackTheSameStringWhereNothingIsWrong() {
    String text = "caf\u00e9 \ud83d\ude00";
    assertThat(Utf8.withoutLoneSurrogates(text)).isSameAs(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a", "\u007f\u0080\u07ff\u0800\uffff", "\ud83d\ude00 caf\u00e9 \u20ac"})
  void shouldKnowTheLengthOfATextWithoutEncodingIt(String text) {
    assertThat(Utf8.length(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ff", "c3", "c080", "eda080", "f8888080", "41e282"})
  void shouldRefuseOtherBytes(String hex) {
    assertThatThrownBy(() -> Utf8.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex))))
        .isInstanceOf(CharacterCodingException.class);
  }
}
