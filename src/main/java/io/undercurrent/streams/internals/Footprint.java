package io.undercurrent.streams.internals;

import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;

/**
 * Bytes that a model's keys take in the stores and in their changelogs: keys and values, without
 * what RocksDB, Kafka's batches (61 bytes each) and records (some 10 bytes) add. Immutable.
 *
 * <p>K being the bytes of a key, n the tokens of each of its records, S the bytes of a state
 * ({@link KeyStateFormat#sizeInBytes}) and M those of a remembered record ({@link
 * MemoryFormat#sizeInBytes}), of which a key keeps R':
 *
 * <pre>
 *   a key in the stores           K + S  +  R' * (K + 12 + M)
 *   a record in the changelogs    K + S  +  (K + 12 + M)  +  (K + 12)
 *
 *   R' = max(R, ceil(N / rows))        attention over R records, a cache of N tokens
 *   rows = min(n + 1, N)               rows of h in a remembered record; 1 without a cache
 * </pre>
 *
 * <p>What is behind S is of models with attention or a cache only; the last term is the tombstone
 * of the record that is forgotten. The changelog of states gets less where keys come again within a
 * commit: the cache of the store writes a key's last state only.
 */
public final class Footprint {

  private final ModelConfig config;
  private final int stateBytes;
  private final MemoryFormat memory;

  /** Of the states that {@code model} writes. */
  public Footprint(Model model) {
    config = model.config();
    stateBytes = new KeyStateFormat(model).sizeInBytes();
    memory = new MemoryFormat(model);
  }

  /**
   * Bytes of a key in the stores, once it has had as many records as it remembers.
   *
   * @param keyBytes serialised, K
   * @param tokens of each of its records, n, at least 1
   */
  public long keyBytes(int keyBytes, int tokens) {
    return keyBytes + stateBytes + rememberedRecords(tokens) * entryBytes(keyBytes, tokens);
  }

  /**
   * Bytes that a record adds to the changelogs at most.
   *
   * @param keyBytes serialised, K
   * @param tokens of the record, n, at least 1
   */
  public long changelogBytes(int keyBytes, int tokens) {
    long state = keyBytes + stateBytes;
    return config.hasMemory()
        ? state + entryBytes(keyBytes, tokens) + keyBytes + MemoryStore.NUMBER_BYTES
        : state;
  }

  /** Records of so many tokens that a key remembers at most, R'; 0 of a model without a memory. */
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
