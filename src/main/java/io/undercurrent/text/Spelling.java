package io.undercurrent.text;

import java.util.Arrays;
import java.util.List;

/**
 * What the spelling of an unknown word costs, in bits, under a model of letters. A word that is
 * spelt like the vocabulary's words costs little; random letters cost much.
 *
 * <p>The model counts which character follows up to three others in the vocabulary's words, each
 * word once, with its start and its end. With n(h) characters seen after the history h, t(h) of
 * them different, and h' the history without its first character (Witten and Bell 1991):
 *
 * <pre>
 *   p(c | h) = (n(hc) + t(h) * p(c | h')) / (n(h) + t(h))
 *   p(c) before any count = 1 / {@value #SYMBOLS}
 *   bits = sum over the characters and the end of -log2 p(c | h)
 * </pre>
 *
 * <p>A character outside of ASCII costs {@value #OTHER_BITS} bits, whatever comes before it, and a
 * word at most {@value #MAX_BITS}. The counts are integers, and only division and {@code
 * StrictMath.log} follow, so the cost is the same bits on every machine. Immutable and thread-safe.
 */
final class Spelling {

  /** What a character outside of ASCII costs, in bits. */
  static final double OTHER_BITS = 12;

  /** The maximum that a word costs, in bits. */
  static final double MAX_BITS = 64;

  /** Characters of a history. */
  private static final int HISTORY = 3;

  private static final int END = 0; // of a word; before the first character it stands for the start
  private static final int OTHER = 95; // any character outside of ASCII; 1 to 94 are ASCII's
  private static final int SYMBOLS = 96;
  private static final int SHIFT = 7; // bits of a symbol in a packed sequence

  /** The natural logarithm of 2. A literal: Math.log may differ by an ulp. */
  private static final double LN2 = 0.6931471805599453;

  private final int[][] sequences = new int[HISTORY + 1][]; // of 1 to 4 symbols, ascending
  private final int[][] before = new int[HISTORY + 1][]; // sum of the counts before each sequence

  /**
   * @param words of the vocabulary; what a word may contain is not restricted
   */
  Spelling(List<String> words) {
    int length = 0;
    for (String word : words) {
      length += word.length() + 1;
    }
    int[][] all = new int[HISTORY + 1][length];
    int n = 0;
    for (String word : words) {
      int history = END;
      for (int i = 0; i <= word.length(); i++) {
        if (i < word.length() && isSecondHalf(word.charAt(i))) {
          continue;
        }
        history = history << SHIFT | (i < word.length() ? symbol(word.charAt(i)) : END);
        for (int order = 0; order <= HISTORY; order++) {
          all[order][n] = history & mask(order + 1);
        }
        n++;
      }
    }
    for (int order = 0; order <= HISTORY; order++) {
      count(order, Arrays.copyOf(all[order], n));
    }
  }

  private void count(int order, int[] found) {
    Arrays.sort(found);
    int[] different = new int[found.length];
    int[] sums = new int[found.length + 1];
    int n = 0;
    for (int i = 0; i < found.length; i++) {
      if (i == 0 || found[i] != found[i - 1]) {
        different[n] = found[i];
        sums[n++] = i;
      }
    }
    sums[n] = found.length;
    sequences[order] = Arrays.copyOf(different, n);
    before[order] = Arrays.copyOf(sums, n + 1);
  }

  /** Bits of the lowest {@code symbols} symbols of a packed sequence. */
  private static int mask(int symbols) {
    return (1 << SHIFT * symbols) - 1;
  }

  private static int symbol(char c) {
    return c > ' ' && c < 0x7f ? c - ' ' : OTHER;
  }

  /** Whether the char is the second one of a character, which the first one stands for. */
  private static boolean isSecondHalf(char c) {
    return Character.isLowSurrogate(c);
  }

  /** What the spelling of {@code text[from, to)} costs, in bits. */
  double bits(char[] text, int from, int to) {
    double bits = 0;
    int history = END;
    for (int i = from; i <= to && bits < MAX_BITS; i++) {
      if (i < to && isSecondHalf(text[i])) {
        continue;
      }
      int symbol = i < to ? symbol(text[i]) : END;
      bits += symbol == OTHER ? OTHER_BITS : -StrictMath.log(probability(history, symbol)) / LN2;
      history = (history << SHIFT | symbol) & mask(HISTORY);
    }
    return Math.min(bits, MAX_BITS);
  }

  /** p(c | h) for a history of {@value #HISTORY} symbols. */
  private double probability(int history, int symbol) {
    double p = 1.0 / SYMBOLS;
    for (int order = 0; order <= HISTORY; order++) {
      int first = (history & mask(order)) << SHIFT;
      int start = index(order, first);
      int end = index(order, first + (1 << SHIFT));
      int different = end - start;
      if (different > 0) {
        int at = index(order, first | symbol);
        boolean seen = at < end && sequences[order][at] == (first | symbol);
        int count = seen ? before[order][at + 1] - before[order][at] : 0;
        int total = before[order][end] - before[order][start];
        p = (count + different * p) / (total + different);
      }
    }
    return p;
  }

  /** The index of the first sequence that is not less than {@code sequence}. */
  private int index(int order, int sequence) {
    int found = Arrays.binarySearch(sequences[order], sequence);
    return found >= 0 ? found : -found - 1;
  }
}
