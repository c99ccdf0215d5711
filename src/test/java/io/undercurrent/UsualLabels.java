package io.undercurrent;

import io.undercurrent.model.Labels;
import java.util.LinkedHashMap;
import java.util.Map;

/** Probabilities of the usual three labels, in their order. */
public final class UsualLabels {

  private UsualLabels() {}

  public static Map<String, Double> probabilities(
      double negative, double neutral, double positive) {
    Map<String, Double> probabilities = new LinkedHashMap<>();
    probabilities.put(Labels.NEGATIVE, negative);
    probabilities.put(Labels.NEUTRAL, neutral);
    probabilities.put(Labels.POSITIVE, positive);
    return probabilities;
  }
}
