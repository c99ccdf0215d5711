package io.undercurrent.inference;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.model.ContinuousCache;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Pool;
import io.undercurrent.model.RecordAttention;
import java.util.List;

/** A record while it is read, and the buffers for that; used for one record after another. */
final class OpenRecord {

  private static final short[][] NOTHING_KEPT = {};

  final Pool pool;
  final RecordAttention.Scratch looked; // or null
  final ContinuousCache cache; // or null

  Unread record;
  long number; // among the key's, from 1
  int[] ids; // its tokens
  int at; // the token to be read next; ids.length for the end of record, then past it
  short[][] kept; // h for the memory
  float[] probabilities; // null before the end
  List<LookBack.Past> past; // null before the end
  double bits; // what its tokens have cost
  int checked; // the token that is looked for among the likeliest; -1 for none
  Hit hit; // whether it was there

  OpenRecord(Pool pool, RecordAttention.Scratch looked, ContinuousCache cache) {
    this.pool = pool;
    this.looked = looked;
    this.cache = cache;
  }

  void open(Unread unread) {
    record = unread;
    ids = unread.encoding().ids();
    at = 0;
    Memory memory = unread.memory();
    number = memory == null ? 1 : memory.records() + 1;
    kept = memory == null ? NOTHING_KEPT : new short[memory.rows(ids.length)][];
    probabilities = null;
    past = null;
    bits = 0;
    checked = -1;
    hit = Hit.NONE;
    pool.clear();
  }

  /** Keeps h of before the token at {@link #at}, if the memory is to have it. */
  void keep(float[] h, int offset, int hidden) {
    int row = kept.length - 1 + at - ids.length;
    if (row >= 0) {
      kept[row] = Memory.rounded(h, offset, hidden);
    }
  }

  /** Lets go of the record. */
  void close() {
    record = null;
    ids = null;
    kept = null;
    past = null;
  }
}
