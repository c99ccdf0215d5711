package io.undercurrent.text;

/**
 * One token as the scanner found it, before any vocabulary. A mutable slot that the scanner fills
 * again and again.
 */
final class RawToken {

  enum Kind {
    END,
    WORD,
    NUMBER,
    PUNCTUATION,
    EMOTICON,
    EMOJI,
    FLAG,
    URL,
    USER,
    NAME,
    HASHTAG,
    UNKNOWN
  }

  /** Maximum chars of one word; a longer word is read in pieces. */
  static final int MAX_CHARS = 64;

  Kind kind;

  /** Index just after the last char of this token. */
  int end;

  /** Folded text: lower case, ASCII quotes and hyphens. */
  final char[] text = new char[MAX_CHARS];

  int length;

  /** Bit i is set if {@code text[i]} was upper case. */
  long upperBits;

  /** Letters that have a case or could have one, in the word without its clitic ('s, 're, ...). */
  int letters;

  /** How many of {@link #letters} were upper case. */
  int uppers;

  /** Leading digits of a number such as 10pm. */
  int digits;

  /** Whether it was a run of the same sign, which is read as one. */
  boolean repeated;

  /** Whether a line ended between the token before and this one. */
  boolean lineStart;

  void reset() {
    length = 0;
    upperBits = 0;
    letters = 0;
    uppers = 0;
    digits = 0;
    repeated = false;
    lineStart = false;
  }

  void set(Kind newKind, String newText) {
    kind = newKind;
    length = newText.length();
    newText.getChars(0, length, text, 0);
  }

  /** Appends a code point, or returns false if it does not fit. */
  boolean append(int codePoint, boolean upper) {
    if (codePoint < 0x10000) {
      if (length + 1 > MAX_CHARS) {
        return false;
      }
      if (upper) {
        upperBits |= 1L << length;
      }
      text[length++] = (char) codePoint;
      return true;
    }
    if (length + 2 > MAX_CHARS) {
      return false;
    }
    if (upper) {
      upperBits |= 1L << length;
    }
    text[length++] = Character.highSurrogate(codePoint);
    text[length++] = Character.lowSurrogate(codePoint);
    return true;
  }

  boolean upperAt(int index) {
    return (upperBits >>> index & 1) != 0;
  }

  /** Whether it is a word of capitals only; one capital alone ("I") does not count. */
  boolean isAllCaps() {
    return kind == Kind.WORD && letters >= 2 && uppers == letters;
  }

  /** Whether its case cannot show shouting: I, 's, a word in a script without case. */
  boolean isCaseNeutral() {
    return letters == uppers && letters < 2;
  }

  boolean isCapitalised() {
    return upperAt(0) && !isAllCaps();
  }

  boolean is(String expected) {
    if (length != expected.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (text[i] != expected.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  boolean endsWith(String suffix) {
    int from = length - suffix.length();
    if (from < 0) {
      return false;
    }
    for (int i = from; i < length; i++) {
      if (text[i] != suffix.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return kind + ":" + new String(text, 0, length);
  }
}
