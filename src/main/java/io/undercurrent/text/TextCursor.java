package io.undercurrent.text;

/**
 * Reads the code point at any index of a text, folded by {@link CharacterTable}. One cursor per
 * text; not thread-safe.
 */
final class TextCursor {

  private static final int MAX_ENTITY_CHARS = 10;
  private static final String[] ENTITIES = {
    "amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", " "
  };

  private final CharacterTable table = CharacterTable.frozen();
  private final String text;
  final int limit;

  /** The folded code point that {@link #read} found; -1 at the end of the text. */
  int codePoint;

  /** Its kind in the character table; a space at the end of the text. */
  byte kind;

  /** Whether it was upper case. */
  boolean upper;

  /** Where the code point behind it starts. */
  int next;

  /** Reads {@code text} as if it ended at {@code limit}. */
  TextCursor(String text, int limit) {
    this.text = text;
    this.limit = limit;
  }

  /** Reads the code point at this index into the fields. */
  void read(int at) {
    upper = false;
    if (at >= limit) {
      codePoint = -1;
      kind = CharacterTable.SPACE;
      next = at;
      return;
    }
    char c = text.charAt(at);
    codePoint = c;
    next = at + 1;
    if (c == '&') {
      readEntity(at);
    } else if (c >= 0xD800 && c <= 0xDBFF && next < limit) {
      char low = text.charAt(next);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        codePoint = ((c - 0xD800) << 10) + (low - 0xDC00) + 0x10000;
        next++;
      }
    }
    kind = table.kind(codePoint);
    if (kind == CharacterTable.SYMBOL) {
      return;
    }
    if (kind == CharacterTable.ALIAS) {
      codePoint = table.fold(codePoint);
      kind = table.kind(codePoint);
    }
    upper = kind == CharacterTable.UPPER;
    codePoint = table.fold(codePoint);
  }

  /** Reads {@code &amp;}, {@code &#39;} or {@code &#x27;} as the character that it stands for. */
  private void readEntity(int at) {
    int semicolon = at + 1;
    int last = Math.min(limit, at + MAX_ENTITY_CHARS);
    while (semicolon < last && text.charAt(semicolon) != ';') {
      semicolon++;
    }
    if (semicolon >= last || semicolon == at + 1) {
      return;
    }
    int decoded =
        text.charAt(at + 1) == '#'
            ? numericEntity(at + 2, semicolon)
            : namedEntity(at + 1, semicolon);
    if (decoded >= 0) {
      codePoint = decoded;
      next = semicolon + 1;
    }
  }

  private int namedEntity(int from, int to) {
    for (int i = 0; i < ENTITIES.length; i += 2) {
      if (ENTITIES[i].length() == to - from && text.startsWith(ENTITIES[i], from)) {
        return ENTITIES[i + 1].charAt(0);
      }
    }
    return -1;
  }

  private int numericEntity(int from, int to) {
    boolean hexadecimal = from < to && (text.charAt(from) | 0x20) == 'x';
    int first = hexadecimal ? from + 1 : from;
    if (first >= to || to - first > 6) {
      return -1;
    }
    int value = 0;
    for (int i = first; i < to; i++) {
      int digit = hexadecimalDigit(text.charAt(i));
      if (digit < 0 || digit >= (hexadecimal ? 16 : 10)) {
        return -1;
      }
      value = value * (hexadecimal ? 16 : 10) + digit;
    }
    return value <= 0x10FFFF ? value : -1;
  }

  /** The value of 0-9, a-f or A-F; -1 for other chars. */
  static int hexadecimalDigit(char c) {
    if (isAsciiDigit(c)) {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  static boolean isAsciiDigit(int c) {
    return c >= '0' && c <= '9';
  }

  static boolean isAsciiLetter(int c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  }

  static boolean isAsciiLetterOrDigit(int c) {
    return isAsciiLetter(c) || isAsciiDigit(c);
  }

  boolean isLetter() {
    return kind == CharacterTable.LETTER || kind == CharacterTable.UPPER;
  }

  boolean isLetterOrDigit() {
    return isLetter() || kind == CharacterTable.DIGIT;
  }

  /**
   * Whether a word that ends at this index would continue. A pattern that is refused for this
   * reason never ends a token.
   */
  boolean continuesWord(int at) {
    int from = at;
    read(from);
    while (kind == CharacterTable.IGNORED) {
      from = next;
      read(from);
    }
    return isLetterOrDigit() || kind == CharacterTable.MARK;
  }

  /** Whether digits that end at this index would continue as a number or a word. */
  boolean continuesNumber(int at) {
    if (continuesWord(at)) {
      return true;
    }
    read(at);
    if (codePoint != '.' && codePoint != ',' && codePoint != ':') {
      return false;
    }
    read(next);
    return kind == CharacterTable.DIGIT;
  }

  /** The char as it stands in the text; -1 behind its end. */
  int charAt(int at) {
    return at < limit ? text.charAt(at) : -1;
  }

  boolean matches(int at, String expected) {
    return at + expected.length() <= limit && text.startsWith(expected, at);
  }

  boolean matchesIgnoringCase(int at, String lower) {
    if (at + lower.length() > limit) {
      return false;
    }
    for (int i = 0; i < lower.length(); i++) {
      char c = text.charAt(at + i);
      if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
