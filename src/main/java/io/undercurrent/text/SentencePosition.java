package io.undercurrent.text;

import java.util.Set;

/**
 * Tracks whether the next word stands inside a sentence, where a capital letter says that it is a
 * name.
 */
final class SentencePosition {

  private static final Set<String> ABBREVIATIONS =
      Set.of(
          "mr", "mrs", "ms", "dr", "st", "prof", "jr", "sr", "vs", "gen", "lt", "sgt", "capt",
          "rev", "no");

  private boolean inside;
  private boolean abbreviation;

  boolean isInside(RawToken word) {
    return inside && !word.lineStart;
  }

  void after(RawToken token) {
    boolean afterAbbreviation = abbreviation;
    abbreviation = false;
    switch (token.kind) {
      case WORD -> {
        inside = true;
        abbreviation = isAbbreviation(token);
      }
      case NUMBER, NAME, UNKNOWN -> inside = true;
      case PUNCTUATION -> inside &= token.is(".") ? afterAbbreviation : continues(token);
      case URL, USER, HASHTAG -> inside &= !token.lineStart;
      default -> inside = false;
    }
  }

  private static boolean isAbbreviation(RawToken word) {
    if (word.length == 1) {
      return word.upperAt(0);
    }
    return word.length <= 4 && ABBREVIATIONS.contains(new String(word.text, 0, word.length));
  }

  private static boolean continues(RawToken sign) {
    return sign.length == 1 && ",)&/'%$+".indexOf(sign.text[0]) >= 0 && !sign.repeated;
  }
}
