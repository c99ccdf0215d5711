package io.undercurrent.cli;

/**
 * Makes text safe for a terminal. Texts, keys, names of models and files come from anywhere, and a
 * terminal obeys control characters: they move the cursor, change its title, or answer on standard
 * input. Characters that turn the direction of writing make a line read as something else. Such a
 * character is written as in a string of JSON: a backslash, u, and four hexadecimal digits. So JSON
 * stays the same JSON.
 */
final class Printable {

  private Printable() {}

  /** A text of one line. Line feeds and tabs are replaced too. */
  static String of(String text) {
    return of(text, false);
  }

  /** A text of several lines: line feeds and tabs stay. */
  static String lines(String text) {
    return of(text, true);
  }

  private static String of(String text, boolean lines) {
    StringBuilder printable = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean replaced = isUnsafe(c) || !lines && (c == '\n' || c == '\t');
      if (replaced && printable == null) {
        printable = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (replaced) {
        printable.append(escaped(c));
      } else if (printable != null) {
        printable.append(c);
      }
    }
    return printable == null ? text : printable.toString();
  }

  /**
   * Whether a terminal may do anything but show the character: a control character other than line
   * feed and tab, a line separator, or a control of the writing's direction (Unicode's property
   * {@code Bidi_Control}). All of them are in the basic plane.
   */
  static boolean isUnsafe(int c) {
    return c < ' ' && c != '\n' && c != '\t'
        || c >= 0x7f && c < 0xa0
        || c == 0x61c
        || c == 0x200e
        || c == 0x200f
        || c >= 0x2028 && c <= 0x202e
        || c >= 0x2066 && c <= 0x2069;
  }

  /** The character as it is written in a string of JSON. */
  static String escaped(int c) {
    return String.format("\\u%04x", c);
  }
}
