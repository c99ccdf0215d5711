package io.undercurrent.cli;

import io.undercurrent.train.Evaluation;
import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Prints progress on standard error: a bar on a terminal, otherwise a line every ten seconds. Used
 * by one thread.
 */
final class RecordsBar implements Evaluation.Listener, AutoCloseable {

  private static final long LINE_EVERY_NANOS = 10_000_000_000L;

  private final boolean terminal = Boolean.getBoolean("undercurrent.stderr.terminal");
  private final PrintWriter err;
  private ProgressBar bar;
  private long lastLine = System.nanoTime();

  RecordsBar(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void says(String line) {
    err.println(line);
    err.flush();
  }

  @Override
  public void read(String source, long done, long all) {
    if (terminal) {
      if (bar == null) {
        bar =
            new ProgressBarBuilder()
                .setTaskName(Printable.of(source)) // the bar does not use System.err
                .setUnit(" records", 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setInitialMax(all)
                .showSpeed()
                .build();
      }
      bar.stepTo(done);
      if (done == all) {
        close();
      }
    } else if (System.nanoTime() - lastLine > LINE_EVERY_NANOS) {
      lastLine = System.nanoTime();
      says(String.format("%s: %,d of %,d records", source, done, all));
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
