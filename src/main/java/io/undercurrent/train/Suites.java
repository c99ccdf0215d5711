package io.undercurrent.train;

import io.undercurrent.model.Model;
import java.util.List;

/**
 * The results of a model on the suites that come with the program: sentences with labels that are
 * never trained on.
 *
 * @param negation each category, then all; this and the other lists are empty in {@link #NONE}
 * @param behaviour each family, then all
 * @param identity by label of the templates, then by kind of identity
 * @param ellipsis each family, then all
 */
public record Suites(
    List<NegationSuite.Category> negation,
    List<BehaviourSuite.Family> behaviour,
    List<IdentitySuite.Group> identity,
    List<EllipsisSuite.Family> ellipsis) {

  /** The results of a model with other labels than the suites. */
  public static final Suites NONE = new Suites(List.of(), List.of(), List.of(), List.of());

  public Suites {
    negation = List.copyOf(negation);
    behaviour = List.copyOf(behaviour);
    identity = List.copyOf(identity);
    ellipsis = List.copyOf(ellipsis);
  }

  /**
   * Reads all suites with a model.
   *
   * @return {@link #NONE} for a model whose labels are not those of the suites: negative, neutral
   *     and positive
   */
  public static Suites of(Model model) {
    return model.config().labels().areSentiment() ? of(Classifier.of(model)) : NONE;
  }

  static Suites of(Classifier classifier) {
    return new Suites(
        NegationSuite.of(classifier),
        BehaviourSuite.of(classifier),
        IdentitySuite.of(classifier),
        EllipsisSuite.of(classifier));
  }
}
