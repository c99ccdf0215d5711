package io.undercurrent.train;

import io.undercurrent.inference.Reading.NextToken;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A language model of n-grams: interpolated modified Kneser-Ney (Chen and Goodman 1999).
 *
 * <pre>
 *   p(w | h) = max(c(h w) - D(c(h w)), 0) / c(h) + b(h) p(w | h without its first token)
 * </pre>
 *
 * where c counts occurrences for the longest n-grams and different tokens before the n-gram for
 * shorter ones, c(h) is the sum over all w, and b(h) is what the discounts D leave over. Below the
 * single tokens stands the uniform distribution over the vocabulary. N-grams of {@value
 * #PRUNED_FROM} and more tokens that occur once are left out; their share goes to the shorter
 * context, so that the probabilities still add up to 1.
 *
 * <p>It takes about 20 bytes a token while it counts and 8 bytes for each different n-gram that is
 * kept. The same text gives the same model. Immutable; {@link Context} is not.
 */
final class KneserNey {

  /** N-grams of this many tokens and more that occur once are left out. */
  static final int PRUNED_FROM = 4;

  /** Used for an order whose counts of counts give no valid discounts, as in a tiny text. */
  private static final double[] FALLBACK = {0, 0.5, 1, 1.5};

  private final int vocabulary;
  private final Level[] levels; // by the number of tokens in the context
  private final double[] unigrams; // (V)
  private final int[] byUnigram; // (V) tokens, most probable unigram first, then by id

  /**
   * Counts n-grams.
   *
   * @param vocabulary V; tokens are 0 to V - 1
   * @param order tokens of the longest n-gram, at least 1; the text's contexts are one shorter
   * @param says receives progress
   */
  KneserNey(NgramText text, int vocabulary, int order, Consumer<String> says) {
    this.vocabulary = vocabulary;
    levels = new Counting(text, vocabulary, order, says).levels();
    unigrams = new double[vocabulary];
    Level root = levels[0];
    Arrays.fill(unigrams, root.backoff[0] / vocabulary);
    for (int e = 0; e < root.entries[1]; e++) {
      unigrams[root.next[e]] += root.discounted(0, e);
    }
    byUnigram = new int[vocabulary];
    long[] sorted = new long[vocabulary];
    double[] ascending = unigrams.clone();
    Arrays.sort(ascending);
    for (int id = 0; id < vocabulary; id++) {
      long above = vocabulary - firstAbove(ascending, unigrams[id]);
      sorted[id] = above << 32 | id;
    }
    Arrays.sort(sorted);
    Arrays.setAll(byUnigram, i -> (int) sorted[i]);
  }

  private static int firstAbove(double[] ascending, double value) {
    int from = 0;
    int to = ascending.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (ascending[middle] > value) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }

  /** The n-grams with contexts of one length. Contexts are sorted by last token, second last... */
  private static final class Level {

    private int[] first; // (contexts) the token of the context that is farthest from the next one
    private int[] children; // (contexts + 1) first context of the next level that ends in this one
    private int[] entries; // (contexts + 1) first entry of each context
    private double[] total; // (contexts) c(h), n-grams that are left out included
    private double[] backoff; // (contexts) b(h)
    private int[] next; // (entries) w, ascending in each context
    private int[] counts; // (entries) c(h w)
    private double[] discounts; // D(1), D(2), D(3 and more), from index 1

    double discounted(int context, int entry) {
      return (counts[entry] - discounts[Math.min(counts[entry], 3)]) / total[context];
    }
  }

  /** The number of different n-grams of {@code n} tokens that are kept. */
  int kept(int n) {
    return levels[n - 1].next.length;
  }

  /** A new context; it stands at the beginning of a conversation. */
  Context context(int endOfRecord) {
    return new Context(endOfRecord);
  }

  /** The last tokens of a text, and what may come next. Owned by one thread. */
  final class Context {

    private final int endOfRecord;
    private final int[] last = new int[levels.length - 1]; // newest first
    private final int[] found = new int[levels.length]; // the context on each level
    private final double[] weights = new double[levels.length]; // product of b of longer contexts
    private final double[] scores = new double[vocabulary];
    private final int[] seen = new int[vocabulary]; // the turn in which scores were set
    private int turn;
    private int depth; // the longest context that is known

    private Context(int endOfRecord) {
      this.endOfRecord = endOfRecord;
      begin();
    }

    /** Goes to the beginning of a conversation. */
    void begin() {
      Arrays.fill(last, endOfRecord);
      find();
    }

    /** Reads a token. */
    void read(int token) {
      if (last.length > 0) {
        System.arraycopy(last, 0, last, 1, last.length - 1);
        last[0] = token;
      }
      find();
    }

    private void find() {
      depth = 0;
      while (depth < last.length) {
        Level above = levels[depth];
        int from = above.children[found[depth]];
        int to = above.children[found[depth] + 1];
        int child = Arrays.binarySearch(levels[depth + 1].first, from, to, last[depth]);
        if (child < 0) {
          break;
        }
        found[++depth] = child;
      }
      double weight = 1;
      for (int level = depth; level >= 0; level--) {
        weights[level] = weight;
        weight *= levels[level].backoff[found[level]];
      }
    }

    /** The probability that this token comes next; the sum over all tokens is 1. */
    double probability(int token) {
      double p = weights[0] * unigrams[token];
      for (int d = 1; d <= depth; d++) {
        Level level = levels[d];
        int c = found[d];
        int e = Arrays.binarySearch(level.next, level.entries[c], level.entries[c + 1], token);
        if (e < 0) {
          break; // nor is it in a longer context
        }
        p += weights[d] * level.discounted(c, e);
      }
      return p;
    }

    /**
     * The likeliest of the offered tokens, most probable first; of two equally probable tokens the
     * lower id comes first.
     *
     * @param offered (V) whether a token may be among them
     * @param max the maximum number of tokens, at least 1
     */
    NextToken[] top(boolean[] offered, int max) {
      turn++;
      int[] ids = new int[max];
      int count = 0;
      if (depth > 0) {
        for (int d = 1; d <= depth; d++) {
          Level level = levels[d];
          int c = found[d];
          for (int e = level.entries[c]; e < level.entries[c + 1]; e++) {
            int id = level.next[e];
            if (seen[id] != turn) {
              seen[id] = turn;
              scores[id] = weights[0] * unigrams[id];
            }
            scores[id] += weights[d] * level.discounted(c, e);
          }
        }
        // Every token of a longer context is one of the shortest context.
        Level shortest = levels[1];
        for (int e = shortest.entries[found[1]]; e < shortest.entries[found[1] + 1]; e++) {
          count = offered[shortest.next[e]] ? insert(ids, count, shortest.next[e]) : count;
        }
      }
      int others = 0;
      for (int i = 0; i < vocabulary && others < max; i++) {
        int id = byUnigram[i];
        if (offered[id] && seen[id] != turn) {
          seen[id] = turn;
          scores[id] = weights[0] * unigrams[id];
          count = insert(ids, count, id);
          others++;
        }
      }
      NextToken[] top = new NextToken[count];
      Arrays.setAll(top, i -> new NextToken(ids[i], (float) scores[ids[i]]));
      return top;
    }

    /** Inserts a token into the sorted list, whose last one may drop out. */
    private int insert(int[] ids, int count, int id) {
      int at = count;
      while (at > 0 && isBefore(id, ids[at - 1])) {
        at--;
      }
      if (at == ids.length) {
        return count;
      }
      int grown = Math.min(count + 1, ids.length);
      System.arraycopy(ids, at, ids, at + 1, grown - 1 - at);
      ids[at] = id;
      return grown;
    }

    private boolean isBefore(int id, int other) {
      return scores[id] > scores[other] || scores[id] == scores[other] && id < other;
    }
  }

  /** Counts all n-grams by sorting the positions of the text, once for each order. */
  private static final class Counting {

    private final int[] tokens;
    private final int vocabulary;
    private final int order;
    private final Consumer<String> says;
    private final int[] positions;
    private int[] sorted; // the positions in the order of the current level
    private int[] spare;

    Counting(NgramText text, int vocabulary, int order, Consumer<String> says) {
      tokens = text.tokens();
      this.vocabulary = vocabulary;
      this.order = order;
      this.says = says;
      positions = text.positions();
      sorted = new int[positions.length];
      spare = new int[positions.length];
    }

    Level[] levels() {
      Level[] levels = new Level[order];
      int[] examples = {0}; // a position behind each context of the level
      for (int d = 0; d < order; d++) {
        int[] above = examples;
        Level level = new Level();
        examples = count(d, level);
        levels[d] = level;
        if (d > 0) {
          levels[d - 1].children = children(d, above, examples);
        }
        says.accept(
            String.format(
                Locale.ROOT, "Kneser-Ney: %,d n-grams of %d tokens", level.next.length, d + 1));
      }
      return levels;
    }

    /** Sorts the positions by the d tokens before them, newest first, the token, the one before. */
    private void sort(int d) {
      System.arraycopy(positions, 0, sorted, 0, positions.length);
      if (d + 1 < order) {
        sortBy(d + 1);
      }
      sortBy(0);
      for (int back = d; back >= 1; back--) {
        sortBy(back);
      }
    }

    /** Sorts stably by the token {@code back} places before each position. */
    private void sortBy(int back) {
      int[] starts = new int[vocabulary + 1];
      for (int p : positions) { // in the order of the text, which is faster
        starts[tokens[p - back] + 1]++;
      }
      for (int w = 0; w < vocabulary; w++) {
        starts[w + 1] += starts[w];
      }
      for (int p : sorted) {
        spare[starts[tokens[p - back]]++] = p;
      }
      int[] swap = sorted;
      sorted = spare;
      spare = swap;
    }

    /**
     * Fills the level of contexts of {@code d} tokens.
     *
     * @return a position behind each of its contexts
     */
    private int[] count(int d, Level level) {
      sort(d);
      boolean longest = d + 1 == order;
      int least = d + 1 >= PRUNED_FROM ? 2 : 1;
      Ints examples = new Ints();
      Ints first = new Ints();
      Ints entries = new Ints();
      Ints totals = new Ints();
      Ints next = new Ints();
      Ints counts = new Ints();
      long[] ofCounts = new long[5]; // how many n-grams have the count 1 to 4
      int n = sorted.length;
      int i = 0;
      while (i < n) { // a context
        int start = sorted[i];
        int before = next.size;
        int total = 0;
        while (i < n && same(sorted[i], start, 1, d)) { // an n-gram
          int p = sorted[i];
          int occurrences = 0;
          int different = 0;
          int left = -1;
          while (i < n && tokens[sorted[i]] == tokens[p] && same(sorted[i], start, 1, d)) {
            occurrences++;
            if (!longest && tokens[sorted[i] - d - 1] != left) {
              left = tokens[sorted[i] - d - 1];
              different++;
            }
            i++;
          }
          int count = longest ? occurrences : different;
          total += count;
          ofCounts[Math.min(count, 5) % 5]++; // five and more in index 0
          if (occurrences >= least) {
            next.add(tokens[p]);
            counts.add(count);
          }
        }
        if (next.size > before || d == 0) {
          examples.add(start);
          first.add(d == 0 ? 0 : tokens[start - d]);
          entries.add(before);
          totals.add(total);
        }
      }
      entries.add(next.size);
      level.first = first.trimmed();
      level.children = new int[first.size + 1];
      level.entries = entries.trimmed();
      level.next = next.trimmed();
      level.counts = counts.trimmed();
      level.discounts = discounts(ofCounts);
      level.total = new double[totals.size];
      level.backoff = new double[totals.size];
      for (int c = 0; c < totals.size; c++) {
        level.total[c] = totals.values[c];
        double left = totals.values[c];
        for (int e = level.entries[c]; e < level.entries[c + 1]; e++) {
          left += level.discounts[Math.min(level.counts[e], 3)] - level.counts[e];
        }
        level.backoff[c] = left / totals.values[c];
      }
      return examples.trimmed();
    }

    /** Whether the tokens {@code from} to {@code to} places before two positions are the same. */
    private boolean same(int p, int q, int from, int to) {
      for (int back = from; back <= to; back++) {
        if (tokens[p - back] != tokens[q - back]) {
          return false;
        }
      }
      return true;
    }

    /** For each context of {@code d - 1} tokens the first one of {@code d} tokens behind it. */
    private int[] children(int d, int[] above, int[] examples) {
      int[] children = new int[above.length + 1];
      int child = 0;
      for (int parent = 0; parent < above.length; parent++) {
        children[parent] = child;
        while (child < examples.length && same(examples[child], above[parent], 1, d - 1)) {
          child++;
        }
      }
      children[above.length] = child;
      return children;
    }

    /** D(k) = k - (k + 1) Y n(k+1) / n(k) with Y = n(1) / (n(1) + 2 n(2)). */
    private static double[] discounts(long[] ofCounts) {
      double y = (double) ofCounts[1] / (ofCounts[1] + 2 * ofCounts[2]);
      double[] discounts = new double[4];
      for (int k = 1; k <= 3; k++) {
        discounts[k] = k - (k + 1) * y * ofCounts[k + 1] / ofCounts[k];
        if (!(discounts[k] > 0 && discounts[k] <= k)) { // NaN included
          return FALLBACK;
        }
      }
      return discounts;
    }
  }

  /** A list of integers. */
  private static final class Ints {

    private int[] values = new int[16];
    private int size;

    void add(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, Math.addExact(size, size / 2));
      }
      values[size++] = value;
    }

    int[] trimmed() {
      return Arrays.copyOf(values, size);
    }
  }
}
