package io.undercurrent.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.model.Model;
import io.undercurrent.train.Calibration;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Evaluation.Result;
import io.undercurrent.train.Evaluation.StateUse;
import io.undercurrent.train.LanguageScores;
import java.util.Locale;

/**
 * Writes an evaluation as JSON. Shares are from 0 to 1. Scores that were not measured are left out.
 */
final class EvaluationJson {

  private EvaluationJson() {}

  static String of(Model model, StateUse use, Evaluation.Report report)
      throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.putObject("model").put("name", model.name()).put("fingerprint", model.fingerprint());
    root.put("state", use.name().toLowerCase(Locale.ROOT));
    ArrayNode sets = root.putArray("sets");
    for (Result result : report.results()) {
      ObjectNode set = sets.addObject();
      set.put("name", result.name());
      if (!result.byBits()) {
        sentiment(set.putObject("sentiment"), result, model.config().temperature());
      }
      language(set.putObject("language"), result);
    }
    SuitesJson.put(root, report);
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
  }

  private static void sentiment(ObjectNode node, Result r, float temperature) {
    node.put("records", r.model().records()).put("metric", r.metric()).put("score", r.score());
    node.put("naiveBayes", r.naiveBayesScore()).put("majority", r.majority());
    node.put("accuracy", r.model().accuracy()).put("macroF1", r.model().macroF1());
    node.put("weightedF1", r.model().weightedF1()).put("macroRecall", r.model().macroRecall());
    if (!Double.isNaN(r.model().auroc())) {
      node.put("auroc", r.model().auroc());
    }
    node.put("ece", r.calibration().ece());
    if (temperature != 1) {
      node.put("eceWithoutTemperature", r.calibration().dividedBy(1 / temperature).ece());
    }
    int[] classes = r.model().classes();
    ArrayNode labels = node.putArray("labels");
    ArrayNode confusion = node.putArray("confusion"); // rows: labelled, columns: predicted
    for (int label : classes) {
      labels.add(r.model().labels().name(label));
      ArrayNode row = confusion.addArray();
      for (int predicted : classes) {
        row.add(r.model().count(label, predicted));
      }
    }
    ArrayNode calibration = node.putArray("calibration");
    for (Calibration.Bin bin : r.calibration().bins()) {
      ObjectNode entry = calibration.addObject();
      entry.put("from", bin.from()).put("to", bin.to()).put("records", bin.records());
      if (bin.records() > 0) {
        entry.put("confidence", bin.confidence()).put("accuracy", bin.accuracy());
      }
    }
    ArrayNode shares = node.putArray("accuracyByShareRead");
    for (int share = 1; share <= Evaluation.SHARES; share++) {
      ObjectNode entry = shares.addObject().put("share", (double) share / Evaluation.SHARES);
      entry.put("accuracy", r.accuracyByShare()[share - 1]);
    }
  }

  private static void language(ObjectNode node, Result r) {
    language(node, r, r.language());
    if (r.kneserNey() != null) {
      language(node.putObject("kneserNey"), r, r.kneserNey());
    }
  }

  private static void language(ObjectNode node, Result r, LanguageScores l) {
    node.put("tokens", l.tokens());
    if (l.tokens() > 0) {
      node.put("unknownShare", l.unknownShare()).put("bitsPerToken", l.bitsPerToken());
      node.put("perplexity", l.perplexity(r.source().ends()));
      node.put("endsCounted", r.source().ends());
    }
    ObjectNode next = node.putObject("nextWord").put("words", l.words());
    if (l.words() > 0) {
      next.put("top1", l.top(1)).put("top3", l.top(3)).put("top5", l.top(5));
    }
  }
}
