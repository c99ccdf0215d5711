package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.measure.Cluster;
import io.undercurrent.measure.GrowthBench;
import io.undercurrent.measure.LatencyBench;
import io.undercurrent.measure.MeasureException;
import io.undercurrent.measure.PrecisionBench;
import io.undercurrent.measure.QueryBench;
import io.undercurrent.measure.ReplayBench;
import io.undercurrent.measure.Setup;
import io.undercurrent.measure.StreamBench;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Utils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench}: measures streams on this machine. */
@Command(
    name = "bench",
    description = {
      "Measure streams on this machine.",
      "",
      "  stream     cost and rate of records: passed through, stored, enriched",
      "  latency    time from sending a record to reading the enriched record",
      "  growth     cost by history, keys, threads, instances; time of a start after a crash, and"
          + " of a restore",
      "  replay     cost of a record without a stored state",
      "  precision  change of results if h is stored in half precision",
      "  queries    latency of queries over HTTP while a stream runs",
      "",
      "Broker and application run in their own processes. Results are printed as tables and written"
          + " as JSON. mvn -Pbench verify runs the benchmarks that need no broker."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent bench stream --records 80000",
      "  ./undercurrent bench latency --rate 500",
      "  ./undercurrent bench queries --rate 200 --query-rate 50",
      "  ./undercurrent bench replay --model runs/mine/best",
      "  ./undercurrent bench"
    })
final class BenchCommand implements Callable<Integer> {

  /** The measurements. */
  enum Kind {
    STREAM,
    LATENCY,
    GROWTH,
    REPLAY,
    PRECISION,
    QUERIES;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(
      index = "0..*",
      paramLabel = "[WHAT...]",
      hideParamSyntax = true,
      arity = "1",
      split = ",",
      defaultValue = "stream,latency,growth,replay,precision,queries",
      description = "${COMPLETION-CANDIDATES} (default: all of them, in this order).")
  private Set<Kind> wanted;

  @Option(
      names = "--records",
      paramLabel = "N",
      defaultValue = "60000",
      description = "Records enriched in each case (default: ${DEFAULT-VALUE}).")
  private long records;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Number of keys of these records (default: ${DEFAULT-VALUE}).")
  private int keys;

  @Option(
      names = "--max-keys",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "growth: the largest number of keys; 1000000 takes long (default: ${DEFAULT-VALUE}).")
  private int maxKeys;

  @Option(
      names = "--history",
      paramLabel = "N",
      defaultValue = "100000",
      description =
          "growth: records of the key with the longest history (default: ${DEFAULT-VALUE}).")
  private long history;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Stream threads (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description =
          "latency, growth, queries: records computed in one batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "latency, queries: records a second (default: half of the highest rate that stream"
              + " measured).")
  private Double rate;

  @Option(
      names = "--query-rate",
      paramLabel = "N",
      defaultValue = "50",
      description = "queries: queries a second for each route (default: ${DEFAULT-VALUE}).")
  private double queryRate;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Texts of the records, one a line (default: the demo's messages).")
  private Path input;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint folder (default: the model that ships).")
  private String model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench",
      description = "Folder for results and logs (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check(records >= 100, "--records must be at least 100");
    check(keys >= 1, "--keys must be at least 1");
    check(maxKeys >= 1_000, "--max-keys must be at least 1000");
    check(history >= 1_000, "--history must be at least 1000");
    check(threads >= 1, "--threads must be at least 1");
    check(batch >= 1, "--batch must be at least 1");
    check(rate == null || rate > 0, "--rate must be more than 0");
    check(queryRate > 0, "--query-rate must be more than 0");
    String path = model == null ? TopologyDefinition.shipped().model() : model;
    Model loaded = Heap.load(path);
    Setup setup =
        new Setup(
            loaded,
            path,
            texts(),
            EnrichmentSettings.DEFAULTS.maxTokens(),
            records,
            keys,
            threads,
            out);
    PrintWriter to = spec.commandLine().getOut();
    to.printf(
        "%d processors, JDK %s, model %s@%s%n",
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("java.version"),
        loaded.name(),
        loaded.fingerprint());
    Files.createDirectories(out);
    BenchProgress progress = new BenchProgress(spec.commandLine().getErr());
    try {
      for (Kind kind : EnumSet.copyOf(wanted)) {
        to.printf("%n%s%n%s", kind, measure(kind, setup, progress));
        to.flush();
      }
    } catch (MeasureException e) {
      throw new AppException(e.getMessage(), e);
    }
    to.printf("%nresults and logs are in %s%n", out);
    return 0;
  }

  private String measure(Kind kind, Setup setup, BenchProgress progress)
      throws IOException, InterruptedException {
    if (kind == Kind.REPLAY) {
      return new ReplayBench(setup).run(progress);
    }
    if (kind == Kind.PRECISION) {
      return new PrecisionBench(setup).run(progress);
    }
    Path folder = out.resolve(kind.toString());
    Utils.delete(folder.toFile()); // of an earlier run
    Files.createDirectories(folder);
    try (Cluster cluster = new Cluster(Main.class, folder)) {
      return switch (kind) {
        case STREAM -> new StreamBench(setup).run(cluster, folder, progress);
        case LATENCY -> new LatencyBench(setup, batch).run(cluster, folder, rate(), progress);
        case QUERIES ->
            new QueryBench(setup, batch, queryRate).run(cluster, folder, rate(), progress);
        default ->
            new GrowthBench(setup, batch, history, numbersOfKeys()).run(cluster, folder, progress);
      };
    } finally {
      deleteData(folder);
    }
  }

  /** Records a second: {@code --rate}, or half of the highest rate that stream measured. */
  private double rate() {
    double perSecond = rate != null ? rate : StreamBench.fastest(out) / 2;
    check(
        Double.isFinite(perSecond),
        "--rate must be given, because there is no result of stream in " + out);
    return perSecond;
  }

  private List<Integer> numbersOfKeys() {
    return Stream.of(1_000, 10_000, 100_000, 1_000_000, maxKeys)
        .filter(n -> n <= maxKeys)
        .distinct()
        .sorted()
        .toList();
  }

  private List<String> texts() throws IOException {
    List<String> texts =
        input == null
            ? PlayedMessages.ownTexts()
            : Files.readAllLines(input).stream().filter(line -> !line.isBlank()).toList();
    check(!texts.isEmpty(), "--input must have at least one text, found none in " + input);
    return texts;
  }

  private void check(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /** Deletes topics and states, and keeps the logs. */
  private static void deleteData(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.filter(Files::isDirectory).toList()) {
        Utils.delete(entry.toFile());
      }
    }
  }
}
