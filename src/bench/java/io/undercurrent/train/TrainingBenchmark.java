package io.undercurrent.train;

import io.undercurrent.bench.Alternation;
import io.undercurrent.bench.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the tokens per second of the whole training step, here and in PyTorch, with the same
 * networks, first weights, chunks and threads. Writes {@code target/bench/training.json} and {@code
 * .md}. Runs {@link MemoryBenchmark} first, while PyTorch uses no memory of the JVM yet.
 */
public final class TrainingBenchmark {

  private static final int COMPARED_STEPS = 5;

  /** The tolerance for float sums in other orders, over five updates; 2e-7 was measured. */
  private static final double LOSS_TOLERANCE = 1e-5;

  /**
   * The tolerance for norms. PyTorch adds squares in floats: 1e-3 was measured, and 3e-7 with
   * doubles.
   */
  private static final double NORM_TOLERANCE = 5e-3;

  /**
   * One line of {@code training.json}.
   *
   * @param hidden H; the other sizes likewise
   * @param bytesAllocatedPerToken on the Java heap, by all threads
   * @param timeAgainstPyTorch ratio of the times per token; below 1 is faster
   */
  record Line(
      String subject,
      int layers,
      int hidden,
      int embedding,
      int vocabulary,
      String head,
      int batch,
      int bptt,
      int threads,
      double tokensPerSecond,
      double bytesAllocatedPerToken,
      double timeAgainstPyTorch) {}

  private TrainingBenchmark() {}

  public static void main(String[] args) throws IOException {
    MemoryBenchmark.run();
    Report report = new Report("training", "Training compared with PyTorch");
    report.columns("network", "threads", "subject", "tokens/s", "heap B/token", "time / PyTorch's");
    List<Line> lines = new ArrayList<>();
    for (TrainingCase every : TrainingCase.all()) {
      TrainingCase one = every.orQuick();
      for (int threads = 1; threads <= 2; threads++) {
        compare(one, threads);
        List<Line> measured = measure(one, threads);
        for (Line line : measured) {
          report.row(
              one,
              line.threads,
              line.subject,
              line.tokensPerSecond,
              line.bytesAllocatedPerToken,
              line.timeAgainstPyTorch);
        }
        lines.addAll(measured);
      }
    }
    report.note(
        "Forward, backward, clipping and Adam, in turn with PyTorch 2.7.1: oneDNN's LSTM,"
            + " cross_entropy and fused Adam in one script.");
    report.write(lines);
  }

  /** Requires equal losses and gradients before anything is timed. */
  private static void compare(TrainingCase one, int threads) {
    try (OwnTraining own = new OwnTraining(one, threads);
        TorchTraining torch = new TorchTraining(one, threads)) {
      for (int i = 1; i <= COMPARED_STEPS; i++) {
        TrainingSubject.Loss found = own.step();
        TrainingSubject.Loss expected = torch.step();
        requireSame(one, i, "loss", found.nats(), expected.nats(), LOSS_TOLERANCE);
        requireSame(
            one, i, "gradient norm", found.gradientNorm(), expected.gradientNorm(), NORM_TOLERANCE);
      }
    }
  }

  private static void requireSame(
      TrainingCase one, int step, String what, double found, double expected, double tolerance) {
    double difference = Math.abs(found - expected) / Math.abs(expected);
    System.out.printf(
        "%s, step %d: %s %.7f, PyTorch's %.7f (%.0e)%n",
        one, step, what, found, expected, difference);
    if (!(difference <= tolerance)) {
      throw new IllegalStateException(
          "nothing is timed: %s of step %d of %s must be PyTorch's %s within %s of it, found %s"
              .formatted(what, step, one, expected, tolerance, found));
    }
  }

  private static List<Line> measure(TrainingCase one, int threads) {
    try (OwnTraining own = new OwnTraining(one, threads);
        TorchTraining torch = new TorchTraining(one, threads)) {
      List<TrainingSubject> subjects = List.of(own, torch);
      List<Alternation.Result> results = Alternation.of(6_000, 7, 1_000).measure(subjects);
      double reference = results.get(1).nanos();
      List<Line> lines = new ArrayList<>();
      for (int s = 0; s < subjects.size(); s++) {
        Alternation.Result result = results.get(s);
        lines.add(
            new Line(
                subjects.get(s).name(),
                one.config().numLayers(),
                one.config().hiddenSize(),
                one.config().embeddingSize(),
                one.config().vocabSize(),
                one.name(),
                one.batch(),
                one.bptt(),
                threads,
                one.tokensPerStep() / result.nanos() * 1e9,
                result.bytes() / one.tokensPerStep(),
                result.nanos() / reference));
      }
      return lines;
    }
  }
}
