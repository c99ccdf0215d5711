package io.undercurrent.text;

/** The bytes 80 to 9F of Windows-1252, where it differs from Latin-1. */
final class Windows1252 {

  /** Bytes without a character stand for the control character with their number. */
  private static final String HIGH =
      "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
          + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

  private Windows1252() {}

  /** The character of a byte from 80 to 9F. */
  static int codePoint(int number) {
    return HIGH.charAt(number - 0x80);
  }

  /**
   * The byte from 80 to BF that is shown as this char, in Windows-1252 or in Latin-1; -1 if none
   * is.
   */
  static int continuation(char c) {
    if (c >= 0x80 && c <= 0xBF) {
      return c;
    }
    int at = c < 0x152 || c > 0x2122 ? -1 : HIGH.indexOf(c);
    return at < 0 ? -1 : 0x80 + at;
  }
}
