package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;

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
        case "unpacks" -> {
          System.out.println(String.join(" ", unpacked()));
          Stop.halt(0, "stopped");
        }
        case "blocked" -> {
          Thread fill = new Thread(() -> System.err.println("x".repeat(1 << 20)));
          fill.setDaemon(true);
          fill.start();
          Stop.haltAfter(Duration.ofMillis(500), 1, "error: nobody reads this");
        }
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

  /** Loads libraries, and lists the folder into which they are unpacked. */
  private static List<String> unpacked() {
    try {
      RocksDB.loadLibrary();
      for (String loader :
          List.of(
              "net.jpountz.lz4.LZ4Factory.nativeInstance",
              "org.xerial.snappy.Snappy.getNativeLibraryVersion")) {
        int dot = loader.lastIndexOf('.');
        Class.forName(loader.substring(0, dot)).getMethod(loader.substring(dot + 1)).invoke(null);
      }
      return names(Path.of(System.getProperty("java.io.tmpdir")));
    } catch (IOException | ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Process start(String command, String kind) throws IOException {
    return builder(System.getProperty("java.io.tmpdir"), command, kind)
        .redirectErrorStream(true)
        .start();
  }

  private static ProcessBuilder builder(String temporary, String command, String kind) {
    return new ProcessBuilder(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName(),
            command,
            kind));
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
  void shouldEndThoughNobodyReadsStandardError() throws Exception {
    Process process = builder(System.getProperty("java.io.tmpdir"), "run", "blocked").start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The JVM's own hooks, which delete them, do not run. */
  @Test
  void shouldDeleteTheLibrariesThatItUnpacked(@TempDir Path folder) throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/maps")), "Linux");
    Process process = builder(folder.toString(), "run", "unpacks").start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).contains("librocksdbjni", "liblz4-java", "snappy-");
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(names(folder)).isEmpty();
    } finally {
      process.destroyForcibly();
    }
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
