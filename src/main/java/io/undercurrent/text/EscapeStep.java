package io.undercurrent.text;

/**
 * Reads quotes behind backslashes as quotes ({@code don\'t}, {@code \\"}), and {@code \u2019} as
 * the char with this number. Other backslashes stay.
 */
final class EscapeStep implements TextStep {

  /** A longer run of backslashes keeps those before the last of these: it bounds the work. */
  private static final int MAX_BACKSLASHES = 8;

  private static final int DIGITS = 4;

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    if (c != '\\') {
      out.append(c);
      return at + 1;
    }
    int last = Math.min(limit, at + MAX_BACKSLASHES);
    int behind = at + 1;
    while (behind < last && text.charAt(behind) == '\\') {
      behind++;
    }
    if (behind < limit) {
      char escaped = text.charAt(behind);
      if (isQuote(escaped)) {
        out.append(escaped);
        return behind + 1;
      }
      int number = escaped == 'u' ? hexadecimal(text, behind + 1, limit) : -1;
      if (number > 0) {
        out.append((char) number);
        return behind + 1 + DIGITS;
      }
    }
    out.append(c);
    return at + 1;
  }

  private static boolean isQuote(char c) {
    return c == '\''
        || c == '"'
        || c == '`'
        || c == 0xB4
        || c == 0x2018
        || c == 0x2019
        || c == 0x201C
        || c == 0x201D;
  }

  private static int hexadecimal(String text, int from, int limit) {
    if (from + DIGITS > limit) {
      return -1;
    }
    int number = 0;
    for (int i = from; i < from + DIGITS; i++) {
      int digit = TextCursor.hexadecimalDigit(text.charAt(i));
      if (digit < 0) {
        return -1;
      }
      number = number * 16 + digit;
    }
    return number;
  }
}
