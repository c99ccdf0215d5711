package io.undercurrent.train;

import io.undercurrent.train.SuiteRows.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures whether a model uses what was said before: short replies such as "me too", whose
 * sentiment is that of their context. {@code ellipsis.tsv} has them and describes the families.
 */
public final class EllipsisSuite {

  private static final String RESOURCE = "ellipsis.tsv";

  /**
   * The results of one family, or of {@link NegationSuite#ALL}: replies with the right sentiment.
   *
   * @param carried with the state carried through the conversation
   * @param fresh each reply read alone
   * @param oneText the whole conversation read as one record
   */
  public record Family(String name, int replies, int carried, int fresh, int oneText) {

    private Family plus(Family other) {
      return new Family(
          name,
          replies + other.replies,
          carried + other.carried,
          fresh + other.fresh,
          oneText + other.oneText);
    }
  }

  private EllipsisSuite() {}

  /** The results of each family, then of all. */
  static List<Family> of(Classifier classifier) {
    Map<String, Family> families = new LinkedHashMap<>();
    Family all = new Family(NegationSuite.ALL, 0, 0, 0, 0);
    for (Conversation c : conversations()) {
      Family one =
          new Family(
              c.family(),
              1,
              right(classifier, c.turns(), c.label()),
              right(classifier, List.of(c.last()), c.label()),
              right(classifier, List.of(oneText(c.turns())), c.label()));
      families.merge(c.family(), one, Family::plus);
      all = all.plus(one);
    }
    List<Family> list = new ArrayList<>(families.values());
    list.add(all);
    return list;
  }

  private static int right(Classifier classifier, List<String> turns, int label) {
    return classifier.label(turns) == label ? 1 : 0;
  }

  /** The turns as sentences of one text. */
  static String oneText(List<String> turns) {
    StringBuilder text = new StringBuilder();
    for (String turn : turns) {
      if (text.length() > 0) {
        boolean ended = ".?!".indexOf(text.charAt(text.length() - 1)) >= 0;
        text.append(ended ? " " : ". ");
      }
      text.append(turn);
    }
    return text.toString();
  }

  static List<Conversation> conversations() {
    return SuiteRows.conversations(RESOURCE);
  }
}
