package io.undercurrent.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Model;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    description = {
      "Score a model on a recipe's dev sets, beside baselines.",
      "",
      "The baselines are the majority class, and a naive Bayes over words and word pairs that is"
          + " trained on the recipe's training sets and tuned on dev."
    },
    footer = {
      "",
      "Example:",
      "  ./undercurrent evaluate --recipe config/train/en-chat.yaml --data ~/data"
    })
final class EvaluateCommand implements Callable<Integer> {

  @Option(
      names = "--model",
      paramLabel = "DIR",
      defaultValue = Checkpoint.DEFAULT,
      description = "A checkpoint folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(names = "--recipe", required = true, paramLabel = "FILE", description = "Names the sets.")
  private Path recipe;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The folder that the recipe's files are in.")
  private Path data;

  @Option(names = "--json", description = "Print JSON instead of a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Recipe read = Recipe.read(recipe);
    Evaluation evaluation = new Evaluation(read, data);
    Model loaded = Checkpoint.load(model);
    System.err.println("scoring " + loaded.name() + " " + loaded.fingerprint() + " ...");
    List<Evaluation.Result> results = evaluation.withBaselines(loaded, data);
    System.out.print(json ? json(results) : table(results));
    return 0;
  }

  private static String table(List<Evaluation.Result> results) {
    StringBuilder table =
        new StringBuilder(
            String.format(
                "%-12s %7s %9s %13s %9s %9s %8s %12s %9s%n",
                "set",
                "records",
                "accuracy",
                "macro recall",
                "macro F1",
                "majority",
                "bits/tok",
                "naive Bayes",
                "unknown"));
    for (Evaluation.Result r : results) {
      table.append(
          String.format(
              "%-12s %7d %9.2f %13.2f %9.2f %9.2f %8.2f %12s %8.1f%%%n",
              r.source(),
              r.model().records(),
              100 * r.model().accuracy(),
              100 * r.model().macroRecall(),
              100 * r.model().macroF1(),
              100 * r.majority(),
              r.bitsPerToken(),
              String.format("%.2f", 100 * r.naiveBayesScore()),
              100 * r.unknownShare()));
    }
    for (Evaluation.Result r : results) {
      if (r.byBits()) {
        continue; // its column says it all, and there is no baseline
      }
      table.append(
          String.format(
              "%s by %s: %.2f, %.2f above naive Bayes%n",
              r.source(), r.metric(), 100 * r.score(), 100 * (r.score() - r.naiveBayesScore())));
    }
    return table.toString();
  }

  private static String json(List<Evaluation.Result> results) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ArrayNode all = mapper.createArrayNode();
    for (Evaluation.Result r : results) {
      ObjectNode node = all.addObject();
      if (r.byBits()) {
        node.put("set", r.source()).put("metric", r.metric());
        node.put("bitsPerToken", r.bitsPerToken()).put("unknownShare", r.unknownShare());
        continue;
      }
      node.put("set", r.source()).put("records", r.model().records()).put("metric", r.metric());
      node.put("score", r.score()).put("naiveBayes", r.naiveBayesScore());
      node.put("accuracy", r.model().accuracy()).put("macroRecall", r.model().macroRecall());
      node.put("macroF1", r.model().macroF1()).put("majority", r.majority());
      node.put("bitsPerToken", r.bitsPerToken()).put("unknownShare", r.unknownShare());
    }
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
  }
}
