package io.undercurrent.inference;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.ContinuousCache;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Pool;
import io.undercurrent.model.RecordAttention;
import java.util.List;

/**
 * A row of the batch: the record that is read in it, and its buffers. Reused for one record after
 * another.
 */
final class Row {

  private static final short[][] NOTHING_KEPT = {};

  final Pool pool;
  final RecordAttention.Scratch attention; // null for a network without attention
  final ContinuousCache cache; // null for none
  final ReadAhead.Part ahead; // null for a network that does not read ahead

  PendingRecord record;
  int[] ids; // the record's tokens
  int position; // of the token to be read next; ids.length for the end of record
  short[][] kept; // rows of h for the memory; empty if none are wanted
  float[] probabilities; // of the sentiment classes; null before the end of record
  List<LookBack.Past> past; // records that influenced the sentiment; null before the end
  double bits; // surprise of the tokens so far
  int checked; // position of the word that is compared with the likeliest ones; -1 for none
  Hit hit; // whether that word was among them
  double endProbability; // of the end of record; NaN before it is known
  NextToken[] next; // the likeliest first words of the key's next record
  List<ContinuousCache.Pair> pairs; // the pairs of the cache with the largest weights in `next`

  Row(Pool pool, RecordAttention.Scratch attention, ContinuousCache cache, ReadAhead.Part ahead) {
    this.pool = pool;
    this.attention = attention;
    this.cache = cache;
    this.ahead = ahead;
  }

  void open(PendingRecord record) {
    this.record = record;
    ids = record.encoding().ids();
    position = 0;
    Memory memory = record.memory();
    kept = memory == null ? NOTHING_KEPT : new short[memory.rows(ids.length)][];
    probabilities = null;
    past = null;
    bits = 0;
    checked = -1;
    hit = Hit.NONE;
    endProbability = Double.NaN;
    next = Reading.NO_TOKENS;
    pairs = List.of();
    pool.clear();
    if (ahead != null) {
      ahead.open(ids, record.state());
    }
  }

  boolean isAtEnd() {
    return position == ids.length;
  }

  /**
   * Keeps a copy of h for the memory, if the memory stores the state at this position.
   *
   * @param h the top h before the token at {@link #position}, (H) from {@code offset} on
   */
  void keep(float[] h, int offset, int hidden) {
    int row = kept.length - 1 + position - ids.length;
    if (row >= 0) {
      kept[row] = Memory.rounded(h, offset, hidden);
    }
  }

  /** Releases the record. */
  void close() {
    record = null;
    ids = null;
    kept = null;
    past = null;
    next = null;
    pairs = null;
  }
}
