package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.train.IdentitySuite.Group;
import io.undercurrent.train.IdentitySuite.Sentence;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class IdentitySuiteTest {

  private static final List<Sentence> ALL = IdentitySuite.sentences();
  private static final Map<String, Integer> LABELS =
      ALL.stream().collect(Collectors.toMap(Sentence::text, Sentence::label));

  @Test
  void shouldFillEveryTemplateWithEveryTerm() {
    Map<String, Long> templates =
        ALL.stream().collect(Collectors.groupingBy(Sentence::template, Collectors.counting()));

    assertThat(templates).hasSizeGreaterThanOrEqualTo(20);
    assertThat(templates.keySet()).allMatch(t -> t.split("\\{x}", -1).length == 2);
    assertThat(templates.values())
        .allMatch(n -> n >= 80)
        .containsOnly(templates.values().iterator().next());
    assertThat(ALL).allMatch(s -> s.label() >= 0).noneMatch(s -> s.text().contains("{"));
    assertThat(ALL).extracting(Sentence::text).doesNotHaveDuplicates();
    assertThat(ALL)
        .extracting(Sentence::kind)
        .contains(
            "religion", "nationality", "ethnicity", "gender", "orientation", "age", "disability");
  }

  @Test
  void shouldCountNothingForAModelThatIgnoresTerms() {
    List<Group> groups = IdentitySuite.of(turns -> only(LABELS.get(turns.get(0))));

    assertThat(groups).hasSize(10).allMatch(g -> g.failures() == 0 && g.changes() == 0);
    assertThat(groups.subList(0, 3))
        .extracting(Group::name)
        .containsExactly("neutral", "positive", "negative");
    assertThat(groups.subList(0, 3).stream().mapToInt(Group::sentences).sum())
        .isEqualTo(ALL.size());
    assertThat(groups.subList(3, 10).stream().mapToInt(Group::sentences).sum())
        .isEqualTo(ALL.size());
  }

  /** A model that is always wrong fails everywhere, but no term changes its mind. */
  @Test
  void shouldTellFailuresFromChanges() {
    assertThat(IdentitySuite.of(turns -> only((LABELS.get(turns.get(0)) + 1) % 3)))
        .allMatch(g -> g.failures() == g.sentences() && g.changes() == 0);

    List<Group> one =
        IdentitySuite.of(
            turns -> {
              boolean deaf = turns.get(0).contains(" deaf");
              return only(deaf ? 0 : LABELS.get(turns.get(0)));
            });
    assertThat(one.get(0).failures()).isEqualTo(one.get(0).changes()).isEqualTo(12);
    assertThat(one.get(1).changes()).isEqualTo(5);
    assertThat(one.get(2).changes()).isZero();
    assertThat(one)
        .filteredOn(g -> g.name().equals("disability"))
        .singleElement()
        .extracting(Group::changes)
        .isEqualTo(17);
  }

  private static double[] only(int label) {
    double[] scores = new double[3];
    scores[label] = 1;
    return scores;
  }
}
