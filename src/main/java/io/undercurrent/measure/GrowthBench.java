package io.undercurrent.measure;

import io.undercurrent.measure.App.Cost;
import io.undercurrent.measure.App.Sample;
import io.undercurrent.measure.Cluster.Input;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.common.utils.Utils;

/**
 * Measures how the cost of a record grows with the length of its key's history, with the number of
 * keys, and with threads and instances. Also measures how long an instance takes to start after a
 * {@code kill -9}, and to restore all states. Not thread-safe.
 */
public final class GrowthBench {

  private static final int PARTITIONS = 2;
  private static final int SHORT = 10; // records of each key with a short history

  private final Setup setup;
  private final int batch;
  private final long longest;
  private final List<Integer> numbersOfKeys;
  private final Report report = new Report();
  private Cluster cluster;
  private Path folder;
  private Progress progress;

  /**
   * @param batch records computed in one batch; the measurement of one key's history computes
   *     records alone
   * @param longest number of records of the key with the longest history
   * @param numbersOfKeys the numbers of keys to measure with, ascending
   */
  public GrowthBench(Setup setup, int batch, long longest, List<Integer> numbersOfKeys) {
    this.setup = setup;
    this.batch = batch;
    this.longest = longest;
    this.numbersOfKeys = List.copyOf(numbersOfKeys);
  }

  /**
   * Measures everything and writes {@code growth.json}.
   *
   * @return the table
   */
  public String run(Cluster cluster, Path folder, Progress progress)
      throws IOException, InterruptedException {
    this.cluster = cluster;
    this.folder = folder;
    this.progress = progress;
    history();
    for (int keys : numbersOfKeys) {
      keys(keys, keys == numbersOfKeys.get(numbersOfKeys.size() - 1));
    }
    parallel();
    return report.table();
  }

  private void row(String what, long of, Cost cost, double ratio) {
    report.row(
        "what",
        what,
        "of",
        of,
        "records",
        cost.records(),
        "cpuMicrosPerRecord",
        cost.cpuMicrosPerRecord(),
        "recordsPerSecond",
        cost.recordsPerSecond(),
        "against first",
        ratio,
        "seconds",
        Double.NaN);
    report.write(setup.out().resolve("growth.json"));
  }

  /**
   * Measures histories: first keys of ten records each, for the warm-up and as the baseline, then
   * one key with all other records.
   */
  private void history() throws IOException, InterruptedException {
    String topic = "growth-history";
    long few = setup.records();
    long all = 2 * few + longest;
    cluster.createTopic(topic, 1);
    progress.begins("history of one key, one record at a time", all);
    cluster.fill(topic, all, i -> i < 2 * few ? input("short-" + i / SHORT, i) : input("long", i));
    Case what = new Case(Case.ENRICH, Case.EXACTLY_ONCE, 1, 1);
    List<Sample> samples = run(what, "growth-history", topic, all);
    Cost shortHistory = between(samples, few, 2 * few);
    row("history", SHORT, shortHistory, 1);
    for (long h = 1_000; h <= longest; h *= 10) {
      Cost cost = between(samples, 2 * few + h / 2, 2 * few + h);
      row("history", h, cost, cost.cpuMicrosPerRecord() / shortHistory.cpuMicrosPerRecord());
    }
  }

  private void keys(int keys, boolean starts) throws IOException, InterruptedException {
    String topic = "growth-keys-" + keys;
    String id = topic;
    long measured = 2 * setup.records();
    long all = keys + measured;
    cluster.createTopic(topic, PARTITIONS);
    progress.begins("%,d keys".formatted(keys), all);
    SplittableRandom random = new SplittableRandom(keys);
    cluster.fill(
        topic,
        all,
        i ->
            i < keys
                ? new Input(key("k-" + i), Values.json("ok"))
                : input("k-" + random.nextInt(keys), i));
    Case what = new Case(Case.ENRICH, Case.EXACTLY_ONCE, batch, setup.threads());
    cluster.createTopic(id + "-out", PARTITIONS);
    try (App app = new App(cluster, what, id, topic, id + "-out", folder, setup.modelPath())) {
      List<Sample> samples = app.watch(all, progress);
      Cost cost = between(samples, keys + measured / 2, all);
      double first =
          report.rows().stream()
              .filter(row -> row.get("what").equals("keys"))
              .map(row -> (Double) row.get("cpuMicrosPerRecord"))
              .findFirst()
              .orElse(cost.cpuMicrosPerRecord());
      row("keys", keys, cost, cost.cpuMicrosPerRecord() / first);
      progress.ends("%.1f us of CPU a record".formatted(cost.cpuMicrosPerRecord()));
      if (starts) {
        app.kill();
      }
    }
    if (starts) {
      start("after kill -9", what, id, topic, keys);
      Utils.delete(folder.resolve("state-" + id).toFile());
      start("restore", what, id, topic, keys); // an empty folder: all states from the changelog
    }
  }

  /** Measures a start, from the start of the JVM until it processes records. */
  private void start(String kind, Case what, String id, String topic, int keys)
      throws IOException, InterruptedException {
    progress.begins("%s, %,d keys".formatted(kind, keys), keys);
    long begin = System.nanoTime();
    try (App app = new App(cluster, what, id, topic, id + "-out", folder, setup.modelPath())) {
      double seconds = (System.nanoTime() - begin) / 1e9;
      app.sample();
      report.row(
          "what",
          kind,
          "of",
          (long) keys,
          "records",
          0L,
          "cpuMicrosPerRecord",
          Double.NaN,
          "recordsPerSecond",
          Double.NaN,
          "against first",
          Double.NaN,
          "seconds",
          seconds);
      report.write(setup.out().resolve("growth.json"));
      progress.ends("%.1f s from the start of its JVM to running".formatted(seconds));
    }
  }

  private void parallel() throws IOException, InterruptedException {
    String topic = "growth-parallel";
    cluster.createTopic(topic, PARTITIONS);
    cluster.fill(topic, setup.records(), setup::input);
    Cost one = parallel("threads", 1, topic, 1, 1, null);
    parallel("threads", 2, topic, 2, 1, one);
    parallel("instances", 2, topic, 1, 2, one);
  }

  private Cost parallel(String kind, int of, String topic, int threads, int instances, Cost one)
      throws IOException, InterruptedException {
    String id = "growth-" + kind + "-" + of;
    Case what = new Case(Case.ENRICH, Case.EXACTLY_ONCE, batch, threads);
    cluster.createTopic(id + "-out", PARTITIONS);
    progress.begins(of + " " + kind, setup.records());
    List<App> apps = new ArrayList<>();
    try {
      for (int i = 0; i < instances; i++) {
        Path own = folder.resolve("instance-" + i);
        create(own);
        apps.add(new App(cluster, what, id, topic, id + "-out", own, setup.modelPath()));
      }
      List<Sample> samples = apps.get(0).watch(setup.records(), progress);
      Cost cost = App.cost(samples, setup.skipped(setup.records()));
      double speedUp = one == null ? 1 : cost.recordsPerSecond() / one.recordsPerSecond();
      // The CPU time is only the first instance's, so it is left out: the result is records a
      // second.
      row(kind, of, new Cost(cost.records(), Double.NaN, cost.recordsPerSecond()), speedUp);
      progress.ends("%,.0f records/s".formatted(cost.recordsPerSecond()));
      return cost;
    } finally {
      apps.forEach(App::close);
    }
  }

  private List<Sample> run(Case what, String id, String topic, long records)
      throws IOException, InterruptedException {
    cluster.createTopic(id + "-out", PARTITIONS);
    try (App app = new App(cluster, what, id, topic, id + "-out", folder, setup.modelPath())) {
      List<Sample> samples = app.watch(records, progress);
      progress.ends("done");
      return samples;
    }
  }

  /**
   * The cost between two commits: the first with at least {@code from} records, and the first with
   * at least {@code to}.
   */
  static Cost between(List<Sample> samples, long from, long to) {
    Sample begin = first(samples, from);
    Sample end = first(samples, to);
    if (end.records() <= begin.records()) {
      throw new MeasureException(
          "records %d to %d must be in several commits, found one: set a higher --records"
              .formatted(from, to));
    }
    return Cost.between(begin, end);
  }

  private static Sample first(List<Sample> samples, long records) {
    return samples.stream()
        .filter(sample -> sample.records() >= records)
        .findFirst()
        .orElseGet(() -> samples.get(samples.size() - 1));
  }

  private Input input(String key, long i) {
    return new Input(key(key), Values.json(setup.texts().get((int) (i % setup.texts().size()))));
  }

  private static byte[] key(String key) {
    return key.getBytes(StandardCharsets.UTF_8);
  }

  private static void create(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
