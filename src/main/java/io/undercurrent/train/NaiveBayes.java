package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Multinomial naive Bayes over the sets of words and word pairs of records, with add-alpha
 * smoothing: a baseline.
 */
final class NaiveBayes {

  private final Map<Long, int[]> counts = new HashMap<>();
  private final long[] total; // (C) features
  private final int[] records; // (C)
  private final boolean pairs;

  /**
   * @param classes C
   */
  NaiveBayes(List<Example> train, int classes, boolean pairs) {
    this.pairs = pairs;
    total = new long[classes];
    records = new int[classes];
    for (Example example : train) {
      if (example.label() < 0) {
        continue;
      }
      records[example.label()]++;
      for (long feature : features(example.tokens())) {
        counts.computeIfAbsent(feature, f -> new int[classes])[example.label()]++;
        total[example.label()]++;
      }
    }
  }

  /** Log-probabilities of the classes up to a constant; -infinity for a class without records. */
  double[] scores(int[] tokens, double alpha) {
    return scores(tokens, alpha, false);
  }

  /**
   * As {@link #scores(int[], double)}.
   *
   * @param uniform whether all classes have the same prior, which suits macro recall
   */
  double[] scores(int[] tokens, double alpha, boolean uniform) {
    double[] scores = new double[records.length];
    for (int k = 0; k < scores.length; k++) {
      double prior = uniform ? 0 : Math.log(records[k]);
      scores[k] = records[k] == 0 ? Double.NEGATIVE_INFINITY : prior;
    }
    for (long feature : features(tokens)) {
      int[] count = counts.get(feature);
      if (count == null) {
        continue;
      }
      for (int k = 0; k < scores.length; k++) {
        scores[k] += Math.log((count[k] + alpha) / (total[k] + alpha * counts.size()));
      }
    }
    return scores;
  }

  /** A classifier with one choice of features, smoothing and prior. */
  interface Setting {

    /** Log-probabilities of the classes, up to a constant, for the tokens of a record. */
    double[] scores(int[] tokens);
  }

  /** All choices of features, smoothing and prior, trained on the examples. */
  static List<Setting> settings(List<Example> train, int classes) {
    List<Setting> settings = new ArrayList<>();
    for (boolean pairs : new boolean[] {false, true}) {
      NaiveBayes bayes = new NaiveBayes(train, classes, pairs);
      for (double alpha : new double[] {0.03, 0.1, 0.3, 1, 3}) {
        for (boolean uniform : new boolean[] {false, true}) {
          settings.add(tokens -> bayes.scores(tokens, alpha, uniform));
        }
      }
    }
    return settings;
  }

  /** The scores of the setting that is best on dev. */
  static Scores tuned(
      List<Setting> settings, List<Example> dev, Labels labels, boolean[] used, String metric) {
    Scores best = null;
    for (Setting setting : settings) {
      Scores scores = new Scores(labels, used);
      for (Example example : dev) {
        if (example.label() >= 0) {
          scores.add(example.label(), setting.scores(example.tokens()));
        }
      }
      if (best == null || scores.by(metric) > best.by(metric)) {
        best = scores;
      }
    }
    return best;
  }

  /** The distinct words of a record, and the pairs of neighbours if wanted, as numbers. */
  private Set<Long> features(int[] tokens) {
    Set<Long> features = new HashSet<>(Arrays.stream(tokens).asLongStream().boxed().toList());
    if (pairs) {
      for (int i = 1; i < tokens.length; i++) {
        features.add((tokens[i - 1] + 1L) << 32 | tokens[i]);
      }
    }
    return features;
  }
}
