package io.undercurrent.cli;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.Meters;
import io.undercurrent.app.StartOptions;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.app.WithoutOffsets;
import io.undercurrent.app.checks.Subject;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpEndpoint;
import io.undercurrent.serve.Serving;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run}: runs the app on a cluster until it is stopped. */
@Command(
    name = "run",
    description = {
      "Enrich the topics of a Kafka cluster until it is stopped.",
      "",
      "Makes the checks of doctor first. Ctrl-C or SIGTERM stops it cleanly. When it is"
          + " started again, it continues where it stopped."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent run --create-topics",
      "  ./undercurrent run --config config/streams.properties --topology topology/enrich.yaml",
      "  ./undercurrent run --set bootstrap.servers=kafka:9092 --set undercurrent.http.port=8081"
    })
final class RunCommand implements Callable<Integer> {

  private static final Duration REPORT_INTERVAL = Duration.ofSeconds(10);

  /** What closing may take after a failure. */
  private static final Duration CLOSING = Duration.ofSeconds(30);

  @Mixin private AppOptions options;

  @Option(names = "--create-topics", description = "Create missing topics.")
  private boolean createTopics;

  @Option(
      names = "--add-partitions",
      description =
          "Give Kafka Streams' own topics as many partitions as the source topics, after partitions"
              + " were added to those.")
  private boolean addPartitions;

  @Option(
      names = "--change-settings",
      description =
          "Accept that this instance differs from what the application ran before in its model, in"
              + " max.tokens, or in another setting that decides the output. No other instance may"
              + " run then.")
  private boolean changeSettings;

  @Option(
      names = "--without-offsets",
      paramLabel = "WHERE",
      description =
          "Where to go on in partitions whose committed offsets are lost: earliest enriches again what"
              + " the topics still have, latest leaves out what was not read. Without this option, run"
              + " refuses to start.")
  private WithoutOffsets withoutOffsets;

  @Spec private CommandSpec spec;

  private Thread closing; // ends the process if closing hangs; null before a failure

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    TopologyDefinition definition = options.definition();
    UndercurrentConfig config = options.config();
    Model loaded = options.model(definition, config);
    PrometheusMeterRegistry registry = Meters.registry(definition);

    try (StreamsApp app = new StreamsApp(definition, config, loaded, registry);
        HttpEndpoint http = endpoint(config, definition, app, registry)) {
      Stop.by(() -> stop(app));
      try {
        new ChecksBeforeRun(Subject.of(definition, config, loaded, createTopics, addPartitions))
            .make();
        app.checkTopics(
            new StartOptions(createTopics, addPartitions, changeSettings, withoutOffsets));
        app.start();
        if (app.awaitRunning(REPORT_INTERVAL, () -> starting(app))) {
          out.println(running(definition, loaded, config, http));
          out.flush();
          app.awaitTermination();
        }
      } catch (RuntimeException | Error e) { // nothing that closes now may keep the process
        closing =
            Stop.haltAfter(
                CLOSING, OneLineErrors.exitCode(e), "error: " + OneLineErrors.line(e, false));
        throw e;
      }
    } finally {
      if (closing != null) {
        closing.interrupt();
      }
    }
    return 0;
  }

  private void starting(StreamsApp app) {
    PrintWriter err = spec.commandLine().getErr();
    long records = app.toRestore();
    err.println(
        records > 0
            ? "starting: %,d records of states to restore".formatted(records)
            : "starting: waiting for partitions");
    err.flush();
  }

  private static HttpEndpoint endpoint(
      UndercurrentConfig config,
      TopologyDefinition definition,
      StreamsApp app,
      PrometheusMeterRegistry registry) {
    return config.httpPort() == UndercurrentConfig.HTTP_OFF
            && config.httpManagementPort() == UndercurrentConfig.HTTP_OFF
        ? null
        : Serving.start(config, config.httpPort(), definition, app, registry);
  }

  private static String running(
      TopologyDefinition definition, Model model, UndercurrentConfig config, HttpEndpoint http) {
    boolean page = config.livePage() && config.httpPort() != UndercurrentConfig.HTTP_OFF;
    String metrics =
        http == null
            ? "no metrics"
            : (page ? "live page at " + http.address() + "/, " : "")
                + "metrics at "
                + http.managementAddress()
                + "/metrics";
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
   * Closes the app on a signal and ends the JVM, with exit code 0 after a clean stop. It does not
   * wait for the command, which may wait for a broker. The exit code is 1 if the app failed before
   * the signal or does not stop in time.
   */
  private static void stop(StreamsApp app) {
    app.close();
    if (app.closedCleanly()) {
      Stop.halt(0, stopped(app));
    } else {
      Stop.halt(1, "error: stopped after a failure, or not within the time limit");
    }
  }

  private static String stopped(StreamsApp app) {
    return app.closedWithoutBrokers()
        ? "stopped without the brokers, which do not answer: nothing is lost, the next start reads"
            + " again what was not committed"
        : "stopped";
  }
}
