package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;

/**
 * Finds emoticons and reads each as the plainest one of its meaning: {@code :-)} and {@code =]} are
 * {@code :)}.
 */
final class Emoticons {

  /** Maximum length of the run of letters or digits that ends an emoticon: ":DDD", "&lt;333". */
  private static final int MAX_LETTER_RUN = 8;

  /** Whole faces, longest first, and the face that each is read as. */
  private static final String[][] FACES = {
    {"^_^", "^_^"},
    {"^.^", "^_^"},
    {"^-^", "^_^"},
    {"-_-", "-_-"},
    {"-.-", "-_-"},
    {"._.", "._."},
    {">_<", ">_<"},
    {">.<", ">_<"},
    {";_;", ";_;"},
    {";-;", ";_;"},
    {"*_*", "*_*"},
    {"*-*", "*_*"},
    {"=_=", "=_="},
    {"\\o/", "\\o/"},
    {"^^", "^_^"},
  };

  private Emoticons() {}

  /**
   * Fills the token if an emoticon starts here.
   *
   * @param free whether no word or number ends here: ":d" in "foo:d" is no emoticon
   * @return the index behind the emoticon; -1 if none starts here
   */
  static int match(TextCursor cursor, int at, boolean free, RawToken token) {
    for (String[] face : FACES) {
      if (cursor.matches(at, face[0])) {
        token.set(Kind.EMOTICON, face[1]);
        return at + face[0].length();
      }
    }
    cursor.read(at);
    return switch (cursor.codePoint) {
      case '<' -> matchHeart(cursor, token);
      case '(' -> matchMirrored(cursor, token);
      case '>', ':', ';', '=' -> matchUpright(cursor, free, token);
      default -> -1;
    };
  }

  /** {@code <3} and {@code </3}. */
  private static int matchHeart(TextCursor cursor, RawToken token) {
    cursor.read(cursor.next);
    boolean broken = cursor.codePoint == '/';
    if (broken) {
      cursor.read(cursor.next);
    }
    if (cursor.codePoint != '3') {
      return -1;
    }
    int run = 0;
    int end = 0;
    while (cursor.codePoint == '3' && run <= MAX_LETTER_RUN) {
      run++;
      end = cursor.next;
      cursor.read(end);
    }
    if (run > MAX_LETTER_RUN || cursor.continuesNumber(end)) {
      return -1;
    }
    token.set(Kind.EMOTICON, broken ? "</3" : "<3");
    token.repeated = run > 1;
    return end;
  }

  /** {@code (:} and {@code (;}. */
  private static int matchMirrored(TextCursor cursor, RawToken token) {
    cursor.read(cursor.next);
    if (cursor.codePoint == '-') {
      cursor.read(cursor.next);
    }
    int eyes = cursor.codePoint;
    if (eyes != ':' && eyes != ';' && eyes != '=') {
      return -1;
    }
    token.set(Kind.EMOTICON, eyes == ';' ? ";)" : ":)");
    return cursor.next;
  }

  /** {@code [>] eyes [tear] [nose] mouth+}. */
  private static int matchUpright(TextCursor cursor, boolean free, RawToken token) {
    boolean brow = cursor.codePoint == '>';
    if (brow) {
      cursor.read(cursor.next);
    }
    int eyes = cursor.codePoint;
    if (eyes != ':' && eyes != ';' && eyes != '=') {
      return -1;
    }
    cursor.read(cursor.next);
    boolean tear = cursor.codePoint == '\'' || cursor.codePoint == ',' && eyes == ':';
    if (tear) {
      cursor.read(cursor.next);
    }
    boolean nose = cursor.codePoint == '-' || cursor.codePoint == '^';
    if (nose) {
      cursor.read(cursor.next);
    }
    String mouth = plainMouth(cursor.codePoint, eyes, free, tear || nose);
    if (mouth == null) {
      return -1;
    }
    int run = cursor.isLetterOrDigit() ? letterRun(cursor) : signRun(cursor);
    if (run < 0) {
      return -1;
    }
    token.set(Kind.EMOTICON, plainFace(brow, eyes, tear, mouth));
    token.repeated = run > 1;
    return cursor.next;
  }

  /** The length of the run of the same sign; leaves the cursor on the last one. */
  private static int signRun(TextCursor cursor) {
    int sign = cursor.codePoint;
    int run = 0;
    int last;
    int end = cursor.next;
    do {
      run++;
      last = end;
      cursor.read(end);
      end = cursor.next;
    } while (cursor.codePoint == sign);
    cursor.next = last;
    return run;
  }

  /**
   * The length of the run of a mouth that is a letter or digit; -1 if a word or number continues
   * behind it.
   */
  private static int letterRun(TextCursor cursor) {
    boolean digit = cursor.kind == CharacterTable.DIGIT;
    int run = signRun(cursor);
    int end = cursor.next;
    boolean goesOn = digit ? cursor.continuesNumber(end) : cursor.continuesWord(end);
    cursor.next = end;
    return run > MAX_LETTER_RUN || goesOn ? -1 : run;
  }

  /**
   * The mouth as one of {@code ) ( D P O / | * 3 S X $ @}; null if the sign is no mouth after these
   * eyes.
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
}
