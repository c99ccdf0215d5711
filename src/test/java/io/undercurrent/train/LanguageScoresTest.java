package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Observer.Ranking;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LanguageScoresTest {

  private static final Tokenizer TOKENIZER =
      WordTokenizer.of(List.of(".", "the", ":)", "food", "was", "good", "bad", "not"));

  private final LanguageScores scores = new LanguageScores(TOKENIZER);

  @Test
  void shouldRankOnlyWordsAtPositionsOfWords() {
    Ranking ranking = ranking(". <name> the :) food was <end> good not bad");
    add("the", ranking); // first of the words
    add("was", ranking); // third
    add("not", ranking); // fifth
    add("bad", ranking); // sixth: not found
    add("quokka", ranking); // unknown: counts, and is not found
    add(".", ranking); // no words: do not count
    add(":)", ranking);
    add("10", ranking);
    scores.add(TOKENIZER.endOfRecord(), -1, ranking);

    assertThat(scores.words()).isEqualTo(5);
    assertThat(scores.top(1)).isEqualTo(1 / 5.0);
    assertThat(scores.top(2)).isEqualTo(1 / 5.0);
    assertThat(scores.top(3)).isEqualTo(2 / 5.0);
    assertThat(scores.top(5)).isEqualTo(3 / 5.0);
  }

  @Test
  void shouldCountEndsOfRecordsInPerplexityIfWanted() {
    scores.add(reading(3, 1, 2.0)); // 3 tokens of 2 bits
    scores.add(reading(1, 0, 4.0));
    scores.add(new Reading(0, 0, 0, false, null, Double.NaN, new NextToken[0]));
    for (int record = 0; record < 2; record++) {
      scores.add(TOKENIZER.endOfRecord(), -Math.log(2), ranking("the")); // a bit
    }

    assertThat(scores.tokens()).isEqualTo(4);
    assertThat(scores.unknownShare()).isEqualTo(0.25);
    assertThat(scores.bitsPerToken()).isEqualTo(10 / 4.0);
    assertThat(scores.perplexity(false)).isCloseTo(Math.pow(2, 10 / 4.0), within(1e-12));
    assertThat(scores.perplexity(true)).isCloseTo(Math.pow(2, 12 / 6.0), within(1e-12));
  }

  @Test
  void shouldLeaveOutWhatSpellingsCost() {
    scores.add(
        new Reading(
            4, 2, 0, false, new float[3], 9.5, 6, Double.NaN, new NextToken[0], null, Hit.NONE));

    assertThat(scores.bitsPerToken()).isEqualTo(3.5);
  }

  private void add(String word, Ranking ranking) {
    int[] ids = TOKENIZER.encode(word, 8).ids();
    assertThat(ids).hasSize(1);
    scores.add(ids[0], -1, ranking);
  }

  private static Reading reading(int tokens, int unknown, double bits) {
    return new Reading(tokens, unknown, 0, false, new float[3], bits, new NextToken[0]);
  }

  /** All of these tokens in this order, as far as they are offered. */
  private static Ranking ranking(String order) {
    int[] ids = Arrays.stream(order.split(" ")).mapToInt(LanguageScoresTest::id).toArray();
    return (offered, max) ->
        Arrays.stream(ids)
            .filter(id -> offered[id])
            .limit(max)
            .mapToObj(id -> new NextToken(id, 0f))
            .toArray(NextToken[]::new);
  }

  private static int id(String token) {
    int id = 0;
    while (!TOKENIZER.token(id).equals(token)) {
      id++;
    }
    return id;
  }
}
