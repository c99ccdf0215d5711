package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.AppException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class OutOfMemoryTest {

  /** Its thread is out of memory, which is logged as Kafka logs it. Its main thread goes on. */
  static final class Client {

    private static long[] memory;

    private Client() {}

    public static void main(String[] args) throws InterruptedException {
      System.setProperty("logback.configurationFile", "io/undercurrent/cli/logback.xml");
      Logger log = LoggerFactory.getLogger("org.apache.kafka.common.utils.internals.KafkaThread");
      Thread thread = new Thread(() -> memory = new long[1 << 28]);
      thread.setUncaughtExceptionHandler(
          (failed, e) -> log.error("Uncaught exception in thread '{}':", failed.getName(), e));
      thread.start();
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  @Test
  @Timeout(60)
  void shouldEndAProcessOfWhichAThreadIsOutOfMemory() throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx64m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Client.class.getName()))
            .start();
    try (var err = process.errorReader(StandardCharsets.UTF_8)) {
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(process.exitValue()).isEqualTo(3);
      assertThat(err.lines().filter(line -> line.startsWith("error: ")))
          .singleElement()
          .asString()
          .matches(
              "error: out of memory \\(Java heap space\\): the heap has \\d+ MB: set a larger one,"
                  + " for example UNDERCURRENT_JAVA_OPTS=-Xmx\\d+m");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldSayWhatToDoAboutEachKind() {
    assertThat(OutOfMemory.line(new OutOfMemoryError("unable to create native thread: possibly")))
        .startsWith(
            "out of memory (unable to create native thread: possibly): raise the number of");
    assertThat(OutOfMemory.line(new OutOfMemoryError("Cannot reserve 8 bytes of direct buffer")))
        .contains(": set -XX:MaxDirectMemorySize=");
  }

  @Test
  void shouldExitWithThreeWhateverWrapsTheError() {
    AppException failure =
        new AppException("stopped", new RuntimeException(new OutOfMemoryError("Java heap space")));
    assertThat(OneLineErrors.exitCode(failure)).isEqualTo(3);
    assertThat(OneLineErrors.line(failure, false)).startsWith("out of memory (Java heap space): ");
    assertThat(OneLineErrors.exitCode(new AppException("stopped"))).isEqualTo(1);
  }
}
