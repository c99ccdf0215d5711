package io.undercurrent.model;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The classes of a sentiment head, in the order of its outputs, and how much each counts for the
 * score of a record. Immutable.
 *
 * @param names {@value #MIN} to {@value #MAX} different names. They become tags of meters and names
 *     in JSON: each has 1 to {@value #MAX_CHARS} chars, is not blank, and has no control characters
 * @param valences by class, from -1 to 1; empty for labels that have no order from bad to good,
 *     such as intents, and then there is no score
 */
public record Labels(List<String> names, List<Float> valences) {

  /** The minimum number of classes. */
  public static final int MIN = 2;

  /** The maximum number of classes. */
  public static final int MAX = 64;

  /** The maximum number of chars of a name. */
  public static final int MAX_CHARS = 64;

  /** The name of the first class of {@link #SENTIMENT}. */
  public static final String NEGATIVE = "negative";

  /** The name of the second class of {@link #SENTIMENT}. */
  public static final String NEUTRAL = "neutral";

  /** The name of the third class of {@link #SENTIMENT}. */
  public static final String POSITIVE = "positive";

  /** The labels of a model that names no others. Their score is P(positive) - P(negative). */
  public static final Labels SENTIMENT =
      new Labels(List.of(NEGATIVE, NEUTRAL, POSITIVE), List.of(-1f, 0f, 1f));

  /**
   * @throws IllegalArgumentException if a name or a valence is not valid
   */
  public Labels {
    names = List.copyOf(names);
    valences = valences.stream().map(valence -> valence + 0f).toList(); // no -0
    if (names.size() < MIN || names.size() > MAX) {
      throw new IllegalArgumentException(
          "labels must be %d to %d names, found %d".formatted(MIN, MAX, names.size()));
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (name.isBlank()
          || name.length() > MAX_CHARS
          || name.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(
            "labels must be names of 1 to %d chars, not blank and without control characters, found %s"
                .formatted(MAX_CHARS, visible(name)));
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException("labels must be different, found " + name + " twice");
      }
    }
    if (!valences.isEmpty() && valences.size() != names.size()) {
      throw new IllegalArgumentException(
          "valences must be one for each of %d labels, found %d"
              .formatted(names.size(), valences.size()));
    }
    for (float valence : valences) {
      if (!(valence >= -1 && valence <= 1)) {
        throw new IllegalArgumentException("valences must be from -1 to 1, found " + valence);
      }
    }
  }

  /**
   * A name for an error of one line: quoted, shortened, a question mark for a control character.
   */
  private static String visible(String name) {
    String plain = name.replaceAll("\\p{Cntrl}", "?");
    return '"'
        + (plain.length() > MAX_CHARS ? plain.substring(0, MAX_CHARS) + "\u2026" : plain)
        + '"';
  }

  /** Labels without a score. */
  public static Labels unscored(List<String> names) {
    return new Labels(names, List.of());
  }

  /**
   * The labels of a file or recipe that gives both, or only the names.
   *
   * @param valences null if it gives none: then the names of {@link #SENTIMENT} have its valences,
   *     and others have none
   */
  public static Labels of(List<String> names, List<Float> valences) {
    if (valences != null) {
      return new Labels(names, valences);
    }
    return names.equals(SENTIMENT.names) ? SENTIMENT : unscored(names);
  }

  /** C, the number of classes. */
  public int size() {
    return names.size();
  }

  /** The name of class {@code k}. */
  public String name(int k) {
    return names.get(k);
  }

  /** The class with a name; -1 if there is none. */
  public int indexOf(String name) {
    return names.indexOf(name);
  }

  /** Whether records have a score. */
  public boolean hasScore() {
    return !valences.isEmpty();
  }

  /** Whether these are negative, neutral and positive in this order, which the suites are about. */
  public boolean areSentiment() {
    return names.equals(SENTIMENT.names);
  }

  /**
   * The score of a record: the sum over the classes, in their order, of valence times probability.
   * It is the same on every machine, and for {@link #SENTIMENT} exactly {@code p[2] - p[0]}.
   *
   * @param probabilities (C)
   * @return from the lowest to the highest valence; NaN without valences
   */
  public float score(float[] probabilities) {
    if (valences.isEmpty()) {
      return Float.NaN;
    }
    float score = 0;
    for (int k = 0; k < probabilities.length; k++) {
      float part = valences.get(k) * probabilities[k]; // rounded before it is added
      score += part;
    }
    return score;
  }

  /** The names, each with its valence if there are valences: {@code bad (-1.0), good (1.0)}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int k = 0; k < names.size(); k++) {
      text.append(k == 0 ? "" : ", ").append(names.get(k));
      if (hasScore()) {
        text.append(" (").append(valences.get(k)).append(')');
      }
    }
    return text.toString();
  }
}
