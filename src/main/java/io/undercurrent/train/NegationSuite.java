package io.undercurrent.train;

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

/**
 * Whether a model understands what negation does to an opinion: the minimal pairs of {@code
 * negation.tsv}, which says what the categories are.
 *
 * <p>A pair is right if both of its sentences are, each read from the initial state, by the
 * likelier of negative and positive; neutral is ignored. A model that always says the same, or
 * looks at opinion words alone, gets no pair of a category that turns them.
 */
final class NegationSuite {

  private static final String RESOURCE = "negation.tsv";

  /**
   * Two sentences that differ in little but their label.
   *
   * @param positive the one that praises
   * @param negative the one that blames
   */
  record Pair(String category, String positive, String negative) {}

  private NegationSuite() {}

  /** All pairs, category after category. */
  static List<Pair> pairs() {
    Map<List<String>, String[]> members = new LinkedHashMap<>(); // by category and pair
    for (String[] row : rows()) {
      int label = ModelConfig.SENTIMENT_LABELS.indexOf(row[2]);
      members
              .computeIfAbsent(
                  List.of(row[0], row[1]), pair -> new String[ModelConfig.SENTIMENT_LABELS.size()])[
              label] =
          row[3];
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
          .skip(1) // the names of the columns
          .map(line -> line.split("\t", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }
}
