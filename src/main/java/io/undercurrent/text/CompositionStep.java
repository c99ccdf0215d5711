package io.undercurrent.text;

import java.util.Arrays;

/**
 * Unicode's normalisation form C: a letter and the accents behind it as one character, accents in
 * their canonical order. At most {@value #MAX_MARKS} marks behind a letter are read with it; more
 * are read as if they stood alone.
 */
final class CompositionStep implements TextStep {

  static final int MAX_MARKS = 30;

  private static final int MAX_DECOMPOSED = 4;

  private static final CompositionTable TABLE = CompositionTable.frozen();

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    int first = codePoint(text, limit, at);
    int behind = at + Character.charCount(first);
    int marks = 0;
    while (behind < limit && marks < MAX_MARKS) {
      int next = codePoint(text, limit, behind);
      if (!TABLE.extendsPiece(next)) {
        break;
      }
      behind += Character.charCount(next);
      marks++;
    }
    if (marks == 0 && !TABLE.mayChange(first)) {
      out.append(text, at, behind);
    } else {
      compose(text, at, behind, out);
    }
    return behind;
  }

  /** The code point that starts here; an unpaired surrogate is one. */
  private static int codePoint(String text, int limit, int at) {
    char c = text.charAt(at);
    return Character.isHighSurrogate(c)
            && at + 1 < limit
            && Character.isLowSurrogate(text.charAt(at + 1))
        ? Character.toCodePoint(c, text.charAt(at + 1))
        : c;
  }

  private static void compose(String text, int from, int to, StringBuilder out) {
    int[] points = new int[(to - from) * MAX_DECOMPOSED];
    int count = 0;
    for (int at = from; at < to; ) {
      int c = codePoint(text, to, at);
      at += Character.charCount(c);
      count = TABLE.decompose(c, points, count);
    }
    order(points, count);
    int composed = compose(points, count);
    for (int i = 0; i < composed; i++) {
      out.appendCodePoint(points[i]);
    }
  }

  /** Sorts each run of marks by its class; marks of one class keep their order. */
  private static void order(int[] points, int count) {
    for (int i = 1; i < count; i++) {
      int c = points[i];
      int number = TABLE.combiningClass(c);
      int at = i;
      while (number != 0 && at > 0 && TABLE.combiningClass(points[at - 1]) > number) {
        points[at] = points[at - 1];
        at--;
      }
      points[at] = c;
    }
  }

  /** Joins in place what has a common character; returns how many are left. */
  private static int compose(int[] points, int count) {
    int[] read = Arrays.copyOf(points, count);
    int starter = -1;
    int length = 0;
    int lastClass = 0;
    for (int c : read) {
      int number = TABLE.combiningClass(c);
      boolean adjacent = starter == length - 1;
      boolean blocked = !adjacent && (lastClass == 0 || lastClass >= number);
      int joined = starter < 0 || blocked ? -1 : TABLE.compose(points[starter], c);
      if (joined >= 0) {
        points[starter] = joined;
        continue;
      }
      if (number == 0) {
        starter = length;
      }
      lastClass = number;
      points[length++] = c;
    }
    return length;
  }
}
