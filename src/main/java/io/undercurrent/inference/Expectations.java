package io.undercurrent.inference;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.ContinuousCache.Pair;
import io.undercurrent.model.Likeliest;
import io.undercurrent.model.Model;
import io.undercurrent.model.NextTokenHead;
import java.util.Arrays;
import java.util.List;

/**
 * What was expected before each token of the open records, and what is expected at their ends: many
 * positions in one product, in the order in which they were read. Owned by one thread.
 */
final class Expectations {

  /** Positions of one record in a product: four passes of six rows. */
  private static final int ALONE = 24;

  /** Positions of several, at least. */
  private static final int TOGETHER = 48;

  private static final double LN2 = 0.6931471805599453;
  private static final NextToken[] NOTHING = {};

  private final NextTokenHead head;
  private final int endOfRecord;
  private final int hidden; // H
  private final int nextTokens;
  private final boolean[] words; // (V)
  private final Observer observer; // or null

  private final int most; // P
  private final NextTokenHead.Scratch expected; // (P) positions
  private final double[] logProbabilities; // (P)
  private final OpenRecord[] record; // (P)
  private final int[] token; // (P) that came
  private final int[] place; // (P) of the token in its record, from 1; 0 for the end
  private final boolean[] wanted; // (P) whether next tokens are
  private final Likeliest likeliest; // (P, nextTokens), or null where there are to be none
  private int positions;

  /** Takes the record back when everything is known of it. */
  interface Closing {

    /**
     * @param next the likeliest next tokens, most probable first
     * @param pairs of the cache that weigh most in that
     */
    void close(OpenRecord record, NextToken[] next, List<Pair> pairs);
  }

  /**
   * @param rows records that are open together, at most
   */
  Expectations(Model model, int nextTokens, int rows, Observer observer) {
    this.head = model.network().nextToken();
    this.endOfRecord = model.tokenizer().endOfRecord();
    this.hidden = model.config().hiddenSize();
    this.nextTokens = nextTokens;
    this.observer = observer;
    words = model.words();
    most = rows == 1 ? ALONE : Math.max(TOGETHER, rows);
    expected = head.scratch(most);
    logProbabilities = new double[most];
    record = new OpenRecord[most];
    token = new int[most];
    place = new int[most];
    wanted = new boolean[most];
    likeliest = nextTokens > 0 ? new Likeliest(most, nextTokens) : null;
  }

  /** Starts with a record: chooses the token that is looked for among the likeliest. */
  void begin(OpenRecord open) {
    open.checked = nextTokens > 0 ? checked(open.ids, words) : -1;
  }

  /**
   * The place of one of the tokens that are words, chosen by the tokens alone, so that it is the
   * same however they are read; -1 where none is a word, for no other is ever foretold.
   */
  static int checked(int[] ids, boolean[] words) {
    int known = 0;
    for (int id : ids) {
      known += words[id] ? 1 : 0;
    }
    if (known == 0) {
      return -1;
    }
    int before = Math.floorMod(Arrays.hashCode(ids), known); // words
    int at = 0;
    for (; before > 0 || !words[ids[at]]; at++) {
      before -= words[ids[at]] ? 1 : 0;
    }
    return at;
  }

  boolean hasRoomFor(int more) {
    return positions + more <= most;
  }

  /**
   * Adds the place before a record's token, or before its end.
   *
   * @param h the top h there, (H) at {@code offset}
   */
  void add(OpenRecord open, float[] h, int offset) {
    boolean end = open.at == open.ids.length;
    System.arraycopy(h, offset, expected.h(), positions * hidden, hidden);
    record[positions] = open;
    token[positions] = end ? endOfRecord : open.ids[open.at];
    place[positions] = end ? 0 : open.at + 1;
    wanted[positions] = nextTokens > 0 && (end || open.at == open.checked);
    positions++;
  }

  /** Computes what was added, and gives back records whose end is among it. */
  void compute(Closing closing) {
    if (positions == 0) {
      return;
    }
    head.expect(positions, expected);
    head.read(positions, token, logProbabilities, wanted, words, likeliest, expected);
    for (int p = 0; p < positions; p++) {
      OpenRecord open = record[p];
      if (open.cache != null) {
        open.cache.expect(expected.h(), p * hidden);
        logProbabilities[p] = open.cache.logProbability(logProbabilities[p], token[p]);
      }
      if (place[p] > 0) {
        open.bits -= logProbabilities[p] / LN2;
        if (wanted[p]) {
          boolean found = contains(next(p, words, likeliest, p), token[p]);
          open.hit = found ? Hit.HIT : Hit.MISS;
        }
        observe(p);
        if (open.cache != null) {
          open.cache.add(expected.h(), p * hidden, token[p], open.number, place[p]);
        }
      } else {
        NextToken[] next = wanted[p] ? next(p, words, likeliest, p) : NOTHING;
        List<Pair> pairs =
            open.cache == null ? List.of() : open.cache.heaviest(words, LookBack.TOKENS);
        observe(p);
        closing.close(open, next, pairs);
      }
    }
    clear();
  }

  /** Forgets what was added. */
  void clear() {
    Arrays.fill(record, 0, positions, null);
    positions = 0;
  }

  private void observe(int p) {
    if (observer != null) {
      observer.expected(token[p], logProbabilities[p], (offered, most) -> top(p, offered, most));
    }
  }

  private static boolean contains(NextToken[] likeliest, int token) {
    for (NextToken likely : likeliest) {
      if (likely.id() == token) {
        return true;
      }
    }
    return false;
  }

  /** The likeliest of the offered tokens at position {@code p}. */
  private NextToken[] top(int p, boolean[] offered, int most) {
    Likeliest top = new Likeliest(1, most);
    head.top(p, offered, top, expected);
    return next(p, offered, top, 0);
  }

  /** With the cache's, the likeliest that the head found for position {@code p}. */
  private NextToken[] next(int p, boolean[] offered, Likeliest ofHead, int row) {
    if (record[p].cache != null) {
      record[p].cache.top(head, p, offered, ofHead, row, expected);
    }
    NextToken[] next = new NextToken[ofHead.count(row)];
    for (int i = 0; i < next.length; i++) {
      next[i] = new NextToken(ofHead.id(row, i), ofHead.probability(row, i));
    }
    return next;
  }

  /** As {@link NextTokenHead.Scratch#searchedClusters} counts. */
  long searchedClusters() {
    return expected.searchedClusters();
  }

  /** As {@link NextTokenHead.Scratch#skippedClusters} counts. */
  long skippedClusters() {
    return expected.skippedClusters();
  }
}
