package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signals at any moment of the real commands are in {@link CommandsIT}. */
@Timeout(60)
class StopTest {

  /** A command that never ends by itself. */
  static final class Program {

    private Program() {}

    public static void main(String[] arguments) throws InterruptedException {
      Stop.watch("--verbose", arguments[0]);
      switch (arguments[1]) {
        case "nothing" -> {}
        case "closes" -> Stop.by(() -> System.out.println("closed"));
        case "breaks" ->
            Stop.by(
                () -> {
                  throw new IllegalStateException("broken");
                });
        case "hangs" -> Stop.haltAfter(Duration.ofMillis(100), 1, "error: it hangs");
        default -> throw new IllegalArgumentException(arguments[1]);
      }
      System.out.println("ready");
      while (!Stop.requested()) {
        Thread.sleep(10);
      }
      Stop.exit(0);
    }
  }

  private static Process start(String command, String kind) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName(),
                command,
                kind))
        .redirectErrorStream(true)
        .start();
  }

  /** What a program says after the signal, and its exit code. */
  private static String afterSignal(String command, String kind) throws Exception {
    Process process = start(command, kind);
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("ready");
      process.toHandle().destroy(); // this leaves its output open
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
      return String.join(" ", out.lines().toList()) + " " + process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldStopACommandThatRunsUntilASignal() throws Exception {
    assertThat(afterSignal("run", "nothing")).isEqualTo("stopped 0");
    assertThat(afterSignal("demo", "closes")).isEqualTo("closed stopped 0");
  }

  @Test
  void shouldLeaveOtherCommandsToTheJvm() throws Exception {
    assertThat(afterSignal("enrich", "nothing")).isEqualTo(" 143");
  }

  @Test
  void shouldEndWithOneWhenClosingFails() throws Exception {
    assertThat(afterSignal("play", "breaks")).isEqualTo("error: not stopped cleanly: broken 1");
  }

  @Test
  void shouldEndAProcessThatHangs() throws Exception {
    Process process = start("run", "hangs");
    try (BufferedReader out = process.inputReader()) {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(out.lines()).contains("error: it hangs");
      assertThat(process.exitValue()).isEqualTo(1);
    } finally {
      process.destroyForcibly();
    }
  }
}
