package io.undercurrent.text;

/**
 * Reads UTF-8 that a program took for Windows-1252 or Latin-1 as what was written: U+00E2 U+20AC
 * U+2122 as the apostrophe U+2019. Only bytes that English texts have are read so, and of two-byte
 * characters only those that no word of another language can end with.
 */
final class MojibakeStep implements TextStep {

  private static final char TWO_LATIN_SIGNS = 0xC2;
  private static final char TWO_LATIN_LETTERS = 0xC3;
  private static final char THREE_SIGNS = 0xE2;
  private static final char THREE_FORMS = 0xEF;
  private static final char FOUR_EMOJI = 0xF0;

  static boolean isLead(char c) {
    return c == TWO_LATIN_SIGNS
        || c == TWO_LATIN_LETTERS
        || c == THREE_SIGNS
        || c == THREE_FORMS
        || c == FOUR_EMOJI;
  }

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    int next = at + 1;
    if (!isLead(c) || next >= limit) {
      out.append(c);
      return next;
    }
    int length = c < THREE_SIGNS ? 2 : c < FOUR_EMOJI ? 3 : 4;
    int codePoint = length == 2 ? two(c, text.charAt(next)) : longer(text, limit, at, length);
    if (codePoint >= 0) {
      out.appendCodePoint(codePoint);
      return at + length;
    }
    if (c == TWO_LATIN_SIGNS && text.charAt(next) == ' ') {
      out.append(' '); // a no-break space that was replaced by a space afterwards
      return at + 2;
    }
    if (c == THREE_SIGNS && text.charAt(next) == '\u20ac') {
      out.append('\u201d'); // its last byte has no character in Windows-1252 and was lost
      return at + 2;
    }
    out.append(c);
    return next;
  }

  private static int two(char lead, char second) {
    int low = Windows1252.continuation(second);
    boolean ambiguous =
        lead == TWO_LATIN_SIGNS
            ? second < 0xA0 || second > 0xBF
            : isQuoteOrDash(second) || second == '\u2026';
    return low < 0 || ambiguous ? -1 : (lead & 0x1F) << 6 | low & 0x3F;
  }

  /** Signs that may stand behind a word which ends with a capital letter. */
  private static boolean isQuoteOrDash(char c) {
    return c == '\u2018'
        || c == '\u2019'
        || c == '\u201c'
        || c == '\u201d'
        || c == '\u2013'
        || c == '\u2014'
        || c == '\u00ab'
        || c == '\u00bb';
  }

  private static int longer(String text, int limit, int at, int length) {
    if (at + length > limit) {
      return -1;
    }
    int codePoint = text.charAt(at) & (length == 3 ? 0xF : 0x7);
    for (int i = 1; i < length; i++) {
      int low = Windows1252.continuation(text.charAt(at + i));
      if (low < 0) {
        return -1;
      }
      codePoint = codePoint << 6 | low & 0x3F;
    }
    return length == 4 && codePoint < 0x10000 ? -1 : codePoint;
  }
}
