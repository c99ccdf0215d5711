package io.undercurrent.text;

/** Assigns an unknown word to a class, by its ending, its prefix or its script. */
final class UnknownWords {

  private static final int MIN_STEM = 3;

  /** Longest first, so that "ness" is found before "s". */
  private static final String[] SUFFIXES = {
    "able", "ible", "ness", "less", "ment", "ful", "ity", "ion", "ions", "ous", "ive", "ish", "ing",
    "est", "ed", "ly", "er", "or", "al", "ss", "us", "is", "s", "y"
  };

  private static final Special[] CLASSES = {
    Special.UNK_ABLE, Special.UNK_ABLE, Special.UNK_NESS, Special.UNK_LESS, Special.UNK_MENT,
        Special.UNK_FUL,
    Special.UNK_ITY, Special.UNK_ION, Special.UNK_S, Special.UNK_OUS, Special.UNK_IVE,
        Special.UNK_ISH,
    Special.UNK_ING, Special.UNK_EST, Special.UNK_ED, Special.UNK_LY, Special.UNK_ER,
        Special.UNK_ER,
    Special.UNK_AL, Special.UNK, Special.UNK, Special.UNK, Special.UNK_S, Special.UNK_Y
  };

  private static final String[] NEGATIONS = {"un", "dis", "in", "im", "ir", "non", "mis"};

  private UnknownWords() {}

  static Special classify(char[] text, int from, int to, WordIndex vocabulary) {
    boolean ascii = false;
    for (int i = from; i < to; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        return Special.UNK_DIGIT;
      }
      ascii |= text[i] < 0x250; // Latin
    }
    if (!ascii) {
      return Special.UNK_FOREIGN;
    }
    for (String negation : NEGATIONS) {
      int stem = from + negation.length();
      if (to - stem > MIN_STEM
          && startsWith(text, from, negation)
          && vocabulary.find(text, stem, to) >= 0) {
        return Special.UNK_UN;
      }
    }
    for (int i = 0; i < SUFFIXES.length; i++) {
      int stem = to - SUFFIXES[i].length();
      if (stem - from >= MIN_STEM && startsWith(text, stem, SUFFIXES[i])) {
        return CLASSES[i];
      }
    }
    return Special.UNK;
  }

  private static boolean startsWith(char[] text, int at, String expected) {
    for (int i = 0; i < expected.length(); i++) {
      if (text[at + i] != expected.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
