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

  /** Tags that only {@link #behindWellFormedTag} knows. */
  private static final Set<String> MORE_TAGS =
      Set.of(
          ("abbr big cite dd del dl dt h4 h5 h6 html iframe ins kbd nav q samp tbody tfoot th thead tt"
                  + " wbr")
              .split(" "));

  /** Attributes that may stand without a value. */
  private static final Set<String> FLAGS =
      Set.of(
          "border compact controls disabled download hidden ismap nofollow noshade nowrap"
              .split(" "));

  private static final String[][] BRACKETS = {
    {"-lrb-", "("}, {"-rrb-", ")"}, {"-lsb-", "["}, {"-rsb-", "]"}, {"-lcb-", "{"}, {"-rcb-", "}"}
  };

  private Markup() {}

  /** The index behind the HTML tag that starts at {@code position}; -1 if none does. */
  static int behindTag(TextCursor cursor, int position, Normalizer normalizer) {
    return normalizer == Normalizer.NONE
        ? behindTag(cursor, position)
        : behindWellFormedTag(cursor, position);
  }

  /** Takes any words behind a tag's name for a part of the tag. */
  private static int behindTag(TextCursor cursor, int position) {
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
   * Accepts a name and attributes as HTML has them: {@code <br/>}, {@code <a href="x">}. Other
   * words in angle brackets are what someone wrote: {@code <name>}, {@code <i hate this>}.
   */
  private static int behindWellFormedTag(TextCursor cursor, int position) {
    int last = Math.min(cursor.limit, position + MAX_TAG_CHARS);
    int at = position + 1;
    boolean closing = cursor.charAt(at) == '/';
    if (closing) {
      at++;
    }
    int nameEnd = behindName(cursor, at, last);
    String name = lowerCase(cursor, at, nameEnd);
    if (!TAGS.contains(name) && !MORE_TAGS.contains(name)) {
      return -1;
    }
    at = nameEnd;
    while (at < last) {
      int space = at;
      at = behindSpace(cursor, at, last);
      if (cursor.charAt(at) == '>') {
        return at < last ? at + 1 : -1;
      }
      if (cursor.charAt(at) == '/' && !closing) {
        at++;
        continue;
      }
      at =
          closing || at == space && cursor.charAt(at - 1) != '/'
              ? -1
              : behindAttribute(cursor, at, last);
      if (at < 0) {
        return -1;
      }
    }
    return -1;
  }

  private static int behindName(TextCursor cursor, int from, int last) {
    int at = from;
    while (at < last
        && (TextCursor.isAsciiLetterOrDigit(cursor.charAt(at))
            || at > from && (cursor.charAt(at) == '-' || cursor.charAt(at) == ':'))) {
      at++;
    }
    return at;
  }

  /** Reads {@code name=value}, the value with quotes or without, or a name that needs no value. */
  private static int behindAttribute(TextCursor cursor, int from, int last) {
    int at = behindName(cursor, from, last);
    int nameEnd = at;
    at = behindSpace(cursor, at, last);
    if (nameEnd == from || cursor.charAt(at) != '=') {
      return FLAGS.contains(lowerCase(cursor, from, nameEnd)) ? nameEnd : -1;
    }
    at = behindSpace(cursor, at + 1, last);
    int quote = cursor.charAt(at);
    if (quote == '"' || quote == '\'') {
      do {
        at++;
      } while (at < last && cursor.charAt(at) != quote);
      return at < last ? at + 1 : -1;
    }
    int valueStart = at;
    while (at < last
        && cursor.charAt(at) > ' '
        && cursor.charAt(at) != '>'
        && cursor.charAt(at) != '<') {
      at++;
    }
    return at > valueStart ? at : -1;
  }

  private static int behindSpace(TextCursor cursor, int from, int last) {
    int at = from;
    while (at < last && isSpace(cursor.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(int c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  private static String lowerCase(TextCursor cursor, int from, int to) {
    StringBuilder lower = new StringBuilder();
    for (int at = from; at < Math.min(to, from + MAX_TAG_NAME); at++) {
      int c = cursor.charAt(at);
      lower.append((char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
    return to - from > MAX_TAG_NAME ? "" : lower.toString();
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
