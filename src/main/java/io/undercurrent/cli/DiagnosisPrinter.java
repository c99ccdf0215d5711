package io.undercurrent.cli;

import io.undercurrent.train.Diagnosis;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Prints a diagnosis: a progress bar or a line for each trial, and tables at the end. */
final class DiagnosisPrinter implements Diagnosis.Listener, AutoCloseable {

  private static final int[] DISTANCES = {1, 10, 50, 100, 199};

  private final boolean terminal = Boolean.getBoolean("undercurrent.stderr.terminal");
  private ProgressBar bar;

  @Override
  public void learnt(String trial, int step, int steps, double error) {
    if (step == 1) {
      close();
      if (terminal) {
        bar =
            new ProgressBarBuilder()
                .setTaskName(trial)
                .setUnit(" steps", 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setInitialMax(steps)
                .showSpeed()
                .build();
      } else {
        System.err.println(trial + ": " + steps + " steps");
      }
    }
    if (bar != null) {
      bar.stepTo(step);
      bar.setExtraMessage(String.format(Locale.ROOT, "mean squared error %.4f", error));
    }
  }

  @Override
  public void says(String line) {
    System.err.println(line);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  static void print(List<Diagnosis.Trial> trials, PrintStream out) {
    out.printf(
        Locale.ROOT, "Norm of the gradient k steps before the loss, relative to k = 0%n%-36s", "");
    for (int k : DISTANCES) {
      out.printf(Locale.ROOT, "%10s", "k = " + k);
    }
    out.println();
    for (Diagnosis.Trial trial : trials) {
      row(trial.name(), "before", trial.gradientAtStart(), out);
      row("", "after", trial.gradientAfter(), out);
    }
    out.printf(
        Locale.ROOT,
        "%nThe adding problem (error of always predicting the mean: %.4f)%n%-36s%10s%10s%22s%n",
        Diagnosis.BASELINE,
        "",
        "length",
        "steps",
        "mean squared error");
    for (Diagnosis.Trial trial : trials) {
      out.printf(
          Locale.ROOT,
          "%-36s%10d%10d%22s%n",
          trial.name(),
          trial.length(),
          trial.error().length,
          trial.finalError() == null
              ? "diverged at step " + trial.divergedAt()
              : String.format(Locale.ROOT, "%.4f", trial.finalError()));
    }
  }

  private static void row(String name, String when, double[] norm, PrintStream out) {
    if (norm.length > 0) {
      out.printf(Locale.ROOT, "%-36s", String.format("%-29s%s", name, when));
      for (int k : DISTANCES) {
        out.printf(Locale.ROOT, "%10.1e", norm[k] / norm[0]);
      }
      out.println();
    }
  }
}
