package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.undercurrent.broker.EmbeddedBroker;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the commands as a user does, in processes of their own, and checks their output and exit
 * codes.
 */
@Timeout(120)
class CommandsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Within this time a signal ends a process. */
  private static final Duration SOON = Duration.ofSeconds(20);

  private static final String[] NO_HTTP = {"--set", "undercurrent.http.port=-1"};

  @TempDir private static Path folder;
  private static Path model;
  private static EmbeddedBroker broker;

  @BeforeAll
  static void start() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    broker = EmbeddedBroker.start(folder.resolve("broker"));
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void shouldPlayAFileAndSendOnlyItsBadLinesToTheDeadLetters() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      lines.add(
          "{\"key\":\"line-" + i % 5 + "\",\"text\":\"the train is late, message " + i + "\"}");
    }
    lines.add(7, "{\"key\":\"line-1\",\"text\":");
    lines.add(19, "{\"key\":\"line-1\",\"text\":17}");
    lines.add(23, "{\"text\":\"nobody's\"}");
    lines.add(31, "not json at all");
    Path input = Files.write(folder.resolve("input.jsonl"), lines);
    try (Child demo = demo("--input", input.toString())) {
      assertThat(demo.exitCode(PATIENCE)).as(demo.err()).isZero();
      assertThat(demo.out())
          .contains("40 records of 5 conversations enriched", "; 4 dead letters")
          .contains("malformed-json", "text-not-a-string", "null-key")
          .doesNotContain("\u001b");
      assertThat(demo.out().lines().filter(line -> line.startsWith("dead letter"))).hasSize(4);
      assertThat(demo.out().lines().filter(line -> line.contains("the train is late, message")))
          .hasSize(40);
    }
  }

  @Test
  void shouldContinueWithKeptTopicsAndStates() throws Exception {
    Path input = Files.writeString(folder.resolve("plain.txt"), "not good at all\nlate again\n");
    String kept = folder.resolve("kept").toString();
    for (int run = 1; run <= 2; run++) {
      try (Child demo = demo("--input", input.toString(), "--keep", kept)) {
        assertThat(demo.exitCode(PATIENCE)).as(demo.err()).isZero();
        assertThat(demo.out()).contains("2 records of 1 conversations enriched");
      }
    }
  }

  @Test
  void shouldServeHealthAndMetricsWhileItRunsAndStopCleanlyOnSigterm() throws Exception {
    int port = freePort();
    try (Child app = run("served", "undercurrent.http.port=" + port, "--create-topics")) {
      app.awaitLine("running: ", PATIENCE);
      assertThat(get(port, "/health/ready").statusCode()).isEqualTo(200);
      assertThat(get(port, "/health/live").statusCode()).isEqualTo(200);
      assertThat(get(port, "/metrics").body())
          .contains(
              "undercurrent_records_total{enricher=\"enrich\",topology=\"served\"} 0.0",
              "kafka_stream",
              "jvm_memory_used_bytes");
      app.terminate();
      assertThat(app.exitCode(PATIENCE)).as(app.err()).isZero();
      assertThat(app.out()).contains("stopped");
    }
  }

  @Test
  void shouldServeTheManagementPortAlone() throws Exception {
    int port = freePort();
    String management = "undercurrent.http.management.port=" + port;
    try (Child app =
        run("managed", "undercurrent.http.port=-1", "--set", management, "--create-topics")) {
      app.awaitLine("running: ", PATIENCE);
      assertThat(app.out())
          .contains(", metrics at http://127.0.0.1:" + port + "/metrics")
          .doesNotContain("live page");
      assertThat(get(port, "/health/ready").statusCode()).isEqualTo(200);
      assertThat(get(port, "/metrics").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void shouldSayThatThePortIsInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        Child app =
            run("port", "undercurrent.http.port=" + taken.getLocalPort(), "--create-topics")) {
      assertThat(app.exitCode(PATIENCE)).isEqualTo(1);
      assertOneLine(app, Integer.toString(taken.getLocalPort()), "in use");
    }
  }

  @Test
  void shouldGoOnWhenItsOutputsCannotBeWritten() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "Linux");
    int port = freePort();
    String[] arguments = arguments("mute", "undercurrent.http.port=" + port, "--create-topics");
    try (Child app = Child.startOnFullDisk(folder, arguments)) {
      awaitOk(port, "/health/ready");
      app.terminate();
      assertThat(app.exitCode(PATIENCE)).isZero();
    }
  }

  /** Waits until an app that starts answers with 200. */
  private static void awaitOk(int port, String path) throws Exception {
    for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end; ) {
      try {
        if (get(port, path).statusCode() == 200) {
          return;
        }
      } catch (ConnectException e) {
        // it does not listen yet
      }
      Thread.sleep(100);
    }
    throw new AssertionError("not 200: port " + port + path);
  }

  /** The second one is told which process to end. */
  @Test
  void shouldSayThatAnotherInstanceHasThePort() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/net/tcp")), "Linux");
    int number = freePort();
    String port = "undercurrent.http.port=" + number;
    String token = "undercurrent.http.token.file=" + folder.resolve("token");
    Files.writeString(folder.resolve("token"), "a-token-of-more-than-16-chars");
    try (Child first = run("orphan", port, "--create-topics", "--set", token)) {
      awaitOk(number, "/health/live");
      try (Child second = run("second", port, "--create-topics")) {
        assertThat(second.exitCode(PATIENCE)).isEqualTo(1);
        assertOneLine(
            second,
            "is in use by process " + first.pid() + ", an undercurrent that runs since 2",
            "(run --config " + folder.resolve("orphan.properties"),
            "undercurrent.http.token.file=***",
            "): end it with kill " + first.pid() + ", or choose another with");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "demo", "enrich"})
  void shouldSayHowMuchHeapTheModelNeeds(String command) throws Exception {
    List<String> heap = List.of("-Xmx64m");
    try (Child child = Child.startWithOptions(folder, heap, command)) {
      assertThat(child.exitCode(PATIENCE)).as(child.err()).isEqualTo(1);
      assertOneLine(child, "the model classpath:en-chat needs a heap of ", " MB: set UNDER");
    }
  }

  /** Whichever thread is the first that gets no buffer. */
  @Test
  void shouldEndWithThreeWhenItIsOutOfMemory() throws Exception {
    String[] arguments = arguments("small", "undercurrent.http.port=-1", "--create-topics");
    List<String> buffers = List.of("-XX:MaxDirectMemorySize=20k");
    try (Child child = Child.startWithOptions(folder, buffers, arguments)) {
      assertThat(child.exitCode(PATIENCE)).as(child.err()).isEqualTo(3);
      assertThat(child.err())
          .contains("error: out of memory (Cannot reserve ", "): set -XX:MaxDirectMemorySize=");
    }
  }

  /** At whatever moment of its start the signal comes. */
  @ParameterizedTest
  @ValueSource(ints = {50, 150, 300, 500, 1000, 2000, 3000})
  void shouldStopCleanlyAfterASignalInItsFirstSeconds(int ms) throws Exception {
    try (Child run = run("early", "undercurrent.http.port=-1", "--create-topics");
        Child alone = run("alone", "bootstrap.servers=127.0.0.1:1", NO_HTTP);
        Child demo = demo();
        Child play = Child.start(folder, "play", "--bootstrap-server", "127.0.0.1:1")) {
      Thread.sleep(ms);
      for (Child child : List.of(run, alone, demo, play)) {
        child.terminate();
        int code = child.exitCode(SOON);
        if (code != 143 || !(child.out() + child.err()).isEmpty()) { // else main had not begun
          assertThat(code).as(child.err()).isZero();
          assertThat(child.out()).endsWith("stopped\n");
        }
      }
    }
  }

  @Test
  void shouldExitWithTwoAndTheUsageForUnknownOptions() throws Exception {
    try (Child child = Child.start(folder, "demo", "--no-such-option")) {
      assertThat(child.exitCode(PATIENCE)).isEqualTo(2);
      assertThat(child.err()).contains("--no-such-option", "Usage:");
    }
  }

  private static void assertOneLine(Child child, String... parts) throws IOException {
    List<String> errors = child.err().lines().filter(line -> line.contains("error: ")).toList();
    assertThat(errors).as(child.err()).hasSize(1);
    assertThat(errors.get(0)).contains(parts);
    assertThat(child.err()).doesNotContain("\tat ");
  }

  private static Child demo(String... options) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("demo", "--model", model.toString(), "--http-port", "0"));
    arguments.addAll(List.of(options));
    return Child.start(folder, arguments.toArray(String[]::new));
  }

  /**
   * Starts {@code run} with topics named after {@code name}, one more setting and further options.
   */
  private static Child run(String name, String setting, String... options) throws IOException {
    return Child.start(folder, arguments(name, setting, options));
  }

  private static String[] arguments(String name, String setting, String... options)
      throws IOException {
    Path topology =
        Files.writeString(
            folder.resolve(name + ".yaml"),
            String.join(
                "\n",
                "name: " + name,
                "source: {topics: [" + name + "-in], value: text, key: record}",
                "model: " + model,
                "next: 3",
                "store: hidden-state",
                "sinks: {enriched: " + name + "-out, deadLetters: " + name + "-dead}"));
    Path settings =
        Files.write(
            folder.resolve(name + ".properties"),
            List.of(
                "application.id=" + name,
                "state.dir=" + folder.resolve(name + "-state"),
                "bootstrap.servers=" + broker.bootstrapServers()));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "run",
                "--config",
                settings.toString(),
                "--topology",
                topology.toString(),
                "--set",
                setting));
    arguments.addAll(List.of(options));
    return arguments.toArray(String[]::new);
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }
}
