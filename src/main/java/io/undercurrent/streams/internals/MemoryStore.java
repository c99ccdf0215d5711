package io.undercurrent.streams.internals;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The store of all keys' memories, with one entry for each record, in {@link MemoryFormat}. Entries
 * are written once, never changed, and deleted when they are too old.
 *
 * <p>An entry's key is the length of the record's key (4 bytes, big-endian), the record's key, and
 * the record's number (8 bytes, big-endian). So the entries of a key are adjacent and in order.
 *
 * <p>Not thread-safe; each task has its own.
 */
public final class MemoryStore {

  /** The number of bytes that an entry's key has beyond the record's key. */
  static final int NUMBER_BYTES = Integer.BYTES + Long.BYTES;

  private final KeyValueStore<Bytes, byte[]> store;

  /** Wraps the store of a task. */
  public MemoryStore(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  /** A key's entries by their records' numbers, oldest first. */
  public SortedMap<Long, byte[]> entries(Bytes key) {
    return entries(store, key);
  }

  /** A key's entries in a read-only store, by their records' numbers, oldest first. */
  public static SortedMap<Long, byte[]> entries(
      ReadOnlyKeyValueStore<Bytes, byte[]> store, Bytes key) {
    SortedMap<Long, byte[]> entries = new TreeMap<>();
    try (KeyValueIterator<Bytes, byte[]> all = store.range(at(key, 0), at(key, Long.MAX_VALUE))) {
      while (all.hasNext()) {
        KeyValue<Bytes, byte[]> entry = all.next();
        byte[] found = entry.key.get();
        int expected = key.get().length + NUMBER_BYTES;
        if (found.length == expected) { // another program wrote all others into the changelog
          entries.put(ByteBuffer.wrap(found).getLong(expected - Long.BYTES), entry.value);
        }
      }
    }
    return entries;
  }

  /** Adds the entry of a record. */
  public void put(Bytes key, long record, byte[] entry) {
    store.put(at(key, record), entry);
  }

  /** Deletes the entry of a record. */
  public void delete(Bytes key, long record) {
    store.delete(at(key, record));
  }

  /** Deletes all entries of a key, and returns their number. */
  public int deleteAll(Bytes key) {
    Set<Long> records = entries(key).keySet();
    records.forEach(record -> delete(key, record));
    return records.size();
  }

  /** The size of an entry's key in bytes. */
  public static int keyBytes(Bytes key) {
    return key.get().length + NUMBER_BYTES;
  }

  /** The key of a record's entry. */
  public static Bytes at(Bytes key, long record) {
    byte[] bytes = key.get();
    return Bytes.wrap(
        ByteBuffer.allocate(bytes.length + NUMBER_BYTES)
            .putInt(bytes.length)
            .put(bytes)
            .putLong(record)
            .array());
  }
}
