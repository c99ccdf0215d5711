package io.undercurrent.streams.internals;

import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;

/**
 * Computes the bytes that a model's keys take in the stores and in their changelogs. It counts keys
 * and values, without the overhead of RocksDB, of Kafka's batches (61 bytes each) and of its
 * records (some 10 bytes). Immutable.
 *
 * <p>Let K be the bytes of a key, n the tokens of each of its records, S the bytes of a state
 * ({@link KeyStateFormat#sizeInBytes}), M the bytes of a remembered record ({@link
 * MemoryFormat#sizeInBytes}), and R' the number of records that a key remembers:
 *
 * <pre>
 *   a key in the stores           K + S  +  R' * (K + 12 + M)
 *   a record in the changelogs    K + S  +  (K + 12 + M)  +  (K + 12)
 *
 *   R' = max(R, ceil(N / rows))        attention over R records, a cache of N tokens
 *   rows = min(n + 1, N)               rows of h in a remembered record; 1 without a cache
 * </pre>
 *
 * <p>The terms after S apply only to models with attention or a cache. The last term is the
 * tombstone of the record that is forgotten. If a key has several records within a commit, the
 * changelog of states receives less, because the store's cache writes only the key's last state.
 */
public final class Footprint {

  private final ModelConfig config;
  private final int stateBytes;
  private final MemoryFormat memory;

  /** The footprint of a model's states. */
  public Footprint(Model model) {
    config = model.config();
    stateBytes = new KeyStateFormat(model).sizeInBytes();
    memory = new MemoryFormat(model);
  }

  /**
   * The bytes of a key in the stores, once it has had as many records as it remembers.
   *
   * @param keyBytes K, the size of the serialised key
   * @param tokens n, the tokens of each of its records, at least 1
   */
  public long keyBytes(int keyBytes, int tokens) {
    return keyBytes + stateBytes + rememberedRecords(tokens) * entryBytes(keyBytes, tokens);
  }

  /**
   * The maximum number of bytes that a record adds to the changelogs.
   *
   * @param keyBytes K, the size of the serialised key
   * @param tokens n, the tokens of the record, at least 1
   */
  public long changelogBytes(int keyBytes, int tokens) {
    long state = keyBytes + stateBytes;
    return config.hasMemory()
        ? state + entryBytes(keyBytes, tokens) + keyBytes + MemoryStore.NUMBER_BYTES
        : state;
  }

  /**
   * R', the maximum number of records with this many tokens that a key remembers; 0 for a model
   * without a memory.
   */
  public long rememberedRecords(int tokens) {
    if (!config.hasMemory()) {
      return 0;
    }
    int cache = config.cache().tokens();
    int rows = Math.min(tokens + 1, Math.max(1, cache));
    return Math.max(config.attention().records(), (cache + rows - 1L) / rows);
  }

  private long entryBytes(int keyBytes, int tokens) {
    return keyBytes + MemoryStore.NUMBER_BYTES + memory.sizeInBytes(tokens);
  }
}
