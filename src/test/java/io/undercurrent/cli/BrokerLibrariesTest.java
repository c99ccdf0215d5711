package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands in a JVM whose class path lacks Kafka's broker, as the image's does. */
@Timeout(120)
class BrokerLibrariesTest {

  @TempDir private Path folder;

  @Test
  void shouldSayInOneLineThatDemoNeedsABroker() throws Exception {
    Path err = folder.resolve("err");
    Process demo =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPathWithoutBroker(),
                Main.class.getName(),
                "demo")
            .redirectErrorStream(true)
            .redirectOutput(err.toFile())
            .start();
    assertThat(demo.waitFor(110, TimeUnit.SECONDS)).isTrue();

    assertThat(demo.exitValue()).isEqualTo(1);
    assertThat(Files.readString(err).strip())
        .startsWith("error: demo must have the libraries of Kafka's broker, found none: ")
        .hasLineCount(1);
  }

  private static String classPathWithoutBroker() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(
            entry ->
                !Path.of(entry)
                    .getFileName()
                    .toString()
                    .matches("kafka(_2\\.13|-server|-metadata|-raft|-storage)-.*\\.jar"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
