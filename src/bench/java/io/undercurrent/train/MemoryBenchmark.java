package io.undercurrent.train;

import io.undercurrent.bench.Alternation;
import io.undercurrent.bench.Report;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures whether memory stays flat over a long run: the heap after a garbage collection and the
 * process's resident memory, after the first hundred steps and then ten times. {@code
 * -Dbench.steps} sets the number of steps, 5,000 by default.
 */
final class MemoryBenchmark {

  private static final int POINTS = 10;

  /** One line of {@code memory.json}. */
  record Line(int step, double heapMiB, double rssMiB) {}

  private MemoryBenchmark() {}

  static void run() throws IOException {
    TrainingCase full = TrainingCase.all().get(1);
    // few tokens a step, so that steps are short
    TrainingCase one = new TrainingCase(full.name(), full.config(), 8, 10);
    int steps = Integer.getInteger("bench.steps", Alternation.QUICK ? 20 : 5_000);
    int warmUp = Alternation.QUICK ? 2 : 100;
    if (steps < POINTS) {
      throw new IllegalArgumentException("bench.steps must be at least 10, found " + steps);
    }
    List<Line> lines = new ArrayList<>();
    Report report = new Report("memory", "Memory over a long run: " + one);
    report.columns("step", "heap after a collection, MiB", "resident, MiB");
    try (OwnTraining training = new OwnTraining(one, 2)) {
      for (int i = 0; i < warmUp; i++) {
        training.step();
      }
      lines.add(now(warmUp));
      for (int point = 1; point <= POINTS; point++) {
        int until = warmUp + (int) ((long) steps * point / POINTS);
        for (int i = lines.get(point - 1).step; i < until; i++) {
          training.step();
        }
        lines.add(now(until));
      }
    }
    lines.forEach(line -> report.row(line.step, line.heapMiB, line.rssMiB));
    Line first = lines.get(0);
    Line last = lines.get(POINTS);
    report.note(
        "From step %,d to %,d: heap %+.2f MiB, resident %+.1f MiB."
            .formatted(
                first.step, last.step, last.heapMiB - first.heapMiB, last.rssMiB - first.rssMiB));
    report.write(lines);
    double[] at = lines.stream().mapToDouble(Line::step).toArray();
    new Pictures(System.out::println)
        .draw(
            report.file(".png"),
            new LineChart("Memory over a long training run", "steps", "MiB")
                .line("heap", at, lines.stream().mapToDouble(Line::heapMiB).toArray())
                .line("resident", at, lines.stream().mapToDouble(Line::rssMiB).toArray()));
  }

  private static Line now(int step) throws IOException {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return new Line(step, heap / (1 << 20), residentKiB() / 1024);
  }

  /** The resident memory on Linux; NaN on other systems. */
  private static double residentKiB() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return Double.NaN;
    }
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(Double.NaN);
    }
  }
}
