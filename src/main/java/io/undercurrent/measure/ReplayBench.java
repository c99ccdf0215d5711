package io.undercurrent.measure;

import io.undercurrent.inference.Inference;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import java.util.List;

/**
 * Measures the cost of a record without a stored state, where the key's whole history is read again
 * for each record, and compares it with the cost of a record whose state is stored. Runs in this
 * JVM on one thread, without Kafka.
 */
public final class ReplayBench {

  private static final int NEXT_TOKENS = 5;
  private static final int ROUNDS = 5;
  private static final int WARM_UP_RECORDS = 2_000;

  private final Setup setup;
  private final Inference inference;

  public ReplayBench(Setup setup) {
    this.setup = setup;
    inference = new Inference(setup.model(), setup.maxTokens(), NEXT_TOKENS, true, null);
  }

  /**
   * Measures and writes {@code replay.json}.
   *
   * @return the table
   */
  public String run(Progress progress) {
    progress.begins("the history read again at each record", 1_111);
    read(WARM_UP_RECORDS, 0);
    Report report = new Report();
    double carried = Double.NaN;
    long done = 0;
    for (int history : List.of(1, 10, 100, 1_000)) {
      double best = Double.POSITIVE_INFINITY;
      for (int round = 0; round < ROUNDS; round++) {
        best = Math.min(best, read(history, round));
      }
      if (Double.isNaN(carried)) {
        carried = read(WARM_UP_RECORDS, 0) / WARM_UP_RECORDS;
      }
      report.row(
          "history", history,
          "replayedMicrosPerRecord", best,
          "carriedMicrosPerRecord", carried,
          "ratio", best / carried);
      done += history;
      progress.done(done);
    }
    report.write(setup.out().resolve("replay.json"));
    progress.ends("%.1f us a record with its state carried".formatted(carried));
    return report.table();
  }

  /** The time to read {@code records} records of a new key, in microseconds. */
  private double read(int records, int from) {
    HiddenState state = setup.model().initialState();
    Memory memory = inference.memory();
    List<String> texts = setup.texts();
    long begin = System.nanoTime();
    for (int i = 0; i < records; i++) {
      inference.read(texts.get((from + i) % texts.size()), state, memory);
    }
    return (System.nanoTime() - begin) / 1e3;
  }
}
