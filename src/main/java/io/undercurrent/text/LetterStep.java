package io.undercurrent.text;

/**
 * Reads letters and digits that only look different as plain ones: the mathematical alphabets
 * (bold, italic, script, fraktur, double-struck, sans, monospace), full-width, circled,
 * parenthesised and squared letters, and ligatures.
 */
final class LetterStep implements TextStep {

  private static final int LATIN = 0x1D400;
  private static final int DOTLESS_I = 0x1D6A4;
  private static final int GREEK = 0x1D6A8;
  private static final int DIGAMMA = 0x1D7CA;
  private static final int DIGITS = 0x1D7CE;
  private static final int LAST_DIGIT = 0x1D7FF;

  /** One of the five Greek alphabets. */
  private static final String GREEK_LETTERS =
      "\u0391\u0392\u0393\u0394\u0395\u0396\u0397\u0398\u0399\u039a\u039b\u039c\u039d\u039e\u039f\u03a0\u03a1\u0398"
          + "\u03a3\u03a4\u03a5\u03a6\u03a7\u03a8\u03a9\u2207\u03b1\u03b2\u03b3\u03b4\u03b5\u03b6\u03b7\u03b8\u03b9\u03ba"
          + "\u03bb\u03bc\u03bd\u03be\u03bf\u03c0\u03c1\u03c2\u03c3\u03c4\u03c5\u03c6\u03c7\u03c8\u03c9\u2202\u03b5\u03b8"
          + "\u03ba\u03c6\u03c1\u03c0";

  /** The letters of U+2100 to U+214F that fill gaps of the alphabets; a space for the others. */
  private static final String LETTERLIKE =
      "  C       gHHHh IILl N   PQRRR  " + "    Z   Z   BC eEF Mo    i      " + "     Ddeij      ";

  private static final String[] LIGATURES = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};

  /** Whether the code point is in a range of which this step reads some. */
  static boolean mayRead(int c) {
    return c >= 0x2102 && c <= 0x2149
        || c >= 0x2460 && c <= 0x24EA
        || c >= 0xFB00 && c <= 0xFB06
        || c >= 0xFF01 && c <= 0xFF5E
        || c >= LATIN && c <= LAST_DIGIT
        || c >= 0x1F110 && c <= 0x1F189;
  }

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    int codePoint = c;
    int behind = at + 1;
    if (Character.isHighSurrogate(c)
        && behind < limit
        && Character.isLowSurrogate(text.charAt(behind))) {
      codePoint = Character.toCodePoint(c, text.charAt(behind));
      behind++;
    }
    if (codePoint >= 0xFB00 && codePoint <= 0xFB06) {
      out.append(LIGATURES[codePoint - 0xFB00]);
    } else {
      int plain = mayRead(codePoint) ? plain(codePoint) : -1;
      out.appendCodePoint(plain < 0 ? codePoint : plain);
    }
    return behind;
  }

  /** The plain letter, digit or sign; -1 if the code point is none of these. */
  private static int plain(int c) {
    if (c >= LATIN && c <= LAST_DIGIT) {
      return mathematical(c);
    }
    if (c >= 0xFF01 && c <= 0xFF5E) {
      return c - 0xFF01 + '!';
    }
    if (c >= 0x1F110) {
      return squared(c);
    }
    return c >= 0x2460 ? circled(c) : letterlike(c);
  }

  private static int mathematical(int c) {
    if (c < DOTLESS_I) {
      int letter = (c - LATIN) % 52;
      return letter < 26 ? 'A' + letter : 'a' + letter - 26;
    }
    if (c < GREEK) {
      return c == DOTLESS_I ? 'i' : c == DOTLESS_I + 1 ? 'j' : -1;
    }
    if (c < DIGAMMA) {
      return GREEK_LETTERS.charAt((c - GREEK) % GREEK_LETTERS.length());
    }
    if (c < DIGITS) {
      return c == DIGAMMA ? 0x3DC : c == DIGAMMA + 1 ? 0x3DD : -1;
    }
    return '0' + (c - DIGITS) % 10;
  }

  private static int letterlike(int c) {
    char letter = LETTERLIKE.charAt(c - 0x2100);
    return letter == ' ' ? -1 : letter;
  }

  private static int circled(int c) {
    if (c <= 0x2468) {
      return '1' + c - 0x2460;
    }
    if (c == 0x24EA) {
      return '0';
    }
    if (c >= 0x24D0) {
      return 'a' + c - 0x24D0;
    }
    if (c >= 0x24B6) {
      return 'A' + c - 0x24B6;
    }
    return c >= 0x249C ? 'a' + c - 0x249C : -1;
  }

  /** Parenthesised, squared, and white on black: four alphabets of capitals, each of 32 numbers. */
  private static int squared(int c) {
    int letter = (c - 0x1F110) % 32;
    return letter < 26 ? 'A' + letter : -1;
  }
}
