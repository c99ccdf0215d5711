package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;

/**
 * Finds raw tokens in one forward scan. One scanner per text; not thread-safe.
 *
 * <p>Two rules make the scanner read a prefix of a text like the text itself. A token is as long as
 * its pattern allows, so it ends the same way where the text ends right behind it. Where a longer
 * pattern is refused because of the char behind it (":D" in ":Dog"), that char is part of the same
 * following token, so no token ends in between.
 */
final class Scanner {

  /** The em dash, which separates two words where a hyphen would join them. */
  private static final int DASH = 0x2014;

  private static final int ELLIPSIS = 0x2026;
  private static final int JOINER = 0x200D;
  private static final int MAX_ACRONYM_LETTERS = 16;
  private static final int MAX_JOINTS = 4;

  private static final String[] CLITICS = {
    "s", "t", "re", "ve", "ll", "d", "m", "em", "til", "cause"
  };

  private final TextCursor cursor;
  private final Normalizer normalizer;

  private int position;

  /**
   * Where the last word or number ended: an emoticon or @ that starts there does not stand free.
   */
  private int glue = -1;

  /** Reads a text that this normaliser has read. */
  Scanner(NormalizedText text, Normalizer normalizer) {
    this.cursor = new TextCursor(text.text(), text.length());
    this.normalizer = normalizer;
  }

  /** Fills the slot with the next token; its kind is {@link Kind#END} at the end of the text. */
  void next(RawToken token) {
    token.reset();
    skipSpace(token);
    if (position >= cursor.limit) {
      token.kind = Kind.END;
      token.end = cursor.limit;
      return;
    }
    cursor.read(position);
    switch (cursor.kind) {
      case CharacterTable.LETTER, CharacterTable.UPPER, CharacterTable.MARK -> scanWord(token);
      case CharacterTable.DIGIT -> scanNumber(token);
      case CharacterTable.EMOJI -> scanEmoji(token);
      case CharacterTable.REGIONAL -> scanFlag(token);
      default -> scanSign(token);
    }
    token.end = position;
    if (token.kind == Kind.WORD || token.kind == Kind.NUMBER || token.kind == Kind.HASHTAG) {
      glue = position;
    }
  }

  private void skipSpace(RawToken token) {
    while (position < cursor.limit) {
      int c = cursor.charAt(position);
      if (c == '\n') {
        token.lineStart = true;
      }
      if (c == '<') {
        int behind = Markup.behindTag(cursor, position, normalizer);
        if (behind < 0) {
          return;
        }
        token.lineStart = true;
        position = behind;
        continue;
      }
      cursor.read(position);
      if (cursor.kind != CharacterTable.SPACE && cursor.kind != CharacterTable.IGNORED) {
        return;
      }
      position = cursor.next;
    }
  }

  private void scanWord(RawToken token) {
    if (matchAcronym(token)) {
      return;
    }
    token.kind = Kind.WORD;
    appendWord(token);
    joinSpacedNot(token);
    countCase(token);
    if (Links.isLink(cursor, token, position)) {
      position = Links.endOfLink(cursor, position);
      token.kind = Kind.URL;
      return;
    }
    if (cursor.charAt(position) == '@') {
      cursor.read(position + 1);
      if (cursor.isLetterOrDigit()) {
        position = Links.endOfAddress(cursor, position + 1);
        token.kind = Kind.USER;
      }
    }
  }

  /**
   * Appends letters, marks and digits, and the apostrophes, hyphens, underscores and asterisks
   * between them.
   */
  private void appendWord(RawToken token) {
    int at = position;
    cursor.read(at);
    while (true) {
      if (cursor.isLetterOrDigit() || cursor.kind == CharacterTable.MARK) {
        if (!token.append(cursor.codePoint, cursor.upper)) {
          break;
        }
        at = cursor.next;
        cursor.read(at);
      } else if (cursor.kind == CharacterTable.IGNORED) {
        at = cursor.next;
        cursor.read(at);
      } else if (cursor.codePoint == '\''
          || cursor.codePoint == '-'
          || cursor.codePoint == '_'
          || cursor.codePoint == '*') {
        int joint = cursor.codePoint;
        int joints = 1;
        int behind = cursor.next;
        cursor.read(behind);
        while (cursor.codePoint == joint && (joint == '*' || joint == '_') && joints < MAX_JOINTS) {
          joints++;
          behind = cursor.next;
          cursor.read(behind);
        }
        if (!(cursor.isLetter() || cursor.kind == CharacterTable.DIGIT && joint != '\'')
            || token.length + joints + 2 > RawToken.MAX_CHARS) {
          break;
        }
        for (int i = 0; i < joints; i++) {
          token.append(joint, false);
        }
        at = behind;
      } else {
        break;
      }
    }
    position = at;
  }

  /** Joins what some corpora split: "do n 't" is read as do n't, and "don 't" as don't. */
  private void joinSpacedNot(RawToken token) {
    if (token.length == 0
        || token.length + 2 > RawToken.MAX_CHARS
        || token.text[token.length - 1] != 'n'
        || cursor.charAt(position) != ' ') {
      return;
    }
    cursor.read(position + 1);
    if (cursor.codePoint != '\'') {
      return;
    }
    cursor.read(cursor.next);
    if (cursor.codePoint != 't') {
      return;
    }
    boolean t = cursor.upper;
    int behind = cursor.next;
    if (!cursor.continuesWord(behind)) {
      token.append('\'', false);
      token.append('t', t);
      position = behind;
    }
  }

  private static void countCase(RawToken token) {
    int letters = 0;
    int uppers = 0;
    boolean not = token.endsWith("n't");
    for (int i = 0; i < token.length; i++) {
      char c = token.text[i];
      if (c == '\'' && !not) {
        break;
      }
      if (token.upperAt(i)) {
        letters++;
        uppers++;
      } else if (TextCursor.isAsciiLetter(c) || c >= 0xC0 && c < 0x250 || c >= 0x370 && c < 0x590) {
        letters++; // scripts that have no case do not count
      }
    }
    token.letters = letters;
    token.uppers = uppers;
  }

  /** Reads single letters with dots between them, the last dot optional: U.S., e.g, a.m. */
  private boolean matchAcronym(RawToken token) {
    if (cursor.charAt(position + 1) != '.' || !TextCursor.isAsciiLetter(cursor.charAt(position))) {
      return false;
    }
    int at = position;
    int letters = 1;
    while (TextCursor.isAsciiLetter(cursor.charAt(at + 2))
        && cursor.charAt(at + 1) == '.'
        && letters < MAX_ACRONYM_LETTERS
        && !cursor.continuesWord(at + 3)) {
      at += 2;
      letters++;
    }
    if (letters == 1) {
      return false;
    }
    for (int i = 0; i < letters; i++) {
      cursor.read(position + 2 * i);
      token.append(cursor.codePoint, cursor.upper);
      token.append('.', false);
    }
    position = at + 1;
    if (cursor.charAt(position) == '.') {
      position++;
    }
    token.kind = Kind.WORD;
    if (token.is("o.o.")) {
      token.set(Kind.EMOTICON, "o_o");
    }
    return true;
  }

  private void scanNumber(RawToken token) {
    token.kind = Kind.NUMBER;
    int at = position;
    cursor.read(at);
    while (true) {
      if (cursor.kind == CharacterTable.DIGIT) {
        if (!token.append(cursor.codePoint, false)) {
          break;
        }
        at = cursor.next;
        cursor.read(at);
      } else if (cursor.kind == CharacterTable.IGNORED) {
        at = cursor.next;
        cursor.read(at);
      } else if (cursor.codePoint == '.' || cursor.codePoint == ',' || cursor.codePoint == ':') {
        int separator = cursor.codePoint;
        int behind = cursor.next;
        cursor.read(behind);
        if (cursor.kind != CharacterTable.DIGIT || token.length + 2 > RawToken.MAX_CHARS) {
          break;
        }
        token.append(separator, false);
        at = behind;
      } else {
        break;
      }
    }
    token.digits = token.length;
    cursor.read(at);
    while ((cursor.isLetterOrDigit()
            || cursor.kind == CharacterTable.MARK
            || cursor.kind == CharacterTable.IGNORED)
        && (cursor.kind == CharacterTable.IGNORED
            || token.append(cursor.codePoint, cursor.upper))) {
      at = cursor.next;
      cursor.read(at);
    }
    position = at;
    countCase(token);
  }

  /** Reads one emoji with its modifiers; a joined sequence is read as its first emoji. */
  private void scanEmoji(RawToken token) {
    token.kind = Kind.EMOJI;
    token.append(cursor.codePoint, false);
    int end = cursor.next;
    int at = end;
    cursor.read(at);
    while (cursor.kind == CharacterTable.IGNORED) {
      boolean joiner = cursor.codePoint == JOINER;
      at = cursor.next;
      end = at;
      cursor.read(at);
      if (joiner && cursor.kind == CharacterTable.EMOJI) {
        at = cursor.next;
        end = at;
        cursor.read(at);
      }
    }
    position = end;
  }

  private void scanFlag(RawToken token) {
    token.kind = Kind.FLAG;
    position = cursor.next;
    cursor.read(position);
    if (cursor.kind == CharacterTable.REGIONAL) {
      position = cursor.next;
    }
  }

  // ---- signs ----

  private void scanSign(RawToken token) {
    if (matchElsewhere(token)) {
      return;
    }
    cursor.read(position);
    boolean matched =
        switch (cursor.codePoint) {
          case '@' -> matchUser(token);
          case '#' -> matchHashtag(token);
          case '\'' -> matchClitic(token);
          default -> false;
        };
    if (!matched) {
      cursor.read(position);
      scanPunctuation(token);
    }
  }

  private boolean matchElsewhere(RawToken token) {
    int end = Markup.match(cursor, position, token);
    if (end < 0) {
      end = Emoticons.match(cursor, position, position != glue, token);
    }
    if (end >= 0) {
      position = end;
    }
    return end >= 0;
  }

  /**
   * Reads one sign. A run of the same sign is read as one, and marked as repeated where the run
   * adds meaning.
   */
  private void scanPunctuation(RawToken token) {
    skipEscape();
    token.kind = Kind.PUNCTUATION;
    int sign = cursor.codePoint;
    boolean dots = sign == '.' || sign == ELLIPSIS;
    int first = cursor.next;
    int run = 1;
    int end = first;
    cursor.read(end);
    while (cursor.codePoint == sign
        || dots && (cursor.codePoint == '.' || cursor.codePoint == ELLIPSIS)) {
      run++;
      end = cursor.next;
      cursor.read(end);
    }
    position = end;
    if (dots) {
      token.set(Kind.PUNCTUATION, run > 1 || sign == ELLIPSIS ? "..." : ".");
    } else if (sign == '-' || sign == DASH) {
      token.append('-', false);
    } else if (sign == '\'' && run == 2) {
      token.append('"', false);
    } else {
      token.append(sign, false);
      token.repeated = run > (sign == '!' || sign == '?' ? 1 : 2);
      if (!token.repeated) {
        position = first;
      }
    }
  }

  /** Skips the backslash by which some corpora escape a slash or an asterisk. */
  private void skipEscape() {
    if (cursor.codePoint == '\\') {
      cursor.read(cursor.next);
      if (cursor.codePoint != '/' && cursor.codePoint != '*') {
        cursor.read(position);
      }
    }
  }

  private boolean matchUser(RawToken token) {
    if (position == glue) {
      return false;
    }
    int at = cursor.next;
    cursor.read(at);
    if (!(cursor.isLetterOrDigit() || cursor.codePoint == '_')) {
      return false;
    }
    while (cursor.isLetterOrDigit() || cursor.codePoint == '_') {
      at = cursor.next;
      cursor.read(at);
    }
    token.kind = Kind.USER;
    position = at;
    return true;
  }

  private boolean matchHashtag(RawToken token) {
    int at = cursor.next;
    boolean letter = false;
    cursor.read(at);
    while ((cursor.isLetterOrDigit()
            || cursor.kind == CharacterTable.MARK
            || cursor.codePoint == '_')
        && token.append(cursor.codePoint, cursor.upper)) {
      letter |= cursor.isLetter();
      at = cursor.next;
      cursor.read(at);
    }
    if (!letter) {
      token.length = 0;
      token.upperBits = 0;
      return false;
    }
    token.kind = Kind.HASHTAG;
    position = at;
    return true;
  }

  /** Reads 's 're 've 'll 'd 'm that stand apart from their word, and 'em 'til 'cause. */
  private boolean matchClitic(RawToken token) {
    cursor.read(position);
    int at = cursor.next;
    for (String clitic : CLITICS) {
      if (cursor.matchesIgnoringCase(at, clitic) && !cursor.continuesWord(at + clitic.length())) {
        token.set(Kind.WORD, "'" + clitic);
        position = at + clitic.length();
        return true;
      }
    }
    return false;
  }
}
