package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;
import java.util.Set;

/** Finds HTML tags, and the marks that published corpora put in place of words and signs. */
final class Markup {

  private static final int MAX_TAG_CHARS = 256;
  private static final int MAX_TAG_NAME = 12;
  private static final int MAX_MASK_CHARS = 24;

  private static final Set<String> TAGS =
      Set.of(
          ("a b blockquote br center code div em font h1 h2 h3 hr i img li ol p pre s small span strong sub sup"
                  + " table td tr u ul")
              .split(" "));

  private static final String[][] BRACKETS = {
    {"-lrb-", "("}, {"-rrb-", ")"}, {"-lsb-", "["}, {"-rsb-", "]"}, {"-lcb-", "{"}, {"-rcb-", "}"}
  };

  private Markup() {}

  /** The index behind the HTML tag that starts at {@code position}; -1 if none does. */
  static int behindTag(TextCursor cursor, int position) {
    int at = position + 1;
    if (cursor.charAt(at) == '/') {
      at++;
    }
    int nameStart = at;
    while (at - nameStart < MAX_TAG_NAME && TextCursor.isAsciiLetterOrDigit(cursor.charAt(at))) {
      at++;
    }
    int nameEnd = at;
    int c = cursor.charAt(at);
    if (nameEnd == nameStart || c != '>' && c != '/' && c != ' ') {
      return -1;
    }
    int last = Math.min(cursor.limit, position + MAX_TAG_CHARS);
    while (at < last && cursor.charAt(at) != '>' && cursor.charAt(at) != '<') {
      at++;
    }
    if (cursor.charAt(at) != '>' || at >= last) {
      return -1;
    }
    for (String tag : TAGS) {
      if (tag.length() == nameEnd - nameStart && cursor.matchesIgnoringCase(nameStart, tag)) {
        return at + 1;
      }
    }
    return -1;
  }

  /**
   * Fills the token if a mark starts here: [NAME], -lrb-, {@code <unk>}.
   *
   * @return the index behind the mark; -1 if none starts here
   */
  static int match(TextCursor cursor, int at, RawToken token) {
    return switch (cursor.charAt(at)) {
      case '[' -> matchMask(cursor, at, token);
      case '-' -> matchBracket(cursor, at, token);
      case '<' -> matchMark(cursor, at, token);
      default -> -1;
    };
  }

  /** Reads [NAME], [RELIGION]: words that a data set hides. */
  private static int matchMask(TextCursor cursor, int at, RawToken token) {
    int end = at + 1;
    while (end - at < MAX_MASK_CHARS && cursor.charAt(end) >= 'A' && cursor.charAt(end) <= 'Z') {
      end++;
    }
    if (end - at < 3 || cursor.charAt(end) != ']') {
      return -1;
    }
    token.kind = Kind.NAME;
    return end + 1;
  }

  private static int matchBracket(TextCursor cursor, int at, RawToken token) {
    for (String[] bracket : BRACKETS) {
      if (cursor.matchesIgnoringCase(at, bracket[0])) {
        token.set(Kind.PUNCTUATION, bracket[1]);
        return at + bracket[0].length();
      }
    }
    return -1;
  }

  private static int matchMark(TextCursor cursor, int at, RawToken token) {
    if (cursor.matches(at, "<unk>")) {
      token.kind = Kind.UNKNOWN;
      return at + 5;
    }
    if (cursor.matches(at, "<user>")) {
      token.kind = Kind.USER;
      return at + 6;
    }
    if (cursor.matches(at, "<url>")) {
      token.kind = Kind.URL;
      return at + 5;
    }
    return -1;
  }
}
