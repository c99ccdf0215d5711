package io.undercurrent.measure;

import io.undercurrent.measure.App.Cost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the CPU time of a record and the records a second of an application, in three kinds of
 * cases: it passes records through, it also reads and writes a state, and it enriches, at several
 * batch sizes. Each case runs under both guarantees.
 *
 * <p>All cases read the same records, which are written before they start, so the application never
 * waits for input. All of them commit every 100 ms.
 */
public final class StreamBench {

  private static final int[] BATCHES = {1, 8, 32, 64, 256};
  private static final int PARTITIONS = 2;
  private static final String FROM = "bench-messages";
  private static final int PASS_THROUGH_FACTOR =
      10; // a pass-through is faster and gets more records

  private final Setup setup;

  public StreamBench(Setup setup) {
    this.setup = setup;
  }

  /**
   * Measures everything and writes {@code stream.json}.
   *
   * @return the table
   */
  public String run(Cluster cluster, Path folder, Progress progress) throws InterruptedException {
    double rate = Arithmetic.rate(setup.model().config());
    double limit = Arithmetic.micros(setup.model(), setup.texts(), setup.maxTokens(), rate);
    long passed = setup.records() * PASS_THROUGH_FACTOR;
    progress.begins("writing records", passed);
    cluster.createTopic(FROM, PARTITIONS);
    cluster.fill(FROM, passed, setup::input);
    progress.ends(
        "%,d multiplications/us, at least %.1f us a record".formatted((long) (rate / 1e6), limit));

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

  /**
   * Records a second of the fastest exactly-once case in {@code out}'s {@code stream.json}; NaN if
   * there is none.
   */
  public static double fastest(Path out) {
    return Report.read(out.resolve("stream.json")).stream()
        .filter(row -> Case.ENRICH.equals(row.get("case")))
        .filter(row -> Case.EXACTLY_ONCE.equals(row.get("guarantee")))
        .mapToDouble(row -> ((Number) row.get("recordsPerSecond")).doubleValue())
        .max()
        .orElse(Double.NaN);
  }
}
