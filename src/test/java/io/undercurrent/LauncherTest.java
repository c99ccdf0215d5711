package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a container image, with a java that prints its arguments. */
@Timeout(60)
class LauncherTest {

  private static final List<String> IMAGE =
      List.of("-XX:MaxRAMPercentage=50", "-XX:+ExitOnOutOfMemoryError");

  @TempDir private Path folder;

  @BeforeEach
  void makeImage() throws IOException {
    Files.copy(
        Path.of("undercurrent"),
        folder.resolve("undercurrent"),
        StandardCopyOption.COPY_ATTRIBUTES);
    Path java = Files.createDirectories(folder.resolve("jdk").resolve("bin")).resolve("java");
    Files.writeString(
        java,
        """
        #!/usr/bin/env bash
        if [ "$2" = -version ]; then echo "    java.specification.version = 17" >&2; exit; fi
        echo "WARNING: Using incubator modules: jdk.incubator.vector" >&2
        printf '%s\\n' "$@"
        """);
    assertThat(java.toFile().setExecutable(true)).isTrue();
  }

  @Test
  void shouldSetTheHeapAndOneCollector() throws Exception {
    List<String> options = options(Map.of());

    assertThat(options).startsWith(IMAGE.get(0), "--add-modules").contains(IMAGE.get(1));
    assertThat(options).contains("-XX:+UseParallelGC").endsWith("run", "--verbose");
    assertThat(options).containsSubsequence("-cp", folder.toRealPath() + "/lib/*");
  }

  @Test
  void shouldKeepTheImagesOptionsAndLetTheUsersWin() throws Exception {
    List<String> options =
        options(Map.of("UNDERCURRENT_JAVA_OPTS", "-XX:MaxRAMPercentage=70\n  -Dmine=1 -Xlog:gc\n"));

    assertThat(options)
        .containsSubsequence(IMAGE)
        .containsSubsequence(
            "-XX:MaxRAMPercentage=50", "-XX:MaxRAMPercentage=70", "-Dmine=1", "-Xlog:gc", "-cp")
        .contains("-XX:+UseParallelGC");
  }

  /** The JVM refuses to start with two collectors. */
  @Test
  void shouldLeaveItsCollectorOutIfTheUserNamesOne() throws Exception {
    for (String variable :
        List.of("UNDERCURRENT_JAVA_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")) {
      assertThat(options(Map.of(variable, "-Xmx1g -XX:+UseG1GC")))
          .as(variable)
          .doesNotContain("-XX:+UseParallelGC")
          .containsSubsequence(IMAGE);
    }
    assertThat(options(Map.of("UNDERCURRENT_JAVA_OPTS", "-XX:-UseGCOverheadLimit")))
        .contains("-XX:+UseParallelGC");
  }

  /** Options on the command line win over those of JAVA_TOOL_OPTIONS. */
  @Test
  void shouldLeaveItsShareOfTheMemoryOutIfAVariableNamesOne() throws Exception {
    for (String variable : List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")) {
      assertThat(options(Map.of(variable, "-XX:MaxRAMPercentage=70")))
          .as(variable)
          .doesNotContain(IMAGE.get(0))
          .contains(IMAGE.get(1));
      assertThat(options(Map.of(variable, "-Xlog:gc"))).as(variable).contains(IMAGE.get(0));
    }
  }

  private List<String> options(Map<String, String> environment) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(folder.resolve("undercurrent").toString(), "run", "--verbose")
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    List.of("UNDERCURRENT_JAVA_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")
        .forEach(builder.environment()::remove);
    builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(err).isEmptyFile();
    assertThat(process.exitValue()).isZero();
    return Files.readAllLines(out);
  }
}
