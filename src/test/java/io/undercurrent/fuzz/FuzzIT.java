package io.undercurrent.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Lets Jazzer look for inputs that break a target, in a JVM of its own. A finding is written into
 * the target's folder of {@link KeptInputs}, so that it is read at each build from then on.
 *
 * <p>Properties, each with the value for {@code mvn verify}; {@code mvn -Pfuzz verify} has its own:
 *
 * <ul>
 *   <li>{@code fuzz.target}: one target, {@value AllFuzz#NAME} for all of them in one JVM, or
 *       {@code each} for one after another; {@value AllFuzz#NAME}
 *   <li>{@code fuzz.seconds}: the most that a target may take, 40
 *   <li>{@code fuzz.runs}: inputs for each target, 50,000; -1 for as many as the time allows
 *   <li>{@code fuzz.seed}: of the random numbers, 1
 * </ul>
 *
 * <p>The short form starts from the kept inputs alone. If {@code fuzz.runs} is -1, the inputs that
 * lead to new code stay in {@code target/fuzz}, and the next run starts from them.
 */
class FuzzIT {

  private static final Path WORK = Path.of("target", "fuzz").toAbsolutePath();

  private static final String TARGET = System.getProperty("fuzz.target", AllFuzz.NAME);
  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 40);
  private static final int RUNS = Integer.getInteger("fuzz.runs", 50_000);
  private static final int SEED = Integer.getInteger("fuzz.seed", 1);

  /** An input that takes longer is a finding, also on a busy machine. */
  private static final int INPUT_SECONDS = 60;

  /** So is one that needs more heap. */
  private static final String HEAP = "-Xmx512m";

  private static final int MAX_RSS_MB = 2_560;
  private static final int START_SECONDS = 300;
  private static final int SHOWN_LINES = 60;

  /** Jazzer takes each connection for a finding. Only the target for HTTP opens some, to itself. */
  private static final String CONNECTIONS =
      "com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery";

  /** Our code and the parsers in it: Jazzer looks for inputs that lead to new places in them. */
  private static final String INSTRUMENTED =
      Stream.of("io.undercurrent", "com.fasterxml.jackson.core", "org.yaml.snakeyaml")
          .map(name -> name + ".**")
          .collect(Collectors.joining(File.pathSeparator));

  static List<String> targets() {
    return TARGET.equals("each") ? FuzzTargets.names() : List.of(TARGET);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void shouldReadAnyInput(String name) throws Exception {
    Path corpus = Files.createDirectories(WORK.resolve(name));
    if (RUNS >= 0) {
      for (Path file : KeptInputs.files(corpus)) {
        Files.delete(file);
      }
    }
    List<byte[]> seeds = new ArrayList<>();
    try (FuzzTarget target = FuzzTargets.of(name)) {
      seeds.addAll(target.seeds());
    }
    for (Path kept : KeptInputs.of(name)) {
      seeds.add(Files.readAllBytes(kept));
    }
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("seed-" + i), seeds.get(i));
    }
    Path findings = Files.createDirectories(WORK.resolve(name + "-findings"));
    Path output = WORK.resolve(name + ".txt");

    Process jazzer =
        new ProcessBuilder(command(name, corpus, findings))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended;
    try {
      ended = jazzer.waitFor(SECONDS + START_SECONDS, TimeUnit.SECONDS);
    } finally {
      jazzer.destroyForcibly();
    }
    List<Path> kept = new ArrayList<>();
    for (Path finding : KeptInputs.files(findings)) {
      kept.add(KeptInputs.keep(name, finding));
    }
    String end = end(output);
    assertThat(kept).as("inputs that break a claim or take too long; %s", end).isEmpty();
    assertThat(ended).as("ended in time; %s", end).isTrue();
    assertThat(jazzer.exitValue()).as(end).isZero();
  }

  /** The end of Jazzer's output, which says what is wrong. */
  private static String end(Path output) throws IOException {
    List<String> lines = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
    return "%s ends with%n%s%n"
        .formatted(
            output,
            String.join(
                "\n", lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size())));
  }

  private static List<String> command(String name, Path corpus, Path findings) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(HEAP);
    command.add("-Djava.awt.headless=true");
    command.add("-Dundercurrent.log.to=file");
    command.add("-Dundercurrent.log.file=" + WORK.resolve(name + ".log"));
    if (RUNS >= 0) {
      command.add("-XX:TieredStopAtLevel=1"); // compiling well does not pay in a minute
    }
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + FuzzDriver.class.getName());
    command.add("--target_args=" + name);
    command.add("--instrumentation_includes=" + INSTRUMENTED);
    command.add("--disabled_hooks=" + CONNECTIONS);
    command.add("--reproducer_path=" + WORK);
    command.add("-seed=" + SEED);
    command.add("-runs=" + RUNS);
    command.add("-max_total_time=" + SECONDS);
    command.add("-timeout=" + INPUT_SECONDS);
    command.add("-report_slow_units=" + INPUT_SECONDS);
    command.add("-rss_limit_mb=" + MAX_RSS_MB);
    command.add("-print_final_stats=1");
    command.add("-artifact_prefix=" + findings + File.separator);
    command.add(corpus.toString());
    return command;
  }
}
