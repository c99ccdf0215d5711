package io.undercurrent.cli;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.train.Diagnosis;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Progress;
import io.undercurrent.train.Recipe;
import io.undercurrent.train.Snapshot;
import io.undercurrent.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code train}: trains a model, or shows the gradients of small networks. */
@Command(
    name = "train",
    description = "Train a model from a recipe and a folder of data.",
    footer = {
      "",
      "Example: continue the training of the model that ships, on your own labelled messages"
          + " (docs/training.md shows their format):",
      "  ./undercurrent train --recipe config/train/my-first.yaml --data data",
      "Start a stopped run again with the same command to continue it.",
      "",
      "Example: train on a topic instead of files (the dev sets are still files):",
      "  ./undercurrent train --recipe FILE --data ~/data --from-topic labelled"
    })
final class TrainCommand implements Callable<Integer> {

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Task task;

  /** The task: training or diagnosis. */
  private static final class Task {

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Model model;

    @Option(
        names = "--diagnose",
        required = true,
        description = {
          "Instead of training a model, show vanishing and exploding gradients on small networks: a"
              + " table, and diagnosis.json and pictures in the run's folder."
        })
    private boolean diagnose;
  }

  /** A model to train. */
  private static final class Model {

    @Option(
        names = "--recipe",
        required = true,
        paramLabel = "FILE",
        description =
            "Recipe to train, for example config/train/my-first.yaml. docs/training.md lists all keys"
                + " with their defaults.")
    private Path recipe;

    @Option(
        names = "--data",
        required = true,
        paramLabel = "DIR",
        description = "Folder of the recipe's files.")
    private Path data;

    @ArgGroup(exclusive = false)
    private TopicOptions topic;
  }

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Set a key of the recipe, for example model.kind=gru. May be repeated.")
  private Map<String, String> changes = new LinkedHashMap<>();

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description =
          "Folder of the run (default: runs/NAME with the recipe's name, or runs/diagnosis).")
  private Path run;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Threads (default: ${DEFAULT-VALUE}). Another number of threads gives another model.")
  private int threads;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (task.diagnose) {
      return diagnose(run != null ? run : Path.of("runs", "diagnosis"));
    }
    Recipe read = Recipe.read(task.model.recipe, changes);
    TopicOptions topic = task.model.topic;
    Snapshot snapshot = topic == null ? null : topic.snapshot(read);
    if (snapshot != null) {
      read = snapshot.recipe();
    }
    Path folder = run != null ? run : Path.of("runs", read.name());
    PrintWriter err = spec.commandLine().getErr();
    err.println("kernels: " + Kernels.best().name() + ", threads: " + threads);
    long start = System.nanoTime();
    Path best;
    try (Bar bar = new Bar(err);
        Trainer trainer = new Trainer(read, task.model.data, folder, threads, bar)) {
      if (snapshot != null && snapshot.isNeeded(folder, threads)) {
        topic.read(snapshot, err);
        snapshot.write(folder, threads);
      } else if (snapshot != null) {
        bar.says("using the topic's records that are kept in " + folder);
      }
      best = trainer.train();
    }
    spec.commandLine()
        .getOut()
        .printf(
            "best checkpoint: %s (fingerprint %s), after %d s%n",
            best,
            Checkpoint.read(best.toString()).fingerprint(),
            (System.nanoTime() - start) / 1_000_000_000L);
    return 0;
  }

  private static int diagnose(Path folder) throws IOException {
    List<Diagnosis.Trial> trials;
    try (DiagnosisPrinter printer = new DiagnosisPrinter()) {
      trials = new Diagnosis(folder, printer).run();
    }
    DiagnosisPrinter.print(trials, System.out);
    System.out.println("\npictures and diagnosis.json: " + folder);
    return 0;
  }

  /** Prints progress on standard error: a bar on a terminal, otherwise a line every ten seconds. */
  private static final class Bar implements Progress, AutoCloseable {

    private static final long LINE_EVERY_NANOS = 10_000_000_000L;

    private final boolean terminal = Boolean.getBoolean("undercurrent.stderr.terminal");
    private final PrintWriter err;
    private ProgressBar bar;
    private int epoch;
    private long epochStart;
    private long doneBefore; // at epochStart: a run may continue within an epoch
    private long lastLine;

    Bar(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void says(String line) {
      err.println(line);
    }

    @Override
    public void chunk(
        int epoch, long done, long all, double sentimentLoss, double nextLoss, double norm) {
      long now = System.nanoTime();
      if (epoch != this.epoch) {
        this.epoch = epoch;
        epochStart = now;
        doneBefore = done;
        if (terminal) {
          bar =
              new ProgressBarBuilder()
                  .setTaskName("epoch " + epoch)
                  .setUnit(" tokens", 1)
                  .setStyle(ProgressBarStyle.ASCII)
                  .setInitialMax(all)
                  .startsFrom(done, Duration.ZERO)
                  .showSpeed()
                  .build();
        }
      }
      String sentiment = // none without labels
          Double.isNaN(sentimentLoss) ? "" : String.format("sentiment %.3f, ", sentimentLoss);
      String losses =
          sentiment + String.format("next token %.3f nats, gradient norm %.2f", nextLoss, norm);
      if (bar != null) {
        bar.stepTo(done);
        bar.setExtraMessage(losses);
      } else if (done > doneBefore && now - lastLine > LINE_EVERY_NANOS) {
        lastLine = now;
        double perSecond = (done - doneBefore) / ((now - epochStart) / 1e9);
        err.printf(
            "epoch %d: %d %%, %,.0f tokens/s, %s, %.0f s left in the epoch%n",
            epoch, 100 * done / all, perSecond, losses, (all - done) / perSecond);
      }
    }

    @Override
    public void epoch(int epoch, List<Evaluation.Result> results, boolean best) {
      close();
      this.epoch = 0; // the next stage counts from 1 again
      StringBuilder line = new StringBuilder("epoch " + epoch + ":");
      for (Evaluation.Result result : results) {
        line.append(' ').append(result.name());
        if (!result.byBits()) {
          line.append(String.format(" %s %.2f,", result.metric(), 100 * result.score()));
        }
        line.append(String.format(" %.2f bits/token;", result.bitsPerToken()));
      }
      err.println(line + (best ? " best so far" : ""));
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
        bar = null;
      }
    }
  }
}
