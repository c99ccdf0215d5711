package io.undercurrent.cli;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.Meters;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpEndpoint;
import io.undercurrent.serve.Serving;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run}: the streams app against a cluster, until it is told to stop. */
@Command(
    name = "run",
    description = {
      "Enrich the topics of a Kafka cluster until it is stopped.",
      "",
      "Checks connection and topics first. Ctrl-C or SIGTERM stops it cleanly; started again, it"
          + " goes on where it was."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent run --create-topics",
      "  ./undercurrent run --config config/streams.properties --topology topology/enrich.yaml",
      "  ./undercurrent run --set bootstrap.servers=kafka:9092 --set undercurrent.http.port=8081"
    })
final class RunCommand implements Callable<Integer> {

  private static final Duration STARTING = Duration.ofSeconds(10);

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "config/streams.properties",
      description = "How to connect and run (default: ${DEFAULT-VALUE}).")
  private Path configFile;

  @Option(
      names = "--topology",
      paramLabel = "FILE",
      defaultValue = "topology/enrich.yaml",
      description = "What flows where (default: ${DEFAULT-VALUE}).")
  private Path topologyFile;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint folder to use instead of the topology's model.")
  private String model;

  @Option(names = "--create-topics", description = "Make topics that do not exist.")
  private boolean createTopics;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting that replaces or joins those of the file.")
  private Map<String, String> overrides = Map.of();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    TopologyDefinition definition = TopologyDefinition.load(topologyFile);
    UndercurrentConfig config = UndercurrentConfig.load(configFile, overrides);
    Model loaded = Checkpoint.load(model == null ? definition.model() : model);
    PrometheusMeterRegistry registry = Meters.registry(definition);

    StreamsApp app = new StreamsApp(definition, config, loaded, registry);
    Thread onSignal = new Thread(() -> stop(app), "shutdown");
    Runtime.getRuntime().addShutdownHook(onSignal);
    try (app;
        HttpEndpoint http = endpoint(config, definition, app, registry)) {
      app.checkTopics(createTopics);
      app.start();
      if (app.awaitRunning(STARTING, () -> starting(app))) {
        out.println(running(definition, loaded, config, http));
        out.flush();
        app.awaitTermination();
      }
    } finally {
      forget(onSignal);
    }
    return 0;
  }

  private void starting(StreamsApp app) {
    PrintWriter err = spec.commandLine().getErr();
    long records = app.toRestore();
    err.println(
        records > 0
            ? "starting: %,d records of states to read back".formatted(records)
            : "starting: partitions are being assigned");
    err.flush();
  }

  private static HttpEndpoint endpoint(
      UndercurrentConfig config,
      TopologyDefinition definition,
      StreamsApp app,
      PrometheusMeterRegistry registry) {
    return config.httpPort() == UndercurrentConfig.HTTP_OFF
        ? null
        : Serving.start(config, config.httpPort(), definition, app, registry);
  }

  private static String running(
      TopologyDefinition definition, Model model, UndercurrentConfig config, HttpEndpoint http) {
    String address = "http://%s:%d/".formatted(config.httpHost(), http == null ? 0 : http.port());
    String metrics =
        http == null
            ? "no metrics"
            : (config.livePage() ? "live page at " + address + ", " : "")
                + "metrics at "
                + address
                + "metrics";
    return "running: %s -> %s (dead letters in %s), model %s@%s, %s"
        .formatted(
            String.join(", ", definition.topics()),
            definition.enriched(),
            definition.deadLetters(),
            model.name(),
            model.fingerprint(),
            metrics);
  }

  /**
   * A clean stop is success: without the halt a JVM exits with 128 plus the signal's number. What
   * failed before the signal, or does not stop in time, is not.
   */
  private void stop(StreamsApp app) {
    app.close();
    boolean clean = app.closedCleanly();
    PrintWriter to = clean ? spec.commandLine().getOut() : spec.commandLine().getErr();
    to.println(clean ? "stopped" : "error: stopped after a failure, or before all was in order");
    to.flush();
    Runtime.getRuntime().halt(clean ? 0 : 1);
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The hook is what ended the app.
    }
  }
}
