package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

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
    Tokenizer tokenizer = WordTokenizer.of(List.of("fine", "bad"));
    ModelConfig model =
        new ModelConfig(
            "test",
            "lstm",
            tokenizer.size(),
            4,
            4,
            1,
            Pooling.CONCAT,
            ModelConfig.SENTIMENT_LABELS);
    Checkpoint.write(
        folder.resolve("model"), model, tokenizer, new Parameters(model.tensors()), false);
  }

  @Test
  void shouldRunUntilItIsToldToStop() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"))) {
      Process process =
          start("--create-topics", "--set", "bootstrap.servers=" + broker.bootstrapServers());
      try (BufferedReader out = process.inputReader(UTF_8)) {
        String line = out.readLine();
        assertThat(line)
            .startsWith(
                "running: messages -> messages-enriched (dead letters in messages-dead-letters),"
                    + " model test@");
        Matcher url =
            Pattern.compile("metrics at (http://127\\.0\\.0\\.1:\\d+)/metrics$").matcher(line);
        assertThat(url.find()).isTrue();
        assertThat(get(url.group(1) + "/metrics"))
            .contains("undercurrent_records_total 0.0")
            .contains("kafka_stream_");
        assertThat(get(url.group(1) + "/health/ready")).contains("UP");

        process.toHandle().destroy(); // SIGTERM; leaves its output open

        assertThat(out.readLine()).isEqualTo("stopped");
        assertThat(process.waitFor()).isEqualTo(128 + 15);
      } finally {
        process.destroyForcibly();
      }
    }
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
        .isEqualTo("1 error: no broker answers at 127.0.0.1:1 (bootstrap.servers) within 10 s");
    Files.writeString(topology, "name: enrich\nnext: 2\nnext: 3\n");
    assertThat(run()).startsWith("1 error: " + topology + ": must be YAML, found in line 3: ");
  }

  @Test
  void shouldShowTheStackTraceIfAskedTo() {
    assertThat(execute("--verbose", "--set", "undercurrent.max.token=5"))
        .contains("error: --set: ")
        .contains("\tat io.undercurrent.config");
  }

  /** Exit code and error output, which has to be one line. */
  private String run(String... options) {
    String output = execute(options);
    assertThat(output.strip()).hasLineCount(1);
    return output.strip();
  }

  private String execute(String... options) {
    StringWriter err = new StringWriter();
    int exit = command().setErr(new PrintWriter(err, true)).execute(arguments(options));
    return exit + " " + err;
  }

  private String[] arguments(String... options) {
    List<String> all =
        new ArrayList<>(List.of("--config", config.toString(), "--topology", topology.toString()));
    if (options.length > 0 && options[0].equals("--config")) {
      all.subList(0, 2).clear();
    }
    all.addAll(Arrays.asList(options));
    return all.toArray(String[]::new);
  }

  private Process start(String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(
        List.of(
            "-Xmx512m",
            "--add-modules",
            "jdk.incubator.vector",
            "-cp",
            System.getProperty("java.class.path"),
            RunCommandTest.class.getName()));
    command.addAll(Arrays.asList(arguments(options)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** The command as a process of its own. */
  public static void main(String[] arguments) {
    System.exit(command().execute(arguments));
  }

  private static CommandLine command() {
    return new CommandLine(new RunCommand()).setExecutionExceptionHandler(new OneLineErrors());
  }

  private static String get(String url) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
