package io.undercurrent.model;

import io.undercurrent.kernel.Float16;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What one key remembers of its past records, beside the hidden state: as much as its network looks
 * back at, oldest first. It only grows at one end and shrinks at the other. Mutable, owned by one
 * thread at a time; the entries are never written again and may be shared.
 *
 * <p>The h in it are rounded to half precision, and the rounded values are what is computed with,
 * also while the record is still being read: so a memory that was stored and restored gives the
 * same bits.
 */
public final class Memory {

  /**
   * One record.
   *
   * @param record its number among the key's records, from 1; empty records count
   * @param tokens as read, without the end-of-record token, at least one
   * @param h (rows, H) top hidden states in half precision, each before one of the record's tokens,
   *     of which the end-of-record token is the last: the last row is the state after the record.
   *     Where there are fewer rows than tokens they are those of the last ones
   */
  public record Entry(long record, int[] tokens, short[][] h) {

    /** The state after the record's last token, (H). */
    short[] last() {
      return h[h.length - 1];
    }
  }

  private final int attentionRecords; // R
  private final int cacheTokens; // N
  private final List<Entry> entries = new ArrayList<>();
  private long records;

  /** Of a key without records. */
  public Memory(ModelConfig config) {
    this(config, 0);
  }

  /**
   * Nothing remembered of a key that has had some records.
   *
   * @param records that the key has had, so that the next one is number {@code records + 1}
   */
  public Memory(ModelConfig config, long records) {
    attentionRecords = config.attention().records();
    cacheTokens = config.cache().tokens();
    this.records = records;
  }

  private Memory(Memory other) {
    attentionRecords = other.attentionRecords;
    cacheTokens = other.cacheTokens;
    records = other.records;
  }

  /** What is remembered, oldest first; a view. */
  public List<Entry> entries() {
    return Collections.unmodifiableList(entries);
  }

  /** The same for now; what is appended to one is not in the other. */
  public Memory copy() {
    Memory copy = new Memory(this);
    copy.entries.addAll(entries);
    return copy;
  }

  /** How many records the key has had. */
  public long records() {
    return records;
  }

  /** Rows of h that are kept of a record with so many tokens. */
  public int rows(int tokens) {
    return cacheTokens > 0 ? Math.min(tokens + 1, cacheTokens) : attentionRecords > 0 ? 1 : 0;
  }

  /** Remembers one more record and forgets what lies too far back. */
  public void append(Entry entry) {
    records = Math.max(records, entry.record());
    entries.add(entry);
    int rows = 0; // of the entries after the oldest
    for (int i = 1; i < entries.size(); i++) {
      rows += entries.get(i).h().length;
    }
    while (entries.size() > attentionRecords && rows >= cacheTokens && !entries.isEmpty()) {
      entries.remove(0);
      rows -= entries.isEmpty() ? 0 : entries.get(0).h().length;
    }
  }

  /** A row of h in half precision. */
  public static short[] rounded(float[] h) {
    return rounded(h, 0, h.length);
  }

  /** The row of h of {@code size} units that begins at {@code offset}, in half precision. */
  public static short[] rounded(float[] h, int offset, int size) {
    short[] half = new short[size];
    for (int u = 0; u < size; u++) {
      half[u] = Float16.fromFloat(h[offset + u]);
    }
    return half;
  }
}
