package io.undercurrent.text;

/**
 * Cuts letters without spaces, as in a hashtag, into words of the vocabulary. It finds the cut of
 * least cost, where a word costs log2 of its rank and a fixed amount. It computes in integers, so
 * every machine cuts alike.
 */
final class Segmenter {

  private static final int MAX_LETTERS = 40;
  private static final int MAX_WORD = 20;
  private static final int COST_PER_WORD = 3 << 8; // in 1/256 bit
  private static final int COST_PER_SHORT_WORD = 6 << 8; // two letters: mostly chance

  private final WordIndex vocabulary;
  private final int first;

  /**
   * @param first the id of the most frequent word
   */
  Segmenter(WordIndex vocabulary, int first) {
    this.vocabulary = vocabulary;
    this.first = first;
  }

  /** Ids of the words that make up {@code text[from, to)}; null if no words do. */
  int[] segment(char[] text, int from, int to) {
    int n = to - from;
    if (n > MAX_LETTERS) {
      return null;
    }
    int[] cost = new int[n + 1];
    int[] word = new int[n + 1];
    int[] start = new int[n + 1];
    int[] count = new int[n + 1];
    for (int end = 1; end <= n; end++) {
      cost[end] = Integer.MAX_VALUE;
      for (int begin = Math.max(0, end - MAX_WORD); begin < end; begin++) {
        if (cost[begin] == Integer.MAX_VALUE || !mayBeWord(text, from + begin, from + end)) {
          continue;
        }
        int id = vocabulary.find(text, from + begin, from + end);
        if (id < 0) {
          continue;
        }
        int total =
            cost[begin]
                + bits(id - first + 8)
                + (end - begin > 2 ? COST_PER_WORD : COST_PER_SHORT_WORD);
        if (total < cost[end]) {
          cost[end] = total;
          word[end] = id;
          start[end] = begin;
          count[end] = count[begin] + 1;
        }
      }
    }
    if (cost[n] == Integer.MAX_VALUE) {
      return null;
    }
    int[] ids = new int[count[n]];
    int end = n;
    for (int i = ids.length - 1; i >= 0; i--) {
      ids[i] = word[end];
      end = start[end];
    }
    return ids;
  }

  private static boolean mayBeWord(char[] text, int from, int to) {
    return to - from > 1 || text[from] == 'a' || text[from] == 'i';
  }

  /** log2 of a positive number in units of 1/256, interpolated linearly between powers of two. */
  private static int bits(int number) {
    int whole = 31 - Integer.numberOfLeadingZeros(number);
    int rest = number - (1 << whole);
    return (whole << 8) + (int) (((long) rest << 8) >> whole);
  }
}
