package io.undercurrent.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.Meters;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpEndpoint;
import io.undercurrent.serve.Serving;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code demo}: broker, app and producer in one process. */
@Command(
    name = "demo",
    description = {
      "Start a Kafka broker in this process, send messages, and print the enriched records.",
      "",
      "Sends all messages once. On a terminal it then runs until Ctrl-C, so that you can look at"
          + " topics and metrics. With --for, --records or piped output it ends by itself."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent demo --for 30s",
      "  ./undercurrent demo --input messages.jsonl --rate 50",
      "",
      "Each line of the input is a JSON object {\"key\": ..., \"text\": ...}, or plain text. Plain lines"
          + " all have the file's name as their key."
    })
final class DemoCommand implements Callable<Integer> {

  private static final double OWN_RATE = 15;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Messages to send, JSON lines or plain lines (default: the demo's messages).")
  private Path input;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      description = "End after this time, for example 30s or 2m.",
      converter = DurationConverter.class)
  private Duration time;

  @Option(names = "--records", paramLabel = "N", description = "End after N messages.")
  private Long records;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "Messages a second (default: 15 for the demo's messages, no limit with --input).")
  private Double rate;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Keep topics and states in this folder, and continue with them next time.")
  private Path keep;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint folder (default: the model that ships).")
  private String model;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description =
          "Port of the live page, queries and metrics; 0 for any free port (default: ${DEFAULT-VALUE}).")
  private int httpPort = UndercurrentConfig.DEFAULT_HTTP_PORT;

  @Spec private picocli.CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check(rate == null || rate > 0, "--rate must be more than 0");
    check(records == null || records > 0, "--records must be more than 0");
    TopologyDefinition definition = TopologyDefinition.shipped();
    Model loaded = Heap.load(model == null ? definition.model() : model);
    PlayedMessages messages = input == null ? PlayedMessages.own() : PlayedMessages.of(input);
    check(messages.count() > 0, "--input must have at least one line, found none in " + input);
    long count = records == null ? messages.count() : Math.min(records, messages.count());
    double perSecond = rate != null ? rate : input == null ? OWN_RATE : Double.POSITIVE_INFINITY;
    boolean stay = Terminal.isOutput() && time == null && records == null;

    Path folder = keep != null ? keep : Files.createTempDirectory("undercurrent-demo");
    try {
      Stop.by(() -> {}); // from here on there is something to close
      Files.createDirectories(folder);
      return play(definition, loaded, messages, count, folder, perSecond, stay);
    } finally {
      if (keep == null) {
        Utils.delete(folder.toFile());
      }
    }
  }

  private int play(
      TopologyDefinition definition,
      Model loaded,
      PlayedMessages messages,
      long count,
      Path folder,
      double perSecond,
      boolean stay)
      throws InterruptedException {
    ((Logger) LoggerFactory.getLogger("io.undercurrent")).setLevel(Level.ERROR);
    System.err.println("starting a Kafka broker in this process ...");
    PrometheusMeterRegistry registry = Meters.registry(definition);
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"));
        StreamsApp app = new StreamsApp(definition, config(broker, folder), loaded, registry);
        HttpEndpoint http = endpoint(config(broker, folder), definition, app, registry)) {
      Stop.by(app::close);
      app.checkTopics(true);
      app.start();
      if (!app.awaitRunning()) {
        return 0;
      }
      System.err.printf(
          "broker at %1$s, topics %2$s -> %3$s, dead letters in %4$s%n"
              + "model %5$s, fingerprint %6$s%n"
              + "live page at http://127.0.0.1:%7$d/, metrics at http://127.0.0.1:%7$d/metrics%n%n",
          broker.bootstrapServers(),
          String.join(", ", definition.topics()),
          definition.enriched(),
          definition.deadLetters(),
          loaded.name(),
          loaded.fingerprint(),
          http.port());
      RecordPrinter printer = new RecordPrinter(System.out, Terminal.ansi(), Terminal.columns());
      try (DemoPlay play =
          new DemoPlay(
              broker.bootstrapServers(), definition, messages, count, perSecond, printer)) {
        play.run(time, stay, app::isLive, Stop::requested);
      }
      app.throwIfFailed();
    }
    return 0;
  }

  private HttpEndpoint endpoint(
      UndercurrentConfig config,
      TopologyDefinition definition,
      StreamsApp app,
      PrometheusMeterRegistry registry) {
    try {
      return Serving.start(config, httpPort, definition, app, registry);
    } catch (IllegalStateException portInUse) {
      // Another program uses the port. The demo takes any free one instead.
      System.err.println("port " + httpPort + " is in use: taking another port for the live page");
      return Serving.start(config, 0, definition, app, registry);
    }
  }

  private static UndercurrentConfig config(EmbeddedBroker broker, Path folder) {
    return UndercurrentConfig.of(
        Map.of(
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers(),
            StreamsConfig.APPLICATION_ID_CONFIG, "undercurrent-demo",
            StreamsConfig.STATE_DIR_CONFIG, folder.resolve("state").toString(),
            UndercurrentConfig.LIVE_INPUT, "true",
            UndercurrentConfig.TOPICS_PARTITIONS, "2",
            UndercurrentConfig.TOPICS_REPLICATION_FACTOR, "1"));
  }

  private void check(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /** Reads a duration: {@code 30s}, {@code 2m}, {@code 500ms} or {@code 1h}. */
  static final class DurationConverter implements picocli.CommandLine.ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      java.util.regex.Matcher m =
          java.util.regex.Pattern.compile("([0-9]{1,6})(ms|s|m|h)").matcher(value);
      if (!m.matches()) {
        throw new picocli.CommandLine.TypeConversionException(
            "must be a number and ms, s, m or h, for example 30s, found " + value);
      }
      long n = Long.parseLong(m.group(1));
      return switch (m.group(2)) {
        case "ms" -> Duration.ofMillis(n);
        case "s" -> Duration.ofSeconds(n);
        case "m" -> Duration.ofMinutes(n);
        default -> Duration.ofHours(n);
      };
    }
  }
}
