package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.cli.SoakAnswers.Answer;
import io.undercurrent.cli.SoakAnswers.Verdict;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SoakAnswersTest {

  private static final String NEXT = "[{\"token\":\"good\",\"probability\":0.25}]";
  private static final Map<String, List<String>> EXPECTED =
      Map.of(
          "k", List.of(line(1, 0.5, NEXT), line(2, 0.123456789, NEXT), line(3, 0.123456789, "[]")));

  @Test
  void shouldAcceptStatesThatTheKeyHad() throws Exception {
    Verdict verdict =
        verdict(
            found(2, 0.12345679, NEXT, false, 1), // rounded in another way
            found(3, 0.123456789, NEXT, false, 3), // the record has no text, so no next words
            found(1, 0.5, NEXT, true, 3), // a copy may be behind
            new Answer("k", false, 0, 404, ""),
            new Answer("k", true, 1, 404, ""),
            new Answer("other", false, 0, 404, ""));

    assertThat(verdict.isClean()).as(verdict.toString()).isTrue();
    assertThat(verdict.answered()).isEqualTo(6);
    assertThat(verdict.behind()).isZero();
  }

  @Test
  void shouldFindStatesThatTheKeyNeverHad() throws Exception {
    Verdict verdict =
        verdict(
            found(1, 0.51, NEXT, false, 1),
            found(1, 0.5, NEXT.replace("good", "bad"), false, 1),
            found(1, 0.5, "[]", false, 1),
            found(4, 0.5, NEXT, false, 1),
            found(0, 0.5, NEXT, true, 0),
            new Answer("other", true, 0, 200, line(1, 0.5, NEXT)));

    assertThat(verdict.wrong()).isEqualTo(6);
    assertThat(verdict.isClean()).isFalse();
    assertThat(verdict.examples()).hasSize(6).allMatch(line -> line.startsWith("query wrong"));
  }

  @Test
  void shouldFindAKeyThatIsSaidToHaveNoState() throws Exception {
    assertThat(verdict(new Answer("k", false, 1, 404, "")).wrong()).isOne();
  }

  @Test
  void shouldCountAnswersBehindWhatWasCommitted() throws Exception {
    Verdict verdict = verdict(found(1, 0.5, NEXT, false, 2));

    assertThat(verdict.behind()).isOne();
    assertThat(verdict.isClean()).isTrue();
  }

  /** A copy restores states and memories one by one. */
  @Test
  void shouldCountNextWordsOfAnotherMomentInCopies() throws Exception {
    String other = NEXT.replace("good", "bad");
    Answer copy =
        new Answer("k", true, 1, 200, line(1, 0.5, other).replaceFirst("\\{", "{\"stale\":true,"));

    Verdict verdict = verdict(copy, found(1, 0.5, other, true, 1));

    assertThat(verdict.mixed()).isOne();
    assertThat(verdict.wrong()).isOne(); // it does not say that it is a copy
  }

  @Test
  void shouldTellErrorsFromUnavailableInstances() throws Exception {
    Verdict verdict =
        verdict(new Answer("k", false, 1, 500, "{}"), new Answer("k", false, 1, 503, "{}"));

    assertThat(verdict.failed()).isOne();
    assertThat(verdict.unavailable()).isOne();
    assertThat(verdict.answered()).isZero();
    assertThat(verdict.isClean()).isFalse();
  }

  private static Verdict verdict(Answer... all) throws Exception {
    SoakAnswers answers = new SoakAnswers();
    List.of(all).forEach(answers::add);
    return answers.verdict(EXPECTED);
  }

  private static Answer found(
      int records, double score, String next, boolean stale, int committed) {
    return new Answer("k", stale, committed, 200, line(records, score, next));
  }

  private static String line(int records, double score, String next) {
    return "{\"conversation\":{\"score\":%s,\"records\":%d,\"tokens\":7},\"next\":%s}"
        .formatted(score, records, next);
  }
}
