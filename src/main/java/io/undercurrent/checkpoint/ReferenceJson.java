package io.undercurrent.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes {@code reference.json} of a checkpoint folder, which {@code evaluate --out}
 * writes. It is not part of the model, so a folder may lack it.
 */
final class ReferenceJson {

  static final String FILE = "reference.json";

  private static final Logger log = LoggerFactory.getLogger(ReferenceJson.class);

  private ReferenceJson() {}

  /**
   * Reads the file.
   *
   * @param file its name for messages
   * @param fingerprint the fingerprint of the model in the folder
   * @param labels of the model; the file has a histogram of scores if they have a score
   * @return the reference; null if it belongs to another model, such as one that was trained before
   * @throws CheckpointException if the content is not valid
   */
  static DriftReference read(String file, byte[] bytes, String fingerprint, Labels labels) {
    try {
      JsonNode json = Json.parse(bytes);
      String of = json.at("/model/fingerprint").asText();
      if (!of.equals(fingerprint)) {
        log.warn(
            "{}: model.fingerprint must be {}, that of the model beside it, found {};"
                + " drift is not measured; evaluate --out writes the file anew",
            file,
            fingerprint,
            of.isEmpty() ? "nothing" : of);
        return null;
      }
      return new DriftReference(
          json.path("records").asLong(),
          labels.hasScore() ? histogram(json, "score") : null,
          histogram(json, "surprise"),
          histogram(json, "unknown"));
    } catch (MalformedJsonException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes the file's text.
   *
   * @param sentiment (classes) the share of each class in the records
   */
  static String write(Model model, double[] sentiment, DriftReference reference) {
    ObjectNode root = Json.STRICT.createObjectNode();
    root.putObject("model").put("name", model.name()).put("fingerprint", model.fingerprint());
    root.put("records", reference.records());
    Labels labels = model.config().labels();
    ObjectNode shares = root.putObject("sentiment");
    for (int k = 0; k < sentiment.length; k++) {
      shares.put(labels.name(k), sentiment[k]);
    }
    if (reference.score() != null) {
      boolean usual = labels.equals(Labels.SENTIMENT);
      put(
          root.putObject("score"),
          usual ? "P(positive) - P(negative)" : "sum of valence times probability",
          reference.score());
    }
    put(root.putObject("surprise"), "bits per token", reference.surprise());
    put(root.putObject("unknown"), "share of a record's tokens", reference.unknown());
    return root.toPrettyString() + "\n";
  }

  private static void put(ObjectNode node, String unit, Histogram histogram) {
    node.put("unit", unit);
    ArrayNode edges = node.putArray("edges"); // bin i ends at edge i; the last bin has no end
    for (double edge : histogram.edges()) {
      edges.add(edge);
    }
    ArrayNode shares = node.putArray("shares");
    for (double share : histogram.shares()) {
      shares.add(share);
    }
  }

  private static Histogram histogram(JsonNode json, String name) {
    JsonNode node = json.path(name);
    try {
      return new Histogram(numbers(node, "edges"), numbers(node, "shares"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private static double[] numbers(JsonNode node, String name) {
    JsonNode values = node.path(name);
    double[] numbers = new double[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!values.get(i).isNumber()) {
        throw new IllegalArgumentException(
            name + " must be a list of numbers, found " + values.get(i));
      }
      numbers[i] = values.get(i).doubleValue();
    }
    return numbers;
  }
}
