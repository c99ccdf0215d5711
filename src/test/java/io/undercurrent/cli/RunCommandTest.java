package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RunCommandTest {

  @TempDir Path folder;
  private Path config;
  private Path topology;

  @BeforeEach
  void writeFiles() throws IOException {
    config =
        Files.writeString(
            folder.resolve("streams.properties"),
            """
            application.id=run
            bootstrap.servers=127.0.0.1:1
            undercurrent.http.port=0
            state.dir=%s
            """
                .formatted(folder.resolve("state")));
    topology =
        Files.writeString(
            folder.resolve("enrich.yaml"),
            """
            name: enrich
            source: {topics: [messages], value: text, key: record}
            model: %s
            next: 3
            store: hidden-state
            sinks: {enriched: messages-enriched, deadLetters: messages-dead-letters}
            """
                .formatted(folder.resolve("model")));
    SmallModel.write(folder.resolve("model"));
  }

  @Test
  void shouldFailWithOneLine() throws IOException {
    assertThat(run("--config", folder.resolve("none").toString()))
        .isEqualTo(
            "1 error: "
                + folder.resolve("none")
                + ": must be a properties file, found no such file");
    assertThat(run("--set", "undercurrent.max.token=5"))
        .isEqualTo(
            "1 error: --set: there is no setting undercurrent.max.token; the nearest one is"
                + " undercurrent.max.tokens");
    assertThat(run("--model", folder.resolve("none").toString()))
        .startsWith("1 error: " + folder.resolve("none") + ": must be a checkpoint folder");
    assertThat(run("--set", "processing.guarantee=maybe"))
        .startsWith("1 error: settings for Kafka Streams: Invalid value maybe");
    assertThat(run())
        .isEqualTo(
            "1 error: brokers: 127.0.0.1:1: no connection (TCP): Connection refused. Start a broker"
                + " there, open the firewall, or correct bootstrap.servers");
    assertThat(run("--set", "bootstrap.servers=no-such-host.invalid:9092"))
        .isEqualTo(
            "1 error: brokers: no-such-host.invalid:9092: the host name has no address (DNS)."
                + " Correct it in bootstrap.servers, or in the name server");
    Files.writeString(topology, "name: enrich\nnext: 2\nnext: 3\n");
    assertThat(run()).startsWith("1 error: " + topology + ": must be YAML, found in line 3: ");
  }

  @Test
  void shouldShowTheStackTraceIfAskedTo() {
    assertThat(execute("--verbose", "--set", "undercurrent.max.token=5"))
        .contains("error: --set: ")
        .contains("\tat io.undercurrent.config");
  }

  /** Runs the command and returns its exit code and its error output, which must be one line. */
  private String run(String... options) {
    String output = execute(options);
    assertThat(output.strip()).hasLineCount(1);
    return output.strip();
  }

  private String execute(String... options) {
    StringWriter err = new StringWriter();
    int exit = Main.commandLine().setErr(new PrintWriter(err, true)).execute(arguments(options));
    return exit + " " + err;
  }

  private String[] arguments(String... options) {
    List<String> all =
        new ArrayList<>(
            List.of("run", "--config", config.toString(), "--topology", topology.toString()));
    if (options.length > 0 && options[0].equals("--config")) {
      all.subList(1, 3).clear();
    }
    all.addAll(Arrays.asList(options));
    return all.toArray(String[]::new);
  }
}
