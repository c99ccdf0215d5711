package io.undercurrent.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command of this program in its own JVM, with the class path and vector module of this JVM.
 *
 * <p>The command prints one line {@code ready ...} when it is ready, and ends when its standard
 * input ends. So no child outlives this JVM, even if this JVM is killed. Not thread-safe.
 */
final class ChildJvm implements AutoCloseable {

  private static final String VECTORS = "jdk.incubator.vector";
  private static final String READY = "ready";
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(40);

  private final String name;
  private final Path log;
  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  /**
   * Starts the command.
   *
   * @param main the class whose {@code main} runs the command
   * @param log file for the child's standard error
   * @param arguments the command and its options
   * @throws MeasureException if the JVM cannot be started
   */
  ChildJvm(Class<?> main, Path log, List<String> arguments) {
    this.name = arguments.get(0);
    this.log = log;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (ModuleLayer.boot().findModule(VECTORS).isPresent()) {
      command.addAll(List.of("--add-modules", VECTORS));
    }
    command.addAll(List.of("-Xmx1g", "-XX:+UseParallelGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    try {
      process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    } catch (IOException e) {
      throw new MeasureException(name + " cannot be started: " + e.getMessage(), e);
    }
    Thread reader = new Thread(this::read, name + "-output");
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      lines.add("output ended: " + e.getMessage());
    }
  }

  /**
   * Waits until the child is ready.
   *
   * @return the rest of the line, after {@code ready}
   * @throws MeasureException if it ends before it is ready, or is not ready in time
   */
  String awaitReady(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < deadline) {
      String line = lines.poll(100, TimeUnit.MILLISECONDS);
      if (line != null && line.startsWith(READY)) {
        return line.substring(READY.length()).strip();
      }
      if (line == null && !process.isAlive()) {
        throw new MeasureException(
            "%s ended with exit code %d before it was ready: see %s"
                .formatted(name, process.exitValue(), log));
      }
    }
    throw new MeasureException(
        "%s must be ready within %d s: see %s".formatted(name, timeout.toSeconds(), log));
  }

  /** The CPU time of all its threads since it started. */
  Duration cpu() {
    return process
        .info()
        .totalCpuDuration()
        .orElseThrow(
            () ->
                new MeasureException(
                    "the CPU time of a process must be readable, found that this system does not"
                        + " provide it"));
  }

  /**
   * Checks that the child is running.
   *
   * @throws MeasureException if it has ended
   */
  void requireAlive() {
    if (!process.isAlive()) {
      throw new MeasureException(
          "%s ended with exit code %d: see %s".formatted(name, process.exitValue(), log));
    }
  }

  /** Ends the child with SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // The child has already closed its input.
    }
    try {
      if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
