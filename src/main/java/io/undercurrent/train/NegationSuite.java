package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures whether a model understands negation of opinions, on the minimal pairs of {@code
 * negation.tsv}, which describes the categories.
 *
 * <p>Each sentence is read from the initial state, and the likelier of negative and positive is the
 * prediction; neutral is ignored. A pair is right if both of its sentences are. A model that always
 * predicts the same class, or only looks at opinion words, gets no pair right of a category whose
 * negation reverses the opinion.
 */
public final class NegationSuite {

  private static final String RESOURCE = "negation.tsv";
  private static final int NEGATIVE = Labels.SENTIMENT.indexOf(Labels.NEGATIVE);
  private static final int POSITIVE = Labels.SENTIMENT.indexOf(Labels.POSITIVE);

  /**
   * Two sentences that differ in little but their label.
   *
   * @param positive the sentence with a positive opinion
   * @param negative the sentence with a negative opinion
   */
  record Pair(String category, String positive, String negative) {}

  /**
   * The results of one category, or of {@link #ALL}.
   *
   * @param rightPairs pairs whose sentences are both right
   * @param rightSentences sentences that are right, two in each pair
   */
  public record Category(String name, int pairs, int rightPairs, int rightSentences) {

    private Category plus(Category other) {
      return new Category(
          name,
          pairs + other.pairs,
          rightPairs + other.rightPairs,
          rightSentences + other.rightSentences);
    }
  }

  /** The name of the sum of all categories. */
  public static final String ALL = "all";

  private NegationSuite() {}

  /** The results of each category, then of {@link #ALL}. */
  static List<Category> of(Classifier classifier) {
    Map<String, Category> categories = new LinkedHashMap<>();
    Category all = new Category(ALL, 0, 0, 0);
    for (Pair pair : pairs()) {
      int right =
          (isPositive(classifier.scores(List.of(pair.positive))) ? 1 : 0)
              + (isNegative(classifier.scores(List.of(pair.negative))) ? 1 : 0);
      Category one = new Category(pair.category, 1, right == 2 ? 1 : 0, right);
      categories.merge(pair.category, one, Category::plus);
      all = all.plus(one);
    }
    List<Category> list = new ArrayList<>(categories.values());
    list.add(all);
    return list;
  }

  private static boolean isPositive(double[] scores) {
    return scores[POSITIVE] > scores[NEGATIVE];
  }

  private static boolean isNegative(double[] scores) {
    return scores[NEGATIVE] > scores[POSITIVE];
  }

  /** All pairs, by category. */
  static List<Pair> pairs() {
    Map<List<String>, String[]> members = new LinkedHashMap<>(); // by category and pair
    for (String[] row : SuiteRows.read(RESOURCE)) { // category, pair, label, text
      String[] byLabel =
          members.computeIfAbsent(
              List.of(row[0], row[1]), pair -> new String[Labels.SENTIMENT.size()]);
      byLabel[Labels.SENTIMENT.indexOf(row[2])] = row[3];
    }
    List<Pair> pairs = new ArrayList<>();
    members.forEach(
        (pair, texts) -> pairs.add(new Pair(pair.get(0), texts[POSITIVE], texts[NEGATIVE])));
    return pairs;
  }
}
