package io.undercurrent.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Lets Jazzer look for inputs that break a target, each target in a JVM of its own. A finding is
 * written into the target's folder of {@link FuzzCasesTest#CASES}, so that it is read at each build
 * from then on.
 *
 * <p>Properties, each with the value for {@code mvn verify}; {@code mvn -Pfuzz verify} has its own:
 *
 * <ul>
 *   <li>{@code fuzz.target}: one target alone
 *   <li>{@code fuzz.seconds}: the most that a target may take, 3
 *   <li>{@code fuzz.runs}: inputs for each target, 10,000; -1 for as many as the time allows
 *   <li>{@code fuzz.seed}: of the random numbers, 1
 * </ul>
 *
 * <p>The short form starts from the kept inputs alone. If {@code fuzz.runs} is -1, the inputs that
 * lead to new code are kept in {@code target/fuzz}, and the next run starts from them.
 */
class FuzzIT {

  private static final Path WORK = Path.of("target", "fuzz").toAbsolutePath();

  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 3);
  private static final int RUNS = Integer.getInteger("fuzz.runs", 10_000);
  private static final int SEED = Integer.getInteger("fuzz.seed", 1);

  /** An input that takes longer is a finding. */
  private static final int INPUT_SECONDS = 10;

  /** So is one that needs more heap. */
  private static final String HEAP = "-Xmx512m";

  private static final int MAX_RSS_MB = 2_560;
  private static final int START_SECONDS = 120;
  private static final int SHOWN_LINES = 60;

  static List<String> targets() {
    String one = System.getProperty("fuzz.target", "");
    return one.isEmpty() ? FuzzTargets.names() : List.of(one);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void shouldReadAnyInput(String name) throws Exception {
    Path corpus = WORK.resolve(name);
    if (RUNS >= 0) {
      delete(corpus);
    }
    Files.createDirectories(corpus);
    List<byte[]> seeds = FuzzTargets.of(name).seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("own-" + i), seeds.get(i));
    }
    Path kept = FuzzCasesTest.CASES.resolve(name).toAbsolutePath();
    Files.createDirectories(kept);

    Path output = WORK.resolve(name + ".txt");
    Process jazzer =
        new ProcessBuilder(command(name, corpus, kept))
            .directory(WORK.toFile()) // where Java reproducers are written
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = jazzer.waitFor(SECONDS + START_SECONDS + INPUT_SECONDS, TimeUnit.SECONDS);
      assertThat(ended).as("ended in time, see %s", output).isTrue();
    } finally {
      jazzer.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(output, java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(jazzer.exitValue())
        .as(
            "%s: an input breaks a claim and is kept in %s. The whole output is in %s; its end:%n%s",
            name,
            kept,
            output,
            String.join("\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())))
        .isZero();
    assertThat(lines).as("see %s", output).anyMatch(line -> line.startsWith("Done "));
  }

  private static List<String> command(String name, Path corpus, Path kept) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(HEAP);
    command.add("-Djava.awt.headless=true");
    command.add("-Dundercurrent.log.to=file");
    command.add("-Dundercurrent.log.file=" + WORK.resolve(name + ".log"));
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    command.add(classPath());
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + FuzzDriver.class.getName());
    command.add("--target_args=" + name);
    command.add(
        "--instrumentation_includes="
            + "io.undercurrent.**:com.fasterxml.jackson.core.**:org.yaml.snakeyaml.**");
    command.add("--reproducer_path=" + WORK);
    command.add("-seed=" + SEED);
    command.add("-runs=" + RUNS);
    command.add("-max_total_time=" + SECONDS);
    command.add("-timeout=" + INPUT_SECONDS);
    command.add("-rss_limit_mb=" + MAX_RSS_MB);
    command.add("-print_final_stats=1");
    command.add("-artifact_prefix=" + kept + java.io.File.separator);
    command.add(corpus.toString());
    command.add(kept.toString());
    return command;
  }

  /** Entries that are relative would be looked for in the child's folder. */
  private static String classPath() {
    String separator = java.io.File.pathSeparator;
    return Stream.of(System.getProperty("java.class.path").split(separator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .reduce((a, b) -> a + separator + b)
        .orElseThrow();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
