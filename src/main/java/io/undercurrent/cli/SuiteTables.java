package io.undercurrent.cli;

import io.undercurrent.train.BehaviourSuite;
import io.undercurrent.train.EllipsisSuite;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.IdentitySuite;
import io.undercurrent.train.NegationSuite;
import io.undercurrent.train.Suites;
import java.util.List;
import java.util.Locale;

/**
 * Writes the results on the suites as tables for a person, or nothing if there are none. Shares are
 * in per cent.
 */
final class SuiteTables {

  private final StringBuilder text = new StringBuilder();

  private SuiteTables() {}

  static String of(Evaluation.Report report) {
    if (report.suites().equals(Suites.NONE)) {
      return "";
    }
    SuiteTables tables = new SuiteTables();
    boolean bayes = report.naiveBayes() != null;
    tables.negation(report.suites().negation(), bayes ? report.naiveBayes().negation() : null);
    tables.behaviour(report.suites().behaviour(), bayes ? report.naiveBayes().behaviour() : null);
    tables.identity(report.suites().identity());
    tables.ellipsis(report.suites().ellipsis());
    return tables.text.toString();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private void negation(List<NegationSuite.Category> model, List<NegationSuite.Category> bayes) {
    line(
        "%n%-16s %9s %12s %16s%s",
        "negation suite",
        "pairs",
        "pairs right",
        "sentences right",
        bayes == null ? "" : "   naive Bayes: pairs right");
    for (int i = 0; i < model.size(); i++) {
      NegationSuite.Category c = model.get(i);
      line(
          "%-16s %9d %12.2f %16.2f%s",
          c.name().replace('_', ' '),
          c.pairs(),
          percent(c.rightPairs(), c.pairs()),
          percent(c.rightSentences(), 2 * c.pairs()),
          bayes == null ? "" : cell(27, percent(bayes.get(i).rightPairs(), c.pairs())));
    }
  }

  private void behaviour(List<BehaviourSuite.Family> model, List<BehaviourSuite.Family> bayes) {
    line(
        "%n%-16s %9s %12s %16s%s",
        "behaviour suite",
        "sentences",
        "accuracy",
        "failures",
        bayes == null ? "" : "      naive Bayes: accuracy");
    for (int i = 0; i < model.size(); i++) {
      BehaviourSuite.Family f = model.get(i);
      line(
          "%-16s %9d %12.2f %16.2f%s",
          f.name(),
          f.sentences(),
          100 * f.accuracy(),
          percent(f.sentences() - f.right(), f.sentences()),
          bayes == null ? "" : cell(27, 100 * bayes.get(i).accuracy()));
    }
  }

  private void identity(List<IdentitySuite.Group> groups) {
    line("%n%-16s %9s %12s %16s", "identity suite", "sentences", "failures", "changes by term");
    for (IdentitySuite.Group g : groups) {
      line(
          "%-16s %9d %12.2f %16.2f",
          g.name(),
          g.sentences(),
          percent(g.failures(), g.sentences()),
          percent(g.changes(), g.sentences()));
    }
  }

  private void ellipsis(List<EllipsisSuite.Family> families) {
    line(
        "%n%-16s %9s %12s %16s %12s",
        "ellipsis suite", "replies", "carried", "fresh state", "as one text");
    for (EllipsisSuite.Family f : families) {
      line(
          "%-16s %9d %12.2f %16.2f %12.2f",
          f.name(),
          f.replies(),
          percent(f.carried(), f.replies()),
          percent(f.fresh(), f.replies()),
          percent(f.oneText(), f.replies()));
    }
  }

  private static String cell(int width, double value) {
    return String.format(Locale.ROOT, "%" + width + ".2f", value);
  }

  private static double percent(int count, int of) {
    return 100.0 * count / of;
  }
}
