package io.undercurrent.text;

import java.util.Set;

/** Finds where links and addresses end. */
final class Links {

  private static final int MAX_DOMAIN_LABELS = 4;

  private static final Set<String> TOP_LEVEL_DOMAINS =
      Set.of("com org net edu gov info biz io co uk ly tv fm de fr gl".split(" "));

  private Links() {}

  /**
   * Whether a link begins with this word, which ends at {@code position}: http, www. or a domain
   * such as foo.org.
   */
  static boolean isLink(TextCursor cursor, RawToken word, int position) {
    if (word.is("http") || word.is("https")) {
      return true;
    }
    if (cursor.charAt(position) != '.') {
      return false;
    }
    if (word.is("www")) {
      cursor.read(position + 1);
      return cursor.isLetterOrDigit();
    }
    int at = position;
    for (int label = 0; label < MAX_DOMAIN_LABELS && cursor.charAt(at) == '.'; label++) {
      int from = at + 1;
      at = from;
      while (at - from < RawToken.MAX_CHARS
          && (TextCursor.isAsciiLetterOrDigit(cursor.charAt(at))
              || cursor.charAt(at) == '-'
                  && TextCursor.isAsciiLetterOrDigit(cursor.charAt(at + 1)))) {
        at++;
      }
      if (at == from) {
        return false;
      }
      if (isTopLevel(cursor, from, at) && !cursor.continuesWord(at)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isTopLevel(TextCursor cursor, int from, int to) {
    for (String domain : TOP_LEVEL_DOMAINS) {
      if (domain.length() == to - from && cursor.matchesIgnoringCase(from, domain)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The index behind a link: it ends before the next space, quote or angle bracket, and without the
   * punctuation of the sentence around it.
   */
  static int endOfLink(TextCursor cursor, int from) {
    int at = from;
    int end = from;
    cursor.read(at);
    while (at < cursor.limit
        && cursor.kind != CharacterTable.SPACE
        && cursor.codePoint != '"'
        && cursor.codePoint != '<'
        && cursor.codePoint != '>'
        && cursor.kind != CharacterTable.EMOJI) {
      boolean inside = cursor.isLetterOrDigit() || "/_-=&#%+~$".indexOf(cursor.codePoint) >= 0;
      at = cursor.next;
      if (inside) {
        end = at;
      }
      cursor.read(at);
    }
    return end;
  }

  /** The index behind a mail address: behind its last letter or digit after the @. */
  static int endOfAddress(TextCursor cursor, int from) {
    int at = from;
    int end = from;
    cursor.read(at);
    while (cursor.isLetterOrDigit()
        || cursor.codePoint == '.'
        || cursor.codePoint == '-'
        || cursor.codePoint == '_') {
      at = cursor.next;
      if (cursor.isLetterOrDigit()) {
        end = at;
      }
      cursor.read(at);
    }
    return end;
  }
}
