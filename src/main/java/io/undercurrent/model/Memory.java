package io.undercurrent.model;

import io.undercurrent.kernel.Float16;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The past records that one key's network looks back at, oldest first. Records are added at one end
 * and removed at the other. Mutable, owned by one thread at a time; entries never change and may be
 * shared.
 *
 * <p>Each h in it is rounded to half precision. Computations use the rounded values, even while the
 * record is still being read, so a memory that was stored and restored gives the same bits.
 */
public final class Memory {

  /**
   * One record.
   *
   * @param record its number among the key's records, from 1; empty records count
   * @param tokens the tokens read, without the end-of-record token, at least one
   * @param h (rows, H) top hidden states in half precision, each from before one of the record's
   *     last tokens. The last row is from before the end-of-record token: the state after the
   *     record's text
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

  /** The memory of a key without records. */
  public Memory(ModelConfig config) {
    this(config, 0);
  }

  /**
   * An empty memory of a key that has had some records.
   *
   * @param records the number of records that the key has had; the next one is number {@code
   *     records + 1}
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

  /** The remembered records, oldest first, as an unmodifiable view. */
  public List<Entry> entries() {
    return Collections.unmodifiableList(entries);
  }

  /** A copy; records appended to one are not added to the other. */
  public Memory copy() {
    Memory copy = new Memory(this);
    copy.entries.addAll(entries);
    return copy;
  }

  /** The number of records that the key has had. */
  public long records() {
    return records;
  }

  /** The number of rows of h that are kept of a record with this number of tokens. */
  public int rows(int tokens) {
    return cacheTokens > 0 ? Math.min(tokens + 1, cacheTokens) : attentionRecords > 0 ? 1 : 0;
  }

  /** Adds a record and removes the records that the network no longer looks back at. */
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
