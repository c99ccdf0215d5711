package io.undercurrent.inference;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.Model;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.TopK;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Computes the probabilities of the tokens that were read, and the likeliest next tokens, for many
 * positions in one matrix product. Positions are scored in the order in which they were added.
 * Owned by one thread.
 */
final class NextTokenScorer {

  /** In {@link #positions}: before the end of a record. */
  private static final int END = 0;

  /** In {@link #positions}: after the end of a record, before the first token of the next. */
  private static final int NEXT = -1;

  /** Positions in a product when one record is read at a time: four passes of six rows. */
  private static final int POSITIONS_ALONE = 24;

  /** The minimum number of positions in a product when several records are read together. */
  private static final int POSITIONS_TOGETHER = 48;

  private final NextTokenHead head;
  private final int endOfRecord;
  private final int hidden; // H
  private final int nextTokens;
  private final boolean[] words; // (V)
  private final Observer observer; // or null

  private final int maxPositions; // P
  private final NextTokenHead.Scratch scores; // of P positions
  private final double[] logProbabilities; // (P)
  private final Row[] rows; // (P) the row of each position
  private final int[] tokens; // (P) the token read at each position
  private final int[] positions; // (P) of the token in its record, from 1; END or NEXT
  private final boolean[] wanted; // (P) whether the likeliest tokens are wanted here
  private final TopK topK; // (P, nextTokens); null if none are wanted
  private int count;

  /**
   * @param nextTokens the number of likely next tokens wanted after a record, at least 0
   * @param openRows the maximum number of rows that are open together
   * @param observer told of every token; may be null
   */
  NextTokenScorer(Model model, int nextTokens, int openRows, Observer observer) {
    this.head = model.network().nextToken();
    this.endOfRecord = model.tokenizer().endOfRecord();
    this.hidden = model.config().hiddenSize();
    this.nextTokens = nextTokens;
    this.observer = observer;
    words = model.words();
    maxPositions = openRows == 1 ? POSITIONS_ALONE : Math.max(POSITIONS_TOGETHER, openRows);
    scores = head.scratch(maxPositions);
    logProbabilities = new double[maxPositions];
    rows = new Row[maxPositions];
    tokens = new int[maxPositions];
    positions = new int[maxPositions];
    wanted = new boolean[maxPositions];
    topK = nextTokens > 0 ? new TopK(maxPositions, nextTokens) : null;
  }

  /** Prepares a row for its record: chooses the word that is compared with the likeliest ones. */
  void begin(Row row) {
    row.checked = nextTokens > 0 ? Reading.checkedPosition(row.ids, words) : -1;
  }

  boolean hasRoomFor(int more) {
    return count + more <= maxPositions;
  }

  /**
   * Adds the position before a row's next token or its end of record.
   *
   * @param h the top h at this position, (H) from {@code offset} on
   */
  void add(Row row, float[] h, int offset) {
    if (row.isAtEnd()) {
      add(row, h, offset, endOfRecord, END, false);
    } else {
      boolean checked = nextTokens > 0 && row.position == row.checked;
      add(row, h, offset, row.ids[row.position], row.position + 1, checked);
    }
  }

  /** Whether a record is complete only after {@link #addNext}. */
  boolean wantsNext(Row row) {
    return nextTokens > 0 || row.cache != null;
  }

  /**
   * Adds the position after a row's end of record.
   *
   * @param h the top h (H) of the key's next state
   */
  void addNext(Row row, float[] h) {
    add(row, h, 0, endOfRecord, NEXT, nextTokens > 0);
  }

  private void add(
      Row row, float[] h, int offset, int token, int position, boolean wantsLikeliest) {
    System.arraycopy(h, offset, scores.h(), count * hidden, hidden);
    rows[count] = row;
    tokens[count] = token;
    positions[count] = position;
    wanted[count] = wantsLikeliest;
    count++;
  }

  /**
   * Scores the added positions, and writes bits, hits, probabilities of the end and next tokens
   * into the rows.
   *
   * @return the rows whose last position was scored: their records are complete
   */
  List<Row> score() {
    if (count == 0) {
      return List.of();
    }
    head.expect(count, scores);
    head.read(count, tokens, logProbabilities, wanted, words, topK, scores);
    List<Row> ended = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      Row row = rows[p];
      if (row.cache != null) {
        row.cache.expect(scores.h(), p * hidden);
        logProbabilities[p] = row.cache.logProbability(logProbabilities[p], tokens[p]);
      }
      if (positions[p] == NEXT) {
        next(p, row);
        ended.add(row);
      } else if (positions[p] == END) {
        end(p, row);
        if (!wantsNext(row)) {
          ended.add(row);
        }
      } else {
        token(p, row);
      }
    }
    clear();
    return ended;
  }

  private void token(int p, Row row) {
    row.bits -= logProbabilities[p] / Reading.LN2;
    if (wanted[p]) {
      row.hit = Reading.contains(likeliest(p, words, topK, p), tokens[p]) ? Hit.HIT : Hit.MISS;
    }
    observe(p);
    if (row.cache != null) {
      row.cache.add(scores.h(), p * hidden, tokens[p], row.record.number(), positions[p]);
    }
  }

  private void end(int p, Row row) {
    row.endProbability = Reading.probability(logProbabilities[p]);
    observe(p);
    if (row.cache != null) {
      row.cache.add(scores.h(), p * hidden, endOfRecord, row.record.number(), row.ids.length + 1);
    }
  }

  private void next(int p, Row row) {
    if (wanted[p]) {
      row.next = likeliest(p, words, topK, p);
    }
    if (row.cache != null) {
      row.pairs = row.cache.heaviest(words, LookBack.TOKENS);
    }
  }

  /** Removes all positions. */
  void clear() {
    Arrays.fill(rows, 0, count, null);
    count = 0;
  }

  private void observe(int p) {
    if (observer != null) {
      observer.onToken(tokens[p], logProbabilities[p], (offered, max) -> top(p, offered, max));
    }
  }

  /** The likeliest of the offered tokens at position {@code p}. */
  private NextToken[] top(int p, boolean[] offered, int max) {
    TopK top = new TopK(1, max);
    head.top(p, offered, top, scores);
    return likeliest(p, offered, top, 0);
  }

  /**
   * The likeliest tokens at position {@code p}: those of the head in one row of {@code ofHead},
   * mixed with the cache's.
   */
  private NextToken[] likeliest(int p, boolean[] offered, TopK ofHead, int row) {
    if (rows[p].cache != null) {
      rows[p].cache.top(head, p, offered, ofHead, row, scores);
    }
    return NextToken.of(ofHead, row);
  }

  /** See {@link NextTokenHead.Scratch#searchedClusters}. */
  long searchedClusters() {
    return scores.searchedClusters();
  }

  /** See {@link NextTokenHead.Scratch#skippedClusters}. */
  long skippedClusters() {
    return scores.skippedClusters();
  }
}
