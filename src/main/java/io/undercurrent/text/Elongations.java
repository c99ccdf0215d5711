package io.undercurrent.text;

/** Shortens runs of three or more equal letters: "cooool" to cool, "sooo" to so. */
final class Elongations {

  /**
   * Runs that are shortened independently of each other; later runs are shortened like the last of
   * these.
   */
  private static final int MAX_RUNS = 3;

  private Elongations() {}

  /**
   * The id of the vocabulary word that an elongated word stands for; -1 if there is none. A run is
   * shortened to two letters before one letter is tried.
   */
  static int find(char[] text, int from, int to, WordIndex vocabulary) {
    int runs = 0;
    for (int i = from; i < to; i = endOfRun(text, i, to)) {
      runs += startsAt(text, i, to) ? 1 : 0;
    }
    if (runs == 0) {
      return -1;
    }
    char[] shortened = new char[to - from];
    int patterns = 1 << Math.min(runs, MAX_RUNS);
    for (int pattern = 0; pattern < patterns; pattern++) {
      int length = shorten(text, from, to, pattern, shortened);
      int id = vocabulary.find(shortened, 0, length);
      if (id >= 0) {
        return id;
      }
    }
    return -1;
  }

  static boolean isElongated(char[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (startsAt(text, i, to)) {
        return true;
      }
    }
    return false;
  }

  /** Shortens each run: run i to one letter if bit i of the pattern is set, otherwise to two. */
  private static int shorten(char[] text, int from, int to, int pattern, char[] shortened) {
    int length = 0;
    int run = 0;
    for (int i = from; i < to; ) {
      int end = endOfRun(text, i, to);
      int keep = end - i;
      if (startsAt(text, i, to)) {
        keep = (pattern >>> Math.min(run, MAX_RUNS - 1) & 1) == 0 ? 2 : 1;
        run++;
      }
      for (int k = 0; k < keep; k++) {
        shortened[length++] = text[i];
      }
      i = end;
    }
    return length;
  }

  private static boolean startsAt(char[] text, int at, int to) {
    return at + 2 < to
        && text[at] == text[at + 1]
        && text[at] == text[at + 2]
        && !(text[at] >= '0' && text[at] <= '9');
  }

  private static int endOfRun(char[] text, int at, int to) {
    int end = at + 1;
    while (end < to && text[end] == text[at]) {
      end++;
    }
    return end;
  }
}
