package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;
import java.util.Set;

/**
 * Finds raw tokens in one forward scan. One scanner per text; not thread-safe.
 *
 * <p>Two rules keep every prefix of a text readable like the text itself. A token is as long as its
 * pattern allows, so it ends the same way where the text ends right behind it. And where a longer
 * pattern is refused because of the char behind it (":D" in ":Dog"), that char belongs to the same
 * following token, so that no token ends in between.
 */
final class Scanner {

  /** A long dash: ends a word where a hyphen would join two. */
  private static final int DASH = 0x2014;

  private static final int ELLIPSIS = 0x2026;
  private static final int JOINER = 0x200D;

  /** Longest run of letters or digits that a single sign may be made of (":DDD", "<333"). */
  private static final int MAX_LETTER_RUN = 8;

  private static final int MAX_TAG_CHARS = 256;
  private static final int MAX_DOMAIN_LABELS = 4;

  private static final Set<String> TAGS =
      Set.of(
          "a",
          "b",
          "blockquote",
          "br",
          "center",
          "code",
          "div",
          "em",
          "font",
          "h1",
          "h2",
          "h3",
          "hr",
          "i",
          "img",
          "li",
          "ol",
          "p",
          "pre",
          "s",
          "small",
          "span",
          "strong",
          "sub",
          "sup",
          "table",
          "td",
          "tr",
          "u",
          "ul");

  private static final Set<String> TOP_LEVEL_DOMAINS =
      Set.of(
          "com", "org", "net", "edu", "gov", "info", "biz", "io", "co", "uk", "ly", "tv", "fm",
          "de", "fr", "gl");

  private static final String[] BRACKETS = {
    "-lrb-", "(", "-rrb-", ")", "-lsb-", "[", "-rsb-", "]", "-lcb-", "{", "-rcb-", "}"
  };
  private static final String[] ENTITIES = {
    "amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", " "
  };
  private static final String[] CLITICS = {
    "s", "t", "re", "ve", "ll", "d", "m", "em", "til", "cause"
  };
  private static final String[] FACES = {
    "^_^", "^.^", "^-^", "-_-", "-.-", "._.", ">_<", ">.<", ";_;", ";-;", "*_*", "*-*", "=_=",
    "\\o/", "^^"
  };
  private static final String[] FACE_TOKENS = {
    "^_^", "^_^", "^_^", "-_-", "-_-", "._.", ">_<", ">_<", ";_;", ";_;", "*_*", "*_*", "=_=",
    "\\o/", "^_^"
  };

  private final CharacterTable table = CharacterTable.frozen();
  private final String text;
  private final int limit;

  private int position;

  // The code point that read(at) found: what it is read as, its kind, and where the next one
  // starts.
  private int codePoint;
  private byte kind;
  private boolean upper;
  private int next;

  /** Where the last letter or digit before the position ended, to know what stands free. */
  private int glue = -1;

  /** Reads {@code text} as if it ended at {@code limit}. */
  Scanner(String text, int limit) {
    this.text = text;
    this.limit = limit;
  }

  /** Fills the slot with the next token, {@link Kind#END} at the end of the text. */
  void next(RawToken token) {
    token.reset();
    skipSpace(token);
    if (position >= limit) {
      token.kind = Kind.END;
      token.end = limit;
      return;
    }
    read(position);
    switch (kind) {
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

  // ---- reading code points ----

  private void read(int at) {
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

  /** {@code &amp;}, {@code &#39;}, {@code &#x27;}: read as the character they stand for. */
  private void readEntity(int at) {
    int semicolon = at + 1;
    int last = Math.min(limit, at + 10);
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
      char c = text.charAt(i);
      int digit =
          isAsciiDigit(c)
              ? c - '0'
              : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;
      if (digit >= (hexadecimal ? 16 : 10)) {
        return -1;
      }
      value = value * (hexadecimal ? 16 : 10) + digit;
    }
    return value <= 0x10FFFF ? value : -1;
  }

  private static boolean isAsciiDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isAsciiLetter(int c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  }

  private static boolean isAsciiLetterOrDigit(int c) {
    return isAsciiLetter(c) || isAsciiDigit(c);
  }

  private boolean isLetter() {
    return kind == CharacterTable.LETTER || kind == CharacterTable.UPPER;
  }

  private boolean isLetterOrDigit() {
    return isLetter() || kind == CharacterTable.DIGIT;
  }

  /**
   * Whether the word that ends here would go on: what is refused for this reason never ends a
   * token.
   */
  private boolean continuesWord(int at) {
    int from = at;
    read(from);
    while (kind == CharacterTable.IGNORED) {
      from = next;
      read(from);
    }
    return isLetterOrDigit() || kind == CharacterTable.MARK;
  }

  private int charAt(int at) {
    return at < limit ? text.charAt(at) : -1;
  }

  private boolean matches(int at, String expected) {
    return at + expected.length() <= limit && text.startsWith(expected, at);
  }

  private boolean matchesIgnoringCase(int at, String lower) {
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

  private boolean standsFree() {
    return position != glue;
  }

  // ---- what is not a token ----

  private void skipSpace(RawToken token) {
    while (position < limit) {
      char c = text.charAt(position);
      if (c == '\n') {
        token.lineStart = true;
      }
      if (c == '<') {
        int behind = behindTag();
        if (behind < 0) {
          return;
        }
        token.lineStart = true;
        position = behind;
        continue;
      }
      read(position);
      if (kind != CharacterTable.SPACE && kind != CharacterTable.IGNORED) {
        return;
      }
      position = next;
    }
  }

  /** Where the text goes on behind the HTML tag at the position; -1 if there is none. */
  private int behindTag() {
    int at = position + 1;
    if (charAt(at) == '/') {
      at++;
    }
    int nameStart = at;
    while (at - nameStart < 12 && isAsciiLetterOrDigit(charAt(at))) {
      at++;
    }
    int nameEnd = at;
    int c = charAt(at);
    if (nameEnd == nameStart || c != '>' && c != '/' && c != ' ') {
      return -1;
    }
    int last = Math.min(limit, position + MAX_TAG_CHARS);
    while (at < last && text.charAt(at) != '>' && text.charAt(at) != '<') {
      at++;
    }
    if (charAt(at) != '>' || at >= last) {
      return -1;
    }
    for (String tag : TAGS) {
      if (tag.length() == nameEnd - nameStart && matchesIgnoringCase(nameStart, tag)) {
        return at + 1;
      }
    }
    return -1;
  }

  // ---- words and numbers ----

  private void scanWord(RawToken token) {
    if (matchAcronym(token)) {
      return;
    }
    token.kind = Kind.WORD;
    appendWord(token);
    joinSpacedNot(token);
    countCase(token);
    if (isLink(token)) {
      position = endOfLink(position);
      token.kind = Kind.URL;
      return;
    }
    if (charAt(position) == '@') {
      read(position + 1);
      if (isLetterOrDigit()) {
        position = endOfAddress(position + 1);
        token.kind = Kind.USER;
      }
    }
  }

  /**
   * Letters, marks and digits; inner apostrophes, hyphens, underscores and asterisks between them.
   */
  private void appendWord(RawToken token) {
    int at = position;
    read(at);
    while (true) {
      if (isLetterOrDigit() || kind == CharacterTable.MARK) {
        if (!token.append(codePoint, upper)) {
          break;
        }
        at = next;
        read(at);
      } else if (kind == CharacterTable.IGNORED) {
        at = next;
        read(at);
      } else if (codePoint == '\'' || codePoint == '-' || codePoint == '_' || codePoint == '*') {
        int joint = codePoint;
        int joints = 1;
        int behind = next;
        read(behind);
        while (codePoint == joint && (joint == '*' || joint == '_') && joints < 4) {
          joints++;
          behind = next;
          read(behind);
        }
        if (!(isLetter() || kind == CharacterTable.DIGIT && joint != '\'')
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

  /** "do n 't" and "don 't", as some corpora split them, are read as n't and don't. */
  private void joinSpacedNot(RawToken token) {
    if (token.length == 0
        || token.length + 2 > RawToken.MAX_CHARS
        || token.text[token.length - 1] != 'n'
        || charAt(position) != ' ') {
      return;
    }
    read(position + 1);
    if (codePoint != '\'') {
      return;
    }
    read(next);
    if (codePoint != 't') {
      return;
    }
    boolean t = upper;
    int behind = next;
    if (!continuesWord(behind)) {
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
      } else if (isAsciiLetter(c) || c >= 0xC0 && c < 0x250 || c >= 0x370 && c < 0x590) {
        letters++; // scripts that have no case do not count
      }
    }
    token.letters = letters;
    token.uppers = uppers;
  }

  /** U.S., e.g, a.m.: single letters with dots between, the last dot optional. */
  private boolean matchAcronym(RawToken token) {
    if (charAt(position + 1) != '.' || !isAsciiLetter(charAt(position))) {
      return false;
    }
    int at = position;
    int letters = 1;
    while (isAsciiLetter(charAt(at + 2))
        && charAt(at + 1) == '.'
        && letters < 16
        && !continuesWord(at + 3)) {
      at += 2;
      letters++;
    }
    if (letters == 1) {
      return false;
    }
    for (int i = 0; i < letters; i++) {
      read(position + 2 * i);
      token.append(codePoint, upper);
      token.append('.', false);
    }
    position = at + 1;
    if (charAt(position) == '.') {
      position++;
    }
    token.kind = Kind.WORD;
    if (token.is("o.o.")) {
      token.set(Kind.EMOTICON, "o_o");
    }
    return true;
  }

  private boolean isLink(RawToken word) {
    if (word.is("http") || word.is("https")) {
      return true;
    }
    if (charAt(position) != '.') {
      return false;
    }
    if (word.is("www")) {
      read(position + 1);
      return isLetterOrDigit();
    }
    int at = position;
    for (int label = 0; label < MAX_DOMAIN_LABELS && charAt(at) == '.'; label++) {
      int from = at + 1;
      at = from;
      while (at - from < RawToken.MAX_CHARS
          && (isAsciiLetterOrDigit(charAt(at))
              || charAt(at) == '-' && isAsciiLetterOrDigit(charAt(at + 1)))) {
        at++;
      }
      if (at == from) {
        return false;
      }
      if (isTopLevel(from, at) && !continuesWord(at)) {
        return true;
      }
    }
    return false;
  }

  private boolean isTopLevel(int from, int to) {
    for (String domain : TOP_LEVEL_DOMAINS) {
      if (domain.length() == to - from && matchesIgnoringCase(from, domain)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Up to the next space, quote or angle bracket, without the punctuation of the sentence around
   * it.
   */
  private int endOfLink(int from) {
    int at = from;
    int end = from;
    read(at);
    while (at < limit
        && kind != CharacterTable.SPACE
        && codePoint != '"'
        && codePoint != '<'
        && codePoint != '>'
        && kind != CharacterTable.EMOJI) {
      boolean inside = isLetterOrDigit() || "/_-=&#%+~$".indexOf(codePoint) >= 0;
      at = next;
      if (inside) {
        end = at;
      }
      read(at);
    }
    return end;
  }

  private int endOfAddress(int from) {
    int at = from;
    int end = from;
    read(at);
    while (isLetterOrDigit() || codePoint == '.' || codePoint == '-' || codePoint == '_') {
      at = next;
      if (isLetterOrDigit()) {
        end = at;
      }
      read(at);
    }
    return end;
  }

  private void scanNumber(RawToken token) {
    token.kind = Kind.NUMBER;
    int at = position;
    read(at);
    while (true) {
      if (kind == CharacterTable.DIGIT) {
        if (!token.append(codePoint, false)) {
          break;
        }
        at = next;
        read(at);
      } else if (kind == CharacterTable.IGNORED) {
        at = next;
        read(at);
      } else if (codePoint == '.' || codePoint == ',' || codePoint == ':') {
        int separator = codePoint;
        int behind = next;
        read(behind);
        if (kind != CharacterTable.DIGIT || token.length + 2 > RawToken.MAX_CHARS) {
          break;
        }
        token.append(separator, false);
        at = behind;
      } else {
        break;
      }
    }
    token.digits = token.length;
    read(at);
    while ((isLetterOrDigit() || kind == CharacterTable.MARK || kind == CharacterTable.IGNORED)
        && (kind == CharacterTable.IGNORED || token.append(codePoint, upper))) {
      at = next;
      read(at);
    }
    position = at;
    countCase(token);
  }

  // ---- emoji ----

  /** One emoji with what modifies it; of a joined sequence the first counts. */
  private void scanEmoji(RawToken token) {
    token.kind = Kind.EMOJI;
    token.append(codePoint, false);
    int end = next;
    int at = end;
    read(at);
    while (kind == CharacterTable.IGNORED) {
      boolean joiner = codePoint == JOINER;
      at = next;
      end = at;
      read(at);
      if (joiner && kind == CharacterTable.EMOJI) {
        at = next;
        end = at;
        read(at);
      }
    }
    position = end;
  }

  private void scanFlag(RawToken token) {
    token.kind = Kind.FLAG;
    position = next;
    read(position);
    if (kind == CharacterTable.REGIONAL) {
      position = next;
    }
  }

  // ---- signs ----

  private void scanSign(RawToken token) {
    int sign = codePoint;
    if (sign == '@' && matchUser(token)
        || sign == '#' && matchHashtag(token)
        || sign == '[' && matchMask(token)
        || sign == '<' && (matchHeart(token) || matchUnknownMark(token))
        || sign == '-' && matchBracket(token)
        || matchFace(token)
        || matchEmoticon(token)
        || sign == '\'' && matchClitic(token)) {
      return;
    }
    read(position);
    scanPunctuation(token);
  }

  private void scanPunctuation(RawToken token) {
    token.kind = Kind.PUNCTUATION;
    int sign = codePoint;
    int behind = next;
    int run = 1;
    boolean dots = sign == '.' || sign == ELLIPSIS;
    read(behind);
    int second = next;
    while (codePoint == sign || dots && (codePoint == '.' || codePoint == ELLIPSIS)) {
      run++;
      behind = next;
      if (run == 2) {
        second = behind;
      }
      read(behind);
    }
    if (dots) {
      token.set(Kind.PUNCTUATION, run > 1 || sign == ELLIPSIS ? "..." : ".");
      position = behind;
    } else if (sign == '-' || sign == DASH) {
      token.append('-', false);
      position = behind;
    } else if (sign == '!' || sign == '?') {
      token.append(sign, false);
      token.repeated = run > 1;
      position = behind;
    } else if (sign == '\'' && run == 2) {
      token.append('"', false);
      position = second;
    } else if (run > 2) {
      token.append(sign, false);
      token.repeated = true;
      position = behind;
    } else {
      token.append(sign, false);
      read(position);
      position = next;
    }
  }

  private boolean matchUser(RawToken token) {
    if (!standsFree()) {
      return false;
    }
    int at = next;
    read(at);
    if (!(isLetterOrDigit() || codePoint == '_')) {
      return false;
    }
    while (isLetterOrDigit() || codePoint == '_') {
      at = next;
      read(at);
    }
    token.kind = Kind.USER;
    position = at;
    return true;
  }

  private boolean matchHashtag(RawToken token) {
    int at = next;
    boolean letter = false;
    read(at);
    while ((isLetterOrDigit() || kind == CharacterTable.MARK || codePoint == '_')
        && token.append(codePoint, upper)) {
      letter |= isLetter();
      at = next;
      read(at);
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

  /** [NAME], [RELIGION]: what a data set hides. */
  private boolean matchMask(RawToken token) {
    int at = position + 1;
    while (at - position < 24 && charAt(at) >= 'A' && charAt(at) <= 'Z') {
      at++;
    }
    if (at - position < 3 || charAt(at) != ']') {
      return false;
    }
    token.kind = Kind.NAME;
    position = at + 1;
    return true;
  }

  /** The marks that published corpora put for a word, a user, a link or a number. */
  private boolean matchUnknownMark(RawToken token) {
    if (matches(position, "<unk>")) {
      token.kind = Kind.UNKNOWN;
      position += 5;
    } else if (matches(position, "<user>")) {
      token.kind = Kind.USER;
      position += 6;
    } else if (matches(position, "<url>")) {
      token.kind = Kind.URL;
      position += 5;
    } else {
      return false;
    }
    return true;
  }

  private boolean matchBracket(RawToken token) {
    for (int i = 0; i < BRACKETS.length; i += 2) {
      if (matchesIgnoringCase(position, BRACKETS[i])) {
        token.set(Kind.PUNCTUATION, BRACKETS[i + 1]);
        position += BRACKETS[i].length();
        return true;
      }
    }
    return false;
  }

  private boolean matchHeart(RawToken token) {
    int at = next;
    read(at);
    boolean broken = codePoint == '/';
    if (broken) {
      at = next;
      read(at);
    }
    int run = 0;
    while (codePoint == '3' && run <= MAX_LETTER_RUN) {
      run++;
      at = next;
      read(at);
    }
    if (run == 0 || run > MAX_LETTER_RUN || continuesNumber(at)) {
      return false;
    }
    token.set(Kind.EMOTICON, broken ? "</3" : "<3");
    token.repeated = run > 1;
    position = at;
    return true;
  }

  private boolean continuesNumber(int at) {
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

  private boolean matchFace(RawToken token) {
    for (int i = 0; i < FACES.length; i++) {
      if (matches(position, FACES[i])) {
        token.set(Kind.EMOTICON, FACE_TOKENS[i]);
        position += FACES[i].length();
        return true;
      }
    }
    return false;
  }

  /**
   * {@code [>] eyes [tear] [nose] mouth+}, or mirrored {@code (:}; read as the plainest of its
   * kind.
   */
  private boolean matchEmoticon(RawToken token) {
    read(position);
    int first = codePoint;
    if (first == '(') {
      return matchMirrored(token);
    }
    boolean brow = first == '>';
    if (brow) {
      read(next);
    }
    int eyes = codePoint;
    if (eyes != ':' && eyes != ';' && eyes != '=') {
      return false;
    }
    boolean free = standsFree();
    read(next);
    boolean tear = codePoint == '\'' || codePoint == ',' && eyes == ':';
    if (tear) {
      read(next);
    }
    boolean nose = codePoint == '-' || codePoint == '^';
    if (nose) {
      read(next);
    }
    int mouth = codePoint;
    boolean digitMouth = kind == CharacterTable.DIGIT;
    boolean letterMouth = isLetterOrDigit();
    String plain = plainMouth(mouth, eyes, free, tear || nose);
    if (plain == null) {
      return false;
    }
    int at = next;
    int run = 1;
    read(at);
    while (codePoint == mouth && !(letterMouth && run > MAX_LETTER_RUN)) {
      run++;
      at = next;
      read(at);
    }
    if (letterMouth
        && (run > MAX_LETTER_RUN || (digitMouth ? continuesNumber(at) : continuesWord(at)))) {
      return false;
    }
    token.set(Kind.EMOTICON, plainFace(brow, eyes, tear, plain));
    token.repeated = run > 1;
    position = at;
    return true;
  }

  private boolean matchMirrored(RawToken token) {
    read(next);
    boolean nose = codePoint == '-';
    if (nose) {
      read(next);
    }
    if (codePoint != ':' && codePoint != ';' && codePoint != '=') {
      return false;
    }
    token.set(Kind.EMOTICON, codePoint == ';' ? ";)" : ":)");
    position = next;
    return true;
  }

  /**
   * The mouth as one of {@code ) ( D P O / | * 3 S X $ @}; null if it is none behind these eyes.
   */
  private static String plainMouth(int mouth, int eyes, boolean free, boolean tearOrNose) {
    switch (mouth) {
      case ')':
        return ")";
      case '(':
        return "(";
      default:
    }
    if (!free) {
      return null;
    }
    return switch (mouth) {
      case ']' -> ")";
      case '[' -> "(";
      case 'd' -> "D";
      case 'p' -> "P";
      case '/', '\\' -> "/";
      case '|' -> "|";
      default -> eyes == ':' || eyes == ';' && tearOrNose ? rareMouth(mouth) : null;
    };
  }

  private static String rareMouth(int mouth) {
    return switch (mouth) {
      case '}', '>' -> ")";
      case '{', '<' -> "(";
      case 'o', '0' -> "O";
      case '*' -> "*";
      case '3' -> "3";
      case 's' -> "S";
      case 'x' -> "X";
      case '$' -> "$";
      case '@' -> "@";
      default -> null;
    };
  }

  private static String plainFace(boolean brow, int eyes, boolean tear, String mouth) {
    if (brow) {
      return mouth.equals(")") || mouth.equals("D") ? ">:)" : ">:(";
    }
    if (tear) {
      return mouth.equals(")") || mouth.equals("D") ? ":')" : ":'(";
    }
    if (eyes == ';') {
      return mouth.equals(")") || mouth.equals("D") || mouth.equals("P")
          ? ";" + mouth
          : ":" + mouth;
    }
    return ":" + mouth;
  }

  /** 's 're 've 'll 'd 'm standing apart from their word, and 'em 'til 'cause. */
  private boolean matchClitic(RawToken token) {
    read(position);
    int at = next;
    for (String clitic : CLITICS) {
      if (matchesIgnoringCase(at, clitic) && !continuesWord(at + clitic.length())) {
        token.set(Kind.WORD, "'" + clitic);
        position = at + clitic.length();
        return true;
      }
    }
    return false;
  }
}
