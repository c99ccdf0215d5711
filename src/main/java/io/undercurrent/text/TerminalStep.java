package io.undercurrent.text;

/**
 * Leaves out what programs send to colour a terminal (ECMA-48): {@code ESC [ 31 m}, {@code ESC ]
 * title BEL}, {@code ESC ( B}. A sequence that does not end is no sequence.
 */
final class TerminalStep implements TextStep {

  static final char ESC = 0x1B;

  private static final char BELL = 0x7;

  /** Maximum chars of a sequence: it bounds the work. */
  private static final int MAX_CONTROL = 64;

  private static final int MAX_COMMAND = 1024;

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    if (c == ESC && at + 2 < limit) {
      int behind =
          switch (text.charAt(at + 1)) {
            case '[' -> behindControl(text, limit, at + 2);
            case ']' -> behindCommand(text, limit, at + 2);
            case '(', ')', '*', '+' -> behindCharset(text, at + 2);
            default -> -1;
          };
      if (behind > 0) {
        return behind;
      }
    }
    out.append(c);
    return at + 1;
  }

  private static int behindControl(String text, int limit, int from) {
    int last = Math.min(limit, from + MAX_CONTROL);
    int at = from;
    while (at < last && text.charAt(at) >= ' ' && text.charAt(at) <= '?') {
      at++;
    }
    return at < last && text.charAt(at) >= '@' && text.charAt(at) <= '~' ? at + 1 : -1;
  }

  private static int behindCommand(String text, int limit, int from) {
    int last = Math.min(limit, from + MAX_COMMAND);
    for (int at = from; at < last; at++) {
      char c = text.charAt(at);
      if (c == BELL) {
        return at + 1;
      }
      if (c == ESC) {
        return at + 1 < last && text.charAt(at + 1) == '\\' ? at + 2 : -1;
      }
    }
    return -1;
  }

  private static int behindCharset(String text, int at) {
    char c = text.charAt(at);
    return TextCursor.isAsciiLetterOrDigit(c) ? at + 1 : -1;
  }
}
