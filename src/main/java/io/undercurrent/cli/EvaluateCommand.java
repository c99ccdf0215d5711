package io.undercurrent.cli;

import io.undercurrent.chart.Pictures;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Evaluation.StateUse;
import io.undercurrent.train.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code evaluate}: scores a model on dev sets and on the suites. */
@Command(
    name = "evaluate",
    description = {
      "Score a model on a recipe's dev sets, with baselines, and on suites of sentences.",
      "",
      "The baselines are the majority class, and a naive Bayes classifier over words and word pairs."
          + " The classifier is trained on the recipe's training sets and tuned on its dev sets. The"
          + " suites ship with the program: sentences about negation, everyday language, people's"
          + " identities, and short replies. Without --recipe and --data only the suites are scored. A"
          + " model with labels of its own is not scored on them."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent evaluate --recipe config/train/en-chat.yaml --data ~/data --out scores",
      "  ./undercurrent evaluate --model runs/en-chat/best"
    })
final class EvaluateCommand implements Callable<Integer> {

  @Option(
      names = "--model",
      paramLabel = "DIR",
      defaultValue = Checkpoint.DEFAULT,
      description = "Checkpoint folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(names = "--recipe", paramLabel = "FILE", description = "Recipe that names the data sets.")
  private Path recipe;

  @Option(names = "--data", paramLabel = "DIR", description = "Folder of the recipe's files.")
  private Path data;

  @ArgGroup private States states = new States();

  /**
   * How states are used, at most one option. By default the records of a conversation share a
   * state.
   */
  private static final class States {

    @Option(
        names = "--fresh-state",
        description = "Start every record from the initial state, also within a conversation.")
    private boolean fresh;

    @Option(
        names = "--one-key",
        description = "Keep one state through each data set, as if all its records had one key.")
    private boolean oneKey;
  }

  @Option(
      names = "--cache",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "TOKENS,THETA,LAMBDA",
      description = {
        "Continuous cache to use instead of the model's: number of past tokens, weight of"
            + " similarity (theta), share of the cache (lambda). For example 2000,0.3,0.1, or 0,0,0 for"
            + " no cache. It needs no training."
      })
  private float[] cache;

  @Option(
      names = "--kneser-ney",
      description =
          "Also score next words by a 5-gram model (modified Kneser-Ney) of the training sets.")
  private boolean kneserNey;

  @Option(names = "--json", description = "Print JSON instead of tables.")
  private boolean json;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Also write evaluation.json, pictures, and reference.json (for the drift meter) to this"
              + " folder.")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if ((recipe == null) != (data == null)) {
      throw new ParameterException(
          spec.commandLine(), "--recipe and --data must be given together, found only one of them");
    }
    if (kneserNey && recipe == null) {
      throw new ParameterException(
          spec.commandLine(), "--kneser-ney must be given with --recipe, found no --recipe");
    }
    StateUse use =
        states.fresh ? StateUse.FRESH : states.oneKey ? StateUse.ONE_KEY : StateUse.CONVERSATION;
    Evaluation.Report report;
    Model loaded;
    try (RecordsBar bar = new RecordsBar(spec.commandLine().getErr())) {
      Evaluation evaluation = recipe == null ? null : new Evaluation(Recipe.read(recipe), data);
      loaded = withCache(Heap.load(model));
      if (recipe == null && !loaded.config().labels().areSentiment()) {
        throw new ParameterException(
            spec.commandLine(),
            "--recipe and --data must be given for a model with labels of its own, found neither:"
                + " the suites are about "
                + String.join(", ", Labels.SENTIMENT.names()));
      }
      bar.says("scoring " + loaded.name() + " " + loaded.fingerprint());
      report =
          evaluation == null
              ? Evaluation.Report.ofSuites(loaded)
              : evaluation.report(loaded, data, use, kneserNey, bar);
    }
    String scores = EvaluationJson.of(loaded, use, report);
    if (out != null) {
      Files.createDirectories(out);
      Files.writeString(out.resolve("evaluation.json"), scores);
      if (report.reference().records() > 0) {
        Checkpoint.writeReference(
            out, loaded, report.reference().sentiment(), report.reference().drift());
      }
      new EvaluationPictures(loaded.name(), report)
          .draw(out, new Pictures(line -> spec.commandLine().getErr().println(line)));
    }
    PrintWriter printed = spec.commandLine().getOut();
    printed.print(json ? scores : EvaluationTables.of(loaded, use, report));
    printed.flush();
    return 0;
  }

  private Model withCache(Model loaded) {
    if (cache == null) {
      return loaded;
    }
    try {
      if (cache.length != 3 || cache[0] != (int) cache[0]) {
        throw new IllegalArgumentException(
            "must be a number of tokens, theta and lambda, found " + Arrays.toString(cache));
      }
      return loaded.withCache(new Cache((int) cache[0], cache[1], cache[2]));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--cache: " + e.getMessage(), e);
    }
  }
}
