package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {

  @Test
  void shouldLeaveControlCharactersOut() {
    assertThat(OneLine.of("a\r\nb\u001b[31mc\u007f")).isEqualTo("a  b [31mc ");
  }

  @Test
  void shouldCutALongMessage() {
    assertThat(OneLine.of("x".repeat(500))).isEqualTo("x".repeat(500));
    assertThat(OneLine.of("x".repeat(501))).isEqualTo("x".repeat(500) + "...");
  }
}
