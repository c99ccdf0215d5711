package io.undercurrent.streams;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/**
 * Bounds the memory that RocksDB takes outside the heap, for all stores of the process together.
 * Kafka Streams' default is 50 MiB of block cache and 48 MiB of write buffers for <em>each</em>
 * partition of each store, so 12 partitions may take 1.2 GB and 48 partitions 4.9 GB.
 *
 * <pre>{@code
 * configs.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
 * configs.put(BoundedRocksDb.MEMORY_CONFIG, 268_435_456L); // the default
 * }</pre>
 *
 * <p>One block cache of this size serves all stores. Write buffers, indexes and filters are kept
 * inside it. When the write buffers take half of it, a store that writes flushes its own buffer to
 * disk. RocksDB may exceed the size for a moment, by the blocks that are being read and by one
 * write buffer. Each store with data takes {@value #ARENA_BLOCK_BYTES} bytes of write buffer at
 * least.
 *
 * <p>Stores of applications with the same size share a cache. It lives as long as the process.
 * Thread-safe.
 */
public final class BoundedRocksDb implements RocksDBConfigSetter {

  /** Key of the application's configuration: the bytes for all stores of the process together. */
  public static final String MEMORY_CONFIG = "undercurrent.rocksdb.memory.bytes";

  /** The default of {@link #MEMORY_CONFIG}: 256 MiB. */
  public static final long DEFAULT_MEMORY_BYTES = 256L * 1024 * 1024;

  /** The smallest value of {@link #MEMORY_CONFIG}: 16 MiB. */
  public static final long MIN_MEMORY_BYTES = 16L * 1024 * 1024;

  /**
   * A write buffer grows by this. With RocksDB's default of 1 MiB, 128 idle stores would fill the
   * share of the write buffers, and a busy one would flush a small file at every commit.
   */
  private static final int ARENA_BLOCK_BYTES = 64 * 1024;

  private static final int SHARDS_BY_SIZE = -1; // RocksDB chooses how many

  /** The share of the cache that is kept for indexes and filters before it is used for data. */
  private static final double HIGH_PRIORITY = 0.1;

  private static final Map<Long, Shared> SHARED = new ConcurrentHashMap<>(); // by size

  private record Shared(Cache cache, WriteBufferManager writeBuffers) {

    static Shared of(long bytes) {
      Cache cache = new LRUCache(bytes, SHARDS_BY_SIZE, false, HIGH_PRIORITY);
      return new Shared(cache, new WriteBufferManager(bytes / 2, cache));
    }
  }

  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    Shared shared = SHARED.computeIfAbsent(memoryBytes(configs), Shared::of);
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(shared.cache);
    table.setCacheIndexAndFilterBlocks(true);
    table.setCacheIndexAndFilterBlocksWithHighPriority(true);
    options.setTableFormatConfig(table);
    options.setArenaBlockSize(ARENA_BLOCK_BYTES);
    options.setWriteBufferManager(shared.writeBuffers);
  }

  private static long memoryBytes(Map<String, Object> configs) {
    Object value = configs.get(MEMORY_CONFIG);
    if (value == null) {
      return DEFAULT_MEMORY_BYTES;
    }
    try {
      long bytes = Long.parseLong(value.toString());
      if (bytes >= MIN_MEMORY_BYTES) {
        return bytes;
      }
    } catch (NumberFormatException e) {
      // the same error as for a number that is too small
    }
    throw new ConfigException(MEMORY_CONFIG, value, "Value must be at least " + MIN_MEMORY_BYTES);
  }

  @Override
  public void close(String storeName, Options options) {
    // The cache and the write buffers are shared with other stores.
  }
}
