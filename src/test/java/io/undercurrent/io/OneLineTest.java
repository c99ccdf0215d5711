package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {

  @Test
  void shouldLeaveControlCharactersOut() {
    assertThat(OneLine.of("a\r\nb\u001b[31mc\u007f")).isEqualTo("a  b [31mc ");
  }

  @Test
  void shouldLeaveOutWhatEndsALineOrTurnsTheWriting() {
    assertThat(OneLine.of("a\u0085b\u2028c\u2029d\u202ee\u009bf")).isEqualTo("a b c d e f");
  }

  @Test
  void shouldNotCutACharacterInTwo() {
    String smile = "\ud83d\ude00";
    assertThat(OneLine.of("x".repeat(499) + smile)).isEqualTo("x".repeat(499) + "...");
    assertThat(OneLine.of("x".repeat(498) + smile + "y"))
        .isEqualTo("x".repeat(498) + smile + "...");
  }

  @Test
  void shouldCutALongMessage() {
    assertThat(OneLine.of("x".repeat(500))).isEqualTo("x".repeat(500));
    assertThat(OneLine.of("x".repeat(501))).isEqualTo("x".repeat(500) + "...");
  }
}
