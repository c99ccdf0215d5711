package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs the Prometheus that is installed on the machine, on a loopback port. If none is installed,
 * the tests that need it are skipped, or fail with {@code -Dprometheus.required=true}.
 */
final class PrometheusServer implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Process process;
  private final String address;

  /**
   * @param folder a folder for its configuration, data and log
   * @param ports loopback ports from which it reads meters every second
   */
  static PrometheusServer start(Path folder, List<Integer> ports) throws Exception {
    Path program = program("prometheus");
    Path config = folder.resolve("prometheus.yml");
    String targets =
        ports.stream().map(port -> "'127.0.0.1:" + port + "'").collect(Collectors.joining(", "));
    Files.writeString(
        config,
        """
        global: {scrape_interval: 1s}
        scrape_configs:
          - job_name: undercurrent
            static_configs: [{targets: [%s]}]
        """
            .formatted(targets));
    int port = ServedApp.freePort();
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
    PrometheusServer server = new PrometheusServer(process, "http://127.0.0.1:" + port);
    try {
      server.awaitReady(folder.resolve("prometheus.log"));
    } catch (Throwable e) {
      server.close();
      throw e;
    }
    return server;
  }

  /** The path of {@code prometheus} or {@code promtool}. */
  static Path program(String name) {
    Optional<Path> program =
        Stream.of(System.getProperty("prometheus.path", "/usr/bin"), "/usr/local/bin")
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty() && !Boolean.getBoolean("prometheus.required")) {
      Assumptions.abort(
          "no %s here: apt-get install prometheus, or set -Dprometheus.path to its folder, to test dashboards and alerts"
              .formatted(name));
    }
    return program.orElseThrow(() -> new AssertionError(name + " is required and not there"));
  }

  private PrometheusServer(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  private void awaitReady(Path log) throws Exception {
    for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end; ) {
      if (!process.isAlive()) {
        break;
      }
      try {
        HttpRequest ready = HttpRequest.newBuilder(URI.create(address + "/-/ready")).build();
        if (CLIENT.send(ready, BodyHandlers.ofString()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // not ready yet
      }
      Thread.sleep(100);
    }
    throw new AssertionError("Prometheus does not get ready: " + Files.readString(log));
  }

  /** The present series of an expression. */
  JsonNode query(String expression) throws Exception {
    return ask("/api/v1/query", Map.of("query", expression)).path("result");
  }

  /** The series of an expression for every second since a time, in seconds. */
  JsonNode queryRange(String expression, long from, long to) throws Exception {
    return ask(
            "/api/v1/query_range",
            Map.of("query", expression, "start", "" + from, "end", "" + to, "step", "1"))
        .path("result");
  }

  /** The values of a tag in the series of a selector. */
  JsonNode labelValues(String label, String selector) throws Exception {
    String query = "?match[]=" + URLEncoder.encode(selector, StandardCharsets.UTF_8);
    return ask("/api/v1/label/" + label + "/values" + query.replace("[]", "%5B%5D"), null);
  }

  private JsonNode ask(String path, Map<String, String> form) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + path)).timeout(Duration.ofSeconds(60));
    if (form != null) {
      String body =
          form.entrySet().stream()
              .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
              .collect(Collectors.joining("&"));
      request
          .header("Content-Type", "application/x-www-form-urlencoded")
          .POST(BodyPublishers.ofString(body));
    }
    JsonNode answer = JSON.readTree(CLIENT.send(request.build(), BodyHandlers.ofString()).body());
    if (!answer.path("status").asText().equals("success")) {
      throw new AssertionError(form + " was answered: " + answer);
    }
    return answer.path("data");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (process.waitFor(10, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
