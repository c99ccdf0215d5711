package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.checkpoint.Checkpoint;
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

/** {@code bench}: what a stream costs on this machine. */
@Command(
    name = "bench",
    description = {
      "Measure streams on this machine: broker and application in processes of their own.",
      "",
      "stream: CPU and records a second, passed through, with a store, and enriched at several"
          + " batch sizes. latency: from sending a record to reading the enriched one. growth: with"
          + " history, keys, threads and instances, and how long a restore takes. replay: what"
          + " records cost without carried state. precision: what one key's records lose where h is"
          + " kept in half precision. queries: how soon questions about keys are answered over HTTP"
          + " while a stream runs. Figures go to a folder as JSON and are printed as tables. What"
          + " needs no broker is measured by mvn -Pbench verify."
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

  /** What can be measured. */
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
      description = "Keys they are spread over (default: ${DEFAULT-VALUE}).")
  private int keys;

  @Option(
      names = "--max-keys",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Keys at most in growth; 1000000 takes long (default: ${DEFAULT-VALUE}).")
  private int maxKeys;

  @Option(
      names = "--history",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Records of one key in growth (default: ${DEFAULT-VALUE}).")
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
          "Records computed ahead in latency, growth and queries (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "Records a second in latency and queries (default: half of the most that stream"
              + " reached).")
  private Double rate;

  @Option(
      names = "--query-rate",
      paramLabel = "N",
      defaultValue = "50",
      description = "Questions a second in queries, of each route (default: ${DEFAULT-VALUE}).")
  private double queryRate;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Texts of the records, one a line, instead of the demo's messages.")
  private Path input;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "A checkpoint folder to use instead of the one that ships.")
  private String model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench",
      description = "Where figures and logs go (default: ${DEFAULT-VALUE}).")
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
    check(rate == null || rate > 0, "--rate must be above 0");
    check(queryRate > 0, "--query-rate must be above 0");
    String path = model == null ? TopologyDefinition.shipped().model() : model;
    Model loaded = Checkpoint.load(path);
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
    to.printf("%nfigures and logs are in %s%n", out);
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

  /** Records a second: what was asked for, or half of the most there was. */
  private double rate() {
    double perSecond = rate != null ? rate : StreamBench.fastest(out) / 2;
    check(
        Double.isFinite(perSecond),
        "--rate must be given where stream has not been measured in " + out);
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

  /** Topics and states; the logs stay. */
  private static void deleteData(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.filter(Files::isDirectory).toList()) {
        Utils.delete(entry.toFile());
      }
    }
  }
}
