package io.undercurrent.cli;

import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Evaluation.Result;
import io.undercurrent.train.Evaluation.StateUse;
import io.undercurrent.train.LanguageScores;
import io.undercurrent.train.Scores;
import java.util.List;
import java.util.Locale;

/** Writes an evaluation as tables for a person. Shares are in per cent. */
final class EvaluationTables {

  /** The most classes of a confusion matrix. */
  static final int MAX_COLUMNS = 8;

  private final StringBuilder text = new StringBuilder();

  private EvaluationTables() {}

  static String of(Model model, StateUse use, Evaluation.Report report) {
    EvaluationTables tables = new EvaluationTables();
    tables.line("%s %s", model.name(), model.fingerprint());
    if (!report.results().isEmpty()) {
      tables.line("state: %s", use);
      List<Result> labelled = report.results().stream().filter(r -> !r.byBits()).toList();
      if (!labelled.isEmpty()) {
        tables.sentiment(labelled);
        tables.withoutTemperature(model.config().temperature(), labelled);
        tables.shares(labelled);
        labelled.forEach(tables::classes);
      }
      tables.language(report.results());
    }
    return tables.text + SuiteTables.of(report);
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void sentiment(List<Result> results) {
    line(
        "%n%-14s %7s  %8s %8s %11s %12s %6s   %-12s %6s %11s %8s",
        "sentiment",
        "records",
        "accuracy",
        "macro F1",
        "weighted F1",
        "macro recall",
        "ECE",
        "scored by",
        "model",
        "naive Bayes",
        "majority");
    for (Result r : results) {
      line(
          "%-14s %7d  %8.2f %8.2f %11.2f %12.2f %6.2f   %-12s %6.2f %11.2f %8.2f",
          r.name(),
          r.model().records(),
          100 * r.model().accuracy(),
          100 * r.model().macroF1(),
          100 * r.model().weightedF1(),
          100 * r.model().macroRecall(),
          100 * r.calibration().ece(),
          r.metric().replace('_', ' '),
          100 * r.score(),
          100 * r.naiveBayesScore(),
          100 * r.majority());
    }
  }

  /** The calibration error that the model would have without its temperature. */
  private void withoutTemperature(float temperature, List<Result> results) {
    if (temperature == 1) {
      return;
    }
    StringBuilder errors = new StringBuilder();
    for (Result r : results) {
      double ece = r.calibration().dividedBy(1 / temperature).ece();
      errors.append(String.format(Locale.ROOT, "  %s %.2f", r.name(), 100 * ece));
    }
    line("temperature %s; ECE without it:%s", temperature, errors);
  }

  private void shares(List<Result> results) {
    StringBuilder header = new StringBuilder();
    for (int share = 1; share <= Evaluation.SHARES; share++) {
      header.append(String.format("%8s", 100 * share / Evaluation.SHARES + " %"));
    }
    line("%n%-14s%s  of the record read", "accuracy after", header);
    for (Result r : results) {
      StringBuilder row = new StringBuilder();
      for (double accuracy : r.accuracyByShare()) {
        row.append(String.format(Locale.ROOT, "%8.2f", 100 * accuracy));
      }
      line("%-14s%s", r.name(), row);
    }
  }

  /** The confusion of a few classes; of many, which would not fit a line, the scores of each. */
  private void classes(Result r) {
    if (r.model().classes().length <= MAX_COLUMNS) {
      confusion(r);
    } else {
      scores(r);
    }
  }

  private void scores(Result r) {
    Scores model = r.model();
    int width = 14;
    for (int label : model.classes()) {
      width = Math.max(width, model.labels().name(label).length());
    }
    String name = "%-" + width + "s";
    line("%n" + name + " %8s %10s %8s %8s", r.name(), "records", "precision", "recall", "F1");
    for (int label : model.classes()) {
      line(
          name + " %8d %10.2f %8.2f %8.2f",
          model.labels().name(label),
          model.labelled(label),
          100 * model.precision(label),
          100 * model.recall(label),
          100 * model.f1(label));
    }
  }

  private void confusion(Result r) {
    Labels labels = r.model().labels();
    int first = 14;
    int column = 10;
    for (int label : r.model().classes()) {
      first = Math.max(first, labels.name(label).length());
      column = Math.max(column, labels.name(label).length() + 2);
    }
    String name = "%-" + first + "s";
    StringBuilder header = new StringBuilder();
    for (int predicted : r.model().classes()) {
      header.append(String.format("%" + column + "s", labels.name(predicted)));
    }
    line("%n" + name + "%s  predicted", r.name(), header);
    for (int label : r.model().classes()) {
      StringBuilder row = new StringBuilder();
      for (int predicted : r.model().classes()) {
        row.append(String.format("%" + column + "d", r.model().count(label, predicted)));
      }
      line(name + "%s", labels.name(label), row);
    }
  }

  private void language(List<Result> results) {
    line(
        "%n%-14s %8s %8s %10s %10s   %-10s %8s %6s %6s",
        "language",
        "tokens",
        "unknown",
        "bits/token",
        "perplexity",
        "next words",
        "top 1",
        "3",
        "5");
    for (Result r : results) {
      language(r.name(), r, r.language());
      if (r.kneserNey() != null) {
        language("  Kneser-Ney", r, r.kneserNey());
      }
    }
    if (results.stream().anyMatch(r -> r.source().ends())) {
      line("* ends of records count as tokens");
    }
  }

  private void language(String name, Result r, LanguageScores l) {
    line(
        "%-14s %8d %8.2f %10.3f %10.2f%s  %-10d %8.2f %6.2f %6.2f",
        name,
        l.tokens(),
        100 * l.unknownShare(),
        l.bitsPerToken(),
        l.perplexity(r.source().ends()),
        r.source().ends() ? "*" : " ",
        l.words(),
        100 * l.top(1),
        100 * l.top(3),
        100 * l.top(5));
  }
}
