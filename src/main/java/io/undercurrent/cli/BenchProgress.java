package io.undercurrent.cli;

import io.undercurrent.measure.Progress;
import java.io.PrintWriter;

/** Prints a measurement's progress on standard error. */
final class BenchProgress implements Progress {

  private final RecordsBar bar;
  private String what;
  private long records;

  BenchProgress(PrintWriter err) {
    bar = new RecordsBar(err);
  }

  @Override
  public void begins(String what, long records) {
    this.what = what;
    this.records = records;
  }

  @Override
  public void done(long done) {
    bar.read(what, Math.min(done, records), records);
  }

  @Override
  public void ends(String result) {
    bar.close();
    bar.says(what + ": " + result);
  }
}
