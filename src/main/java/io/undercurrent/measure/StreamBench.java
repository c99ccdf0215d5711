package io.undercurrent.measure;

import io.undercurrent.measure.App.Cost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a record costs the application, and how many it does in a second: passed through, with a
 * state read and written, and enriched at several batch sizes, under both guarantees.
 *
 * <p>Every case reads the same records, written before it starts, so that it is never short of
 * work; offsets are committed every 100 ms in all of them.
 */
public final class StreamBench {

  private static final int[] BATCHES = {1, 8, 32, 64, 256};
  private static final int PARTITIONS = 2;
  private static final String FROM = "bench-messages";
  private static final int PASSED_FOR_EACH = 10; // a pass-through does more in the same time

  private final Setup setup;

  public StreamBench(Setup setup) {
    this.setup = setup;
  }

  /**
   * Measures everything and leaves {@code stream.json}.
   *
   * @return the table
   */
  public String run(Cluster cluster, Path folder, Progress progress) throws InterruptedException {
    double rate = Arithmetic.rate(setup.model().config());
    double limit = Arithmetic.micros(setup.model(), setup.texts(), setup.maxTokens(), rate);
    long passed = setup.records() * PASSED_FOR_EACH;
    progress.begins("writing records", passed);
    cluster.createTopic(FROM, PARTITIONS);
    cluster.fill(FROM, passed, setup::input);
    progress.ends(
        "%,d multiplications/us, %.1f us a record at least".formatted((long) (rate / 1e6), limit));

    Report report = new Report();
    int n = 0;
    for (Case what : cases()) {
      boolean enriched = what.name().equals(Case.ENRICH);
      long records = enriched ? setup.records() : passed;
      String id = "bench-" + n++;
      cluster.createTopic(id + "-out", PARTITIONS);
      progress.begins(what.toString(), records);
      Cost cost;
      try (App app = new App(cluster, what, id, FROM, id + "-out", folder, setup.modelPath())) {
        cost = App.cost(app.watch(records, progress), setup.skipped(records));
      }
      double share = enriched ? limit / cost.cpuMicrosPerRecord() : Double.NaN;
      report.row(
          "case", what.name(),
          "guarantee", what.guarantee(),
          "batch", what.batch(),
          "cpuMicrosPerRecord", cost.cpuMicrosPerRecord(),
          "recordsPerSecond", cost.recordsPerSecond(),
          "shareOfLimit", share,
          "changelogBytesPerRecord",
              (double) cluster.changelogBytes(id) / cluster.committed(id, FROM));
      report.write(setup.out().resolve("stream.json"));
      progress.ends(
          "%.1f us of CPU a record, %,.0f records/s"
              .formatted(cost.cpuMicrosPerRecord(), cost.recordsPerSecond()));
    }
    return report.table();
  }

  private List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String guarantee : List.of(Case.EXACTLY_ONCE, Case.AT_LEAST_ONCE)) {
      cases.add(new Case(Case.PASS_THROUGH, guarantee, 1, setup.threads()));
      cases.add(new Case(Case.STORE, guarantee, 1, setup.threads()));
      for (int batch : BATCHES) {
        cases.add(new Case(Case.ENRICH, guarantee, batch, setup.threads()));
      }
    }
    return cases;
  }

  /** Records a second of the fastest exactly-once case that {@code out} tells of; NaN if none. */
  public static double fastest(Path out) {
    return Report.read(out.resolve("stream.json")).stream()
        .filter(row -> Case.ENRICH.equals(row.get("case")))
        .filter(row -> Case.EXACTLY_ONCE.equals(row.get("guarantee")))
        .mapToDouble(row -> ((Number) row.get("recordsPerSecond")).doubleValue())
        .max()
        .orElse(Double.NaN);
  }
}
