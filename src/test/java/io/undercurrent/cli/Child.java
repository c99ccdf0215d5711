package io.undercurrent.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/** Runs {@code undercurrent} in its own JVM, as a user does. Its output goes to files. */
final class Child implements AutoCloseable {

  private final Process process;
  private final Path out;
  private final Path err;

  private Child(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  static Child start(Path folder, String... arguments) throws IOException {
    Child child = startWithInput(folder, arguments);
    child.process.getOutputStream().close();
    return child;
  }

  /** Starts it with a standard input that stays open. */
  static Child startWithInput(Path folder, String... arguments) throws IOException {
    return start(folder, List.of(), List.of(), arguments);
  }

  /** Starts it with more options of the JVM. */
  static Child startWithOptions(Path folder, List<String> options, String... arguments)
      throws IOException {
    return start(folder, List.of(), options, arguments);
  }

  /**
   * Starts it with a limit of open files, from jars: Java opens a file for each class that is in a
   * folder.
   */
  static Child startWithFiles(Path folder, int limit, String... arguments) throws IOException {
    List<String> shell = List.of("bash", "-c", "ulimit -n " + limit + " && exec \"$@\"", "_");
    return start(folder, shell, List.of("-cp", jars(folder)), arguments);
  }

  /** Starts it with outputs to a disk that is full. */
  static Child startOnFullDisk(Path folder, String... arguments) throws IOException {
    List<String> shell = List.of("bash", "-c", "exec \"$@\" > /dev/full 2> /dev/full", "_");
    return start(folder, shell, List.of(), arguments);
  }

  /** The class path, with a jar for each folder. */
  private static String jars(Path folder) throws IOException {
    List<String> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (Files.isDirectory(Path.of(entry))) {
        String jar = folder.resolve("classes-" + jars.size() + ".jar").toString();
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(System.out, System.err, "--create", "--file", jar, "-C", entry, ".");
        jars.add(jar);
      } else {
        jars.add(entry);
      }
    }
    return String.join(File.pathSeparator, jars);
  }

  private static Child start(
      Path folder, List<String> shell, List<String> options, String... arguments)
      throws IOException {
    Path out = Files.createTempFile(folder, "child", ".out");
    Path err = Files.createTempFile(folder, "child", ".err");
    List<String> command = new ArrayList<>(shell);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xmx512m", "--add-modules", "jdk.incubator.vector", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(options);
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    return new Child(process, out, err);
  }

  /** Waits for a line of standard output, and returns it. */
  String awaitLine(String start, Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      for (String line : out().lines().toList()) {
        if (line.startsWith(start)) {
          return line;
        }
      }
      if (!isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no line " + start + " in:\n" + out() + err());
      }
      Thread.sleep(50);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGKILL: the process closes nothing. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Sends SIGSTOP or SIGCONT. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  int exitCode(Duration patience) throws InterruptedException, IOException {
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("still running after " + patience + ":\n" + out() + err());
    }
    return process.exitValue();
  }

  String out() throws IOException {
    return Files.readString(out, StandardCharsets.UTF_8);
  }

  /** Standard error without the warnings of the JVM. */
  String err() throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(err, StandardCharsets.UTF_8)) {
      StringBuilder kept = new StringBuilder();
      lines
          .lines()
          .filter(line -> !line.startsWith("WARNING: "))
          .forEach(line -> kept.append(line).append('\n'));
      return kept.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
