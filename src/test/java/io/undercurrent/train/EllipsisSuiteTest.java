package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.train.EllipsisSuite.Family;
import io.undercurrent.train.SuiteRows.Conversation;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EllipsisSuiteTest {

  private static final List<Conversation> ALL = EllipsisSuite.conversations();

  @Test
  void shouldHaveRepliesWithOneOrTwoTurnsBeforeThem() {
    assertThat(ALL)
        .hasSizeGreaterThanOrEqualTo(100)
        .allMatch(c -> c.label() >= 0)
        .allMatch(c -> c.turns().size() == 2 || c.turns().size() == 3)
        .allMatch(c -> c.turns().stream().noneMatch(String::isBlank));
    assertThat(ALL).filteredOn(c -> c.turns().size() == 3).hasSizeGreaterThan(20);
    assertThat(ALL).extracting(Conversation::turns).doesNotHaveDuplicates();
  }

  /** A reply alone must not tell its label. */
  @Test
  void shouldHaveMostRepliesAfterContextsOfDifferentMoods() {
    Map<String, List<Integer>> labels =
        ALL.stream()
            .collect(
                Collectors.groupingBy(
                    c -> c.last().toLowerCase(Locale.ROOT),
                    Collectors.mapping(Conversation::label, Collectors.toList())));
    long ambiguous =
        ALL.stream()
            .filter(
                c -> labels.get(c.last().toLowerCase(Locale.ROOT)).stream().distinct().count() > 1)
            .count();

    assertThat(ambiguous).isGreaterThan(ALL.size() * 4 / 5);
  }

  @Test
  void shouldReadRepliesInThreeWays() {
    Map<List<String>, Integer> labels =
        ALL.stream().collect(Collectors.toMap(Conversation::turns, Conversation::label));
    Map<String, Integer> joined =
        ALL.stream()
            .collect(Collectors.toMap(c -> EllipsisSuite.oneText(c.turns()), Conversation::label));

    List<Family> carried = EllipsisSuite.of(turns -> only(labels.getOrDefault(turns, -1)));
    List<Family> oneText = EllipsisSuite.of(turns -> only(joined.getOrDefault(turns.get(0), -1)));
    List<Family> fresh = EllipsisSuite.of(turns -> only(turns.size() == 1 ? 0 : -1));

    int all = ALL.size();
    assertThat(carried).hasSize(6).last().isEqualTo(new Family("all", all, all, 0, 0));
    assertThat(oneText).last().isEqualTo(new Family("all", all, 0, 0, all));
    int negative = (int) ALL.stream().filter(c -> c.label() == 0).count();
    assertThat(fresh).last().isEqualTo(new Family("all", all, 0, negative, negative));
  }

  @Test
  void shouldJoinTurnsAsSentences() {
    assertThat(EllipsisSuite.oneText(List.of("Is it good?", "No", "Sure?")))
        .isEqualTo("Is it good? No. Sure?");
    assertThat(EllipsisSuite.oneText(List.of("my parcel never arrived", "Me too")))
        .isEqualTo("my parcel never arrived. Me too");
  }

  /** No label for -1. */
  private static double[] only(int label) {
    double[] scores = new double[3];
    if (label >= 0) {
      scores[label] = 1;
    }
    return scores;
  }
}
