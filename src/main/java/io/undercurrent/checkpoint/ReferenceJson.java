package io.undercurrent.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code reference.json} of a checkpoint folder, which {@code evaluate --out} writes. It
 * is not part of the model: a folder may lack it.
 */
final class ReferenceJson {

  static final String FILE = "reference.json";

  private static final Logger log = LoggerFactory.getLogger(ReferenceJson.class);
  private static final JsonMapper JSON = new JsonMapper();

  private ReferenceJson() {}

  /**
   * @param file for messages
   * @param fingerprint of the model beside it
   * @return null for one of another model, as is left where a model was trained anew
   * @throws CheckpointException if it is not as it must be
   */
  static DriftReference read(String file, byte[] bytes, String fingerprint) {
    try {
      JsonNode json = JSON.readTree(bytes);
      String of = json.at("/model/fingerprint").asText();
      if (!of.equals(fingerprint)) {
        log.warn(
            "{}: is of model {}, not of {} beside it: drift is not measured; evaluate --out writes"
                + " another",
            file,
            of.isEmpty() ? "unknown" : of,
            fingerprint);
        return null;
      }
      return new DriftReference(
          json.path("records").asLong(),
          histogram(json, "score"),
          histogram(json, "surprise"),
          histogram(json, "unknown"));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(file + ": must be JSON, found: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new CheckpointException(file + ": cannot be read: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
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
