package io.undercurrent.train;

import io.undercurrent.inference.Inference;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

  private static final int MAX_TOKENS = 512; // more than any sentence has

  private NegationSuite() {}

  /** All sentences in {@link #plain} form. */
  static Set<String> plainTexts() {
    return pairs().stream()
        .flatMap(pair -> Stream.of(pair.positive, pair.negative))
        .map(NegationSuite::plain)
        .collect(Collectors.toSet());
  }

  /** The sentence in lower case without apostrophes and signs, to recognise another spelling. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder();
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (letter) {
        if (gap && plain.length() > 0) {
          plain.append(' ');
        }
        gap = false;
        plain.append(c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c);
      } else if (c != '\'' && c != '\u2019') {
        gap = true;
      }
    }
    return plain.toString();
  }

  /** The results of a model: each category, then {@link #ALL}. */
  public static List<Category> of(Model model) {
    Inference inference = new Inference(model, MAX_TOKENS, 0, false);
    HiddenState initial = model.initialState();
    return of(text -> Evaluation.doubles(inference.read(text, initial.copy()).probabilities()));
  }

  /**
   * The results of a classifier: each category, then {@link #ALL}.
   *
   * @param classifier returns the scores of the classes for a text
   */
  static List<Category> of(Function<String, double[]> classifier) {
    Map<String, Category> categories = new LinkedHashMap<>();
    Category all = new Category(ALL, 0, 0, 0);
    for (Pair pair : pairs()) {
      int right =
          (isPositive(classifier.apply(pair.positive)) ? 1 : 0)
              + (isNegative(classifier.apply(pair.negative)) ? 1 : 0);
      Category one = new Category(pair.category, 1, right == 2 ? 1 : 0, right);
      categories.merge(pair.category, one, Category::plus);
      all = all.plus(one);
    }
    List<Category> list = new ArrayList<>(categories.values());
    list.add(all);
    return list;
  }

  private static boolean isPositive(double[] scores) {
    return scores[ModelConfig.POSITIVE] > scores[ModelConfig.NEGATIVE];
  }

  private static boolean isNegative(double[] scores) {
    return scores[ModelConfig.NEGATIVE] > scores[ModelConfig.POSITIVE];
  }

  /** All pairs, by category. */
  static List<Pair> pairs() {
    Map<List<String>, String[]> members = new LinkedHashMap<>(); // by category and pair
    for (String[] row : rows()) {
      String[] byLabel =
          members.computeIfAbsent(
              List.of(row[0], row[1]), pair -> new String[ModelConfig.SENTIMENT_LABELS.size()]);
      byLabel[ModelConfig.SENTIMENT_LABELS.indexOf(row[2])] = row[3];
    }
    List<Pair> pairs = new ArrayList<>();
    members.forEach(
        (pair, texts) ->
            pairs.add(
                new Pair(pair.get(0), texts[ModelConfig.POSITIVE], texts[ModelConfig.NEGATIVE])));
    return pairs;
  }

  /** The resource's rows: category, pair, label, text. */
  static List<String[]> rows() {
    try (InputStream in = NegationSuite.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1) // the column names
          .map(line -> line.split("\t", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }
}
