package io.undercurrent.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.train.BehaviourSuite;
import io.undercurrent.train.EllipsisSuite;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.IdentitySuite;
import io.undercurrent.train.NegationSuite;
import io.undercurrent.train.Suites;
import java.util.List;

/** Writes the results on the suites as JSON, if there are any: counts of sentences. */
final class SuitesJson {

  private SuitesJson() {}

  static void put(ObjectNode root, Evaluation.Report report) {
    if (report.suites().equals(Suites.NONE)) {
      return;
    }
    ObjectNode negation = root.putObject("negation");
    ObjectNode behaviour = root.putObject("behaviour");
    negation(negation.putArray("model"), report.suites().negation());
    behaviour(behaviour.putArray("model"), report.suites().behaviour());
    if (report.naiveBayes() != null) {
      negation(negation.putArray("naiveBayes"), report.naiveBayes().negation());
      behaviour(behaviour.putArray("naiveBayes"), report.naiveBayes().behaviour());
    }
    ArrayNode identity = root.putObject("identity").putArray("model");
    for (IdentitySuite.Group g : report.suites().identity()) {
      ObjectNode node = identity.addObject().put("group", g.name()).put("sentences", g.sentences());
      node.put("failures", g.failures()).put("changes", g.changes());
    }
    ArrayNode ellipsis = root.putObject("ellipsis").putArray("model");
    for (EllipsisSuite.Family f : report.suites().ellipsis()) {
      ObjectNode node = ellipsis.addObject().put("family", f.name()).put("replies", f.replies());
      node.put("carried", f.carried()).put("fresh", f.fresh()).put("oneText", f.oneText());
    }
  }

  private static void negation(ArrayNode list, List<NegationSuite.Category> categories) {
    for (NegationSuite.Category c : categories) {
      ObjectNode node = list.addObject().put("category", c.name()).put("pairs", c.pairs());
      node.put("rightPairs", c.rightPairs()).put("rightSentences", c.rightSentences());
    }
  }

  private static void behaviour(ArrayNode list, List<BehaviourSuite.Family> families) {
    for (BehaviourSuite.Family f : families) {
      ObjectNode node = list.addObject().put("family", f.name()).put("sentences", f.sentences());
      node.put("right", f.right());
    }
  }
}
