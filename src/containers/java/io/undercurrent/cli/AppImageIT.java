package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.Capability;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * Tests the app's image: built from the Dockerfile, or the one that {@code -Dundercurrent.image}
 * names.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES) // the first build downloads all libraries
class AppImageIT {

  private static final String USER = "10001";
  private static final int MESSAGES = 40;
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static KafkaContainers kafka;
  private static Future<String> image;

  @BeforeAll
  static void start() throws Exception {
    Docker.require();
    String named = System.getProperty("undercurrent.image");
    image =
        named != null
            ? CompletableFuture.completedFuture(named)
            : new ImageFromDockerfile("undercurrent-it", false)
                .withDockerfile(Path.of("Dockerfile"));
    kafka = KafkaContainers.start(1);
  }

  @AfterAll
  static void stop() {
    if (kafka != null) {
      kafka.close();
    }
  }

  @Test
  void shouldEnrichServeAndStopCleanly() throws Exception {
    int port = Docker.freePorts(1)[0];
    try (GenericContainer<?> app = app(port)) {
      app.start();
      assertThat(app.execInContainer("id", "-u").getStdout().strip()).isEqualTo(USER);
      play();
      Docker.await(MESSAGES + " enriched", () -> records(port) == MESSAGES);
      assertThat(get(port, "/health/ready")).isEqualTo("{\"status\":\"UP\"}");
      assertThat(get(port, "/")).contains("<title>");
      Docker.await(
          "healthy by its own health check",
          () -> state(app).getHealth().getStatus().equals("healthy"));

      Docker.client().stopContainerCmd(app.getContainerId()).withTimeout(60).exec();
      assertThat(state(app).getExitCodeLong()).as(app.getLogs()).isZero();
      assertThat(app.getLogs()).contains("stopped").doesNotContain("incubator", "WARNING");

      // The same container has the same volume, so committed states are still there.
      Docker.client().startContainerCmd(app.getContainerId()).exec();
      Docker.await("ready again", () -> get(port, "/health/ready").equals("{\"status\":\"UP\"}"));
      play();
      Docker.await("enriched again", () -> records(port) == MESSAGES);
      assertThat(meter(port, "undercurrent_fresh_states_total"))
          .as("keys that started without a state")
          .isZero();
    }
  }

  @Test
  void shouldReportMissingSettingsInOneLine() throws Exception {
    try (GenericContainer<?> app =
        new GenericContainer<>(image)
            .withCommand("run", "--topology", "none.yaml")
            .withStartupCheckStrategy(new Ended())) {
      connect(app);
      app.start();
      assertThat(state(app).getExitCodeLong()).isEqualTo(1);
      assertThat(app.getLogs().strip()).startsWith("error: none.yaml").hasLineCount(1);
    }
  }

  /** Waits for the end of the container, successful or not. */
  private static final class Ended extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String id) {
      return Boolean.TRUE.equals(client.inspectContainerCmd(id).exec().getState().getRunning())
          ? StartupStatus.NOT_YET_KNOWN
          : StartupStatus.SUCCESSFUL;
    }
  }

  /** Sends the demo's first messages with the image's own command. */
  private static void play() throws Exception {
    try (GenericContainer<?> producer =
        new GenericContainer<>(image)
            .withCommand(
                "play",
                "--bootstrap-server",
                kafka.insideServers(),
                "--records",
                Integer.toString(MESSAGES),
                "--rate",
                "1000")
            .withStartupCheckStrategy(
                new OneShotStartupCheckStrategy().withTimeout(Duration.ofMinutes(1)))) {
      connect(producer);
      producer.start();
      assertThat(producer.getLogs()).contains(MESSAGES + " messages sent");
    }
  }

  private static GenericContainer<?> app(int port) {
    List<String> command = new ArrayList<>(List.of("run", "--create-topics"));
    for (String setting :
        List.of(
            "bootstrap.servers=" + kafka.insideServers(),
            "state.dir=/var/lib/undercurrent",
            "undercurrent.http.host=" + Docker.anyAddress(),
            "undercurrent.http.allowed.hosts=" + Docker.host(),
            "undercurrent.http.port=" + port)) {
      command.addAll(List.of("--set", setting));
    }
    GenericContainer<?> app =
        new GenericContainer<>(image)
            .withCommand(command.toArray(String[]::new))
            .withEnv("UNDERCURRENT_HEALTH", "127.0.0.1/" + port)
            .withCreateContainerCmdModifier(
                create ->
                    create
                        .getHostConfig()
                        .withReadonlyRootfs(true)
                        .withTmpFs(Map.of("/tmp", "exec"))
                        .withCapDrop(Capability.ALL)
                        .withSecurityOpts(List.of("no-new-privileges")))
            .waitingFor(
                Wait.forLogMessage(".*running: messages -> messages-enriched.*", 1)
                    .withStartupTimeout(Duration.ofMinutes(3)));
    connect(app);
    Docker.publish(app, port);
    return app;
  }

  private static void connect(GenericContainer<?> container) {
    Docker.connect(container, kafka.network(), "undercurrent");
  }

  private static double records(int port) throws Exception {
    return meter(port, "undercurrent_records_total");
  }

  /** A meter's value, summed over its tags. */
  private static double meter(int port, String name) throws Exception {
    return get(port, "/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static ContainerState state(GenericContainer<?> container) {
    return Docker.client().inspectContainerCmd(container.getContainerId()).exec().getState();
  }

  private static String get(int port, String path) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(
                    URI.create("http://%s:%d%s".formatted(Docker.host(), port, path)))
                .timeout(Duration.ofSeconds(10))
                .build(),
            BodyHandlers.ofString(UTF_8));
    return answer.body();
  }
}
