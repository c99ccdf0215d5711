package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import io.undercurrent.train.NegationSuite.Category;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The suite is what a model is judged by: it has to be what it says it is. */
class NegationSuiteTest {

  private static final List<String[]> ROWS = SuiteRows.read("negation.tsv");

  @Test
  void shouldHaveEnoughPairsInEveryCategory() {
    assertThat(ROWS).hasSizeGreaterThanOrEqualTo(320).allMatch(row -> row.length == 4);
    Map<String, Long> pairs =
        NegationSuite.pairs().stream()
            .collect(Collectors.groupingBy(NegationSuite.Pair::category, Collectors.counting()));
    assertThat(pairs.keySet())
        .containsExactlyInAnyOrder(
            "plain", "negated", "double_negation", "contrast", "long_distance");
    assertThat(pairs.values()).allMatch(n -> n >= 30);
  }

  @Test
  void shouldHaveAPositiveAndANegativeMemberInEveryPair() {
    Map<List<String>, List<String>> labels =
        ROWS.stream()
            .collect(
                Collectors.groupingBy(
                    row -> List.of(row[0], row[1]),
                    Collectors.mapping(row -> row[2], Collectors.toList())));
    assertThat(labels.values())
        .allSatisfy(pair -> assertThat(pair).containsExactlyInAnyOrder("positive", "negative"));
    assertThat(NegationSuite.pairs())
        .hasSize(labels.size())
        .allSatisfy(
            pair -> {
              assertThat(pair.positive()).isNotBlank();
              assertThat(pair.negative()).isNotBlank();
            });
  }

  @Test
  void shouldNotHaveASentenceTwice() {
    List<String> texts = ROWS.stream().map(row -> bare(row[3])).toList();
    assertThat(texts).doesNotHaveDuplicates();
    for (String text : texts) {
      assertThat(texts.stream().filter(other -> other.contains(text))).containsExactly(text);
    }
  }

  @Test
  void shouldHavePairsThatDifferInFewWords() {
    for (NegationSuite.Pair pair : NegationSuite.pairs()) {
      Set<String> positive = words(pair.positive());
      Set<String> negative = words(pair.negative());
      Set<String> both = new HashSet<>(positive);
      both.retainAll(negative);
      assertThat(positive.size() - both.size()).as(pair.toString()).isLessThanOrEqualTo(4);
      assertThat(negative.size() - both.size()).as(pair.toString()).isLessThanOrEqualTo(4);
    }
  }

  /** A model should fail for want of understanding, not for want of a word. */
  @Test
  void shouldUseEverydayWords() throws IOException {
    Tokenizer tokenizer;
    try (InputStream json =
        NegationSuite.class.getResourceAsStream("/models/en-chat/tokenizer.json")) {
      tokenizer = WordTokenizer.read(json);
    }
    int tokens = 0;
    int unknown = 0;
    for (String[] row : ROWS) {
      Encoding encoding = tokenizer.encode(row[3], 100);
      tokens += encoding.ids().length;
      unknown += encoding.unknown();
    }
    assertThat(tokens).isGreaterThan(3000);
    assertThat(unknown).isLessThan(tokens / 200);
  }

  @Test
  void shouldCountAPairOnlyIfBothSentencesAreRight() {
    Set<String> positive = new HashSet<>();
    NegationSuite.pairs().forEach(pair -> positive.add(pair.positive()));

    List<Category> right =
        NegationSuite.of(turns -> scores(positive.contains(turns.get(0)) ? 2 : 0));
    List<Category> wrong =
        NegationSuite.of(turns -> scores(positive.contains(turns.get(0)) ? 0 : 2));
    List<Category> same = NegationSuite.of(turns -> scores(2));
    List<Category> undecided = NegationSuite.of(turns -> new double[] {0.1, 0.8, 0.1});

    assertThat(right)
        .hasSize(6)
        .allMatch(c -> c.rightPairs() == c.pairs() && c.rightSentences() == 2 * c.pairs());
    assertThat(wrong).allMatch(c -> c.rightPairs() == 0 && c.rightSentences() == 0);
    assertThat(same).allMatch(c -> c.rightPairs() == 0 && c.rightSentences() == c.pairs());
    assertThat(undecided).allMatch(c -> c.rightPairs() == 0 && c.rightSentences() == 0);
    assertThat(right.get(5).name()).isEqualTo(NegationSuite.ALL);
    assertThat(right.get(5).pairs())
        .isEqualTo(right.subList(0, 5).stream().mapToInt(Category::pairs).sum());
  }

  /** What the suite is for: it takes more than opinion words and a count of negators. */
  @Test
  void shouldNotBeSolvedByCountingNegators() {
    Set<String> negators = Set.of("not", "never", "no", "nobody", "nothing", "none", "neither");
    List<Category> counted =
        NegationSuite.of(
            turns ->
                scores(
                    words(turns.get(0)).stream()
                                    .filter(w -> negators.contains(w) || w.endsWith("n't"))
                                    .count()
                                % 2
                            == 0
                        ? 2
                        : 0));
    assertThat(counted).allMatch(c -> c.rightPairs() <= 0.6 * c.pairs());
  }

  /** Neutral is likeliest always, and ignored. */
  private static double[] scores(int label) {
    double[] scores = {0.1, 0.7, 0.1};
    scores[label] = 0.2;
    return scores;
  }

  private static Set<String> words(String text) {
    return new HashSet<>(List.of(bare(text).split(" ")));
  }

  private static String bare(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("[^a-z' ]", "").strip();
  }
}
