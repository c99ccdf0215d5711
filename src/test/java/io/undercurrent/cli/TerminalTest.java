package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class TerminalTest {

  @Test
  void shouldWriteEscapeCodesOnATerminalOnly() {
    assertThat(Terminal.ansi(true, Map.of("TERM", "xterm"))).isEqualTo(Ansi.ON);
    assertThat(Terminal.ansi(false, Map.of("TERM", "xterm"))).isEqualTo(Ansi.OFF);
  }

  @Test
  void shouldWriteNoEscapeCodesIfTheEnvironmentForbidsThem() {
    assertThat(Terminal.ansi(true, Map.of("NO_COLOR", "1"))).isEqualTo(Ansi.OFF);
    assertThat(Terminal.ansi(true, Map.of("NO_COLOR", ""))).isEqualTo(Ansi.ON);
    assertThat(Terminal.ansi(true, Map.of("TERM", "dumb"))).isEqualTo(Ansi.OFF);
  }
}
