package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.Labels;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import io.undercurrent.train.BehaviourSuite.Family;
import io.undercurrent.train.SuiteRows.Conversation;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BehaviourSuiteTest {

  private static final List<Conversation> ALL = BehaviourSuite.conversations();

  @Test
  void shouldHaveEnoughSentencesInEveryFamily() {
    Map<String, Long> families =
        ALL.stream().collect(Collectors.groupingBy(Conversation::family, Collectors.counting()));

    assertThat(families.keySet())
        .containsExactlyInAnyOrder(
            "neutral",
            "politeness",
            "verdict",
            "comparison",
            "wish",
            "warning",
            "question",
            "denied-fact",
            "hearsay",
            "emoji",
            "loaded-word",
            "sarcasm");
    assertThat(families.values()).allMatch(n -> n >= 40 && n <= 60);
  }

  @Test
  void shouldHaveValidRowsAndNoSentenceTwice() {
    assertThat(ALL)
        .allMatch(c -> c.label() >= 0)
        .allMatch(c -> c.turns().size() <= 2)
        .allMatch(c -> c.turns().stream().noneMatch(String::isBlank));
    assertThat(ALL).extracting(Conversation::turns).doesNotHaveDuplicates();
  }

  /** Names and rare emoji aside, a model should not fail for want of a word. */
  @Test
  void shouldUseEverydayWords() throws IOException {
    Tokenizer tokenizer;
    try (InputStream json =
        BehaviourSuite.class.getResourceAsStream("/models/en-chat/tokenizer.json")) {
      tokenizer = WordTokenizer.read(json);
    }
    int tokens = 0;
    int unknown = 0;
    for (Conversation conversation : ALL) {
      Encoding encoding = tokenizer.encode(conversation.last(), 100);
      tokens += encoding.ids().length;
      unknown += encoding.unknown();
    }
    assertThat(tokens).isGreaterThan(4000);
    assertThat(unknown).isLessThan(tokens * 3 / 200);
  }

  /** Otherwise a model that knows one label only would look good. */
  @Test
  void shouldNotBeSolvedByOneLabelWhereOpinionsAreMeasured() {
    List<String> oneLabel = List.of("neutral", "denied-fact", "loaded-word");
    for (int label = 0; label < Labels.SENTIMENT.size(); label++) {
      double[] scores = new double[3];
      scores[label] = 1;
      assertThat(BehaviourSuite.of(turns -> scores))
          .filteredOn(family -> !oneLabel.contains(family.name()))
          .allMatch(family -> family.accuracy() < 0.6);
    }
  }

  @Test
  void shouldCountRightSentencesByFamily() {
    Map<List<String>, Integer> labels =
        ALL.stream().collect(Collectors.toMap(Conversation::turns, Conversation::label));
    List<Family> right = BehaviourSuite.of(turns -> only(labels.get(turns)));
    List<Family> wrong = BehaviourSuite.of(turns -> only((labels.get(turns) + 1) % 3));
    List<Family> none = BehaviourSuite.of(turns -> new double[3]);

    assertThat(right).hasSize(13).allMatch(family -> family.accuracy() == 1);
    assertThat(right.get(12)).isEqualTo(new Family("all", ALL.size(), ALL.size()));
    assertThat(wrong).allMatch(family -> family.right() == 0);
    assertThat(none).allMatch(family -> family.right() == 0);
    assertThat(right).extracting(Family::name).isEqualTo(names(wrong, Family::name));
  }

  private static double[] only(int label) {
    double[] scores = new double[3];
    scores[label] = 1;
    return scores;
  }

  private static <T> List<String> names(List<T> list, Function<T, String> name) {
    return list.stream().map(name).toList();
  }
}
