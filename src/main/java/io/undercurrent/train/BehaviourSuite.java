package io.undercurrent.train;

import io.undercurrent.train.SuiteRows.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures whether a model has the right sentiment for everyday language: the sentences of {@code
 * behaviour.tsv}, which describes the families. The prediction is the likeliest of the three
 * classes.
 */
public final class BehaviourSuite {

  private static final String RESOURCE = "behaviour.tsv";

  /**
   * The results of one family, or of {@link NegationSuite#ALL}.
   *
   * @param right sentences with the right sentiment
   */
  public record Family(String name, int sentences, int right) {

    /** The share of sentences with the right sentiment. */
    public double accuracy() {
      return (double) right / sentences;
    }

    private Family plus(Family other) {
      return new Family(name, sentences + other.sentences, right + other.right);
    }
  }

  private BehaviourSuite() {}

  /** The results of each family, then of all. */
  static List<Family> of(Classifier classifier) {
    Map<String, Family> families = new LinkedHashMap<>();
    Family all = new Family(NegationSuite.ALL, 0, 0);
    for (Conversation c : conversations()) {
      Family one = new Family(c.family(), 1, classifier.label(c.turns()) == c.label() ? 1 : 0);
      families.merge(c.family(), one, Family::plus);
      all = all.plus(one);
    }
    List<Family> list = new ArrayList<>(families.values());
    list.add(all);
    return list;
  }

  static List<Conversation> conversations() {
    return SuiteRows.conversations(RESOURCE);
  }
}
