package io.undercurrent.streams.internals;

import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The store of all keys' states: a key's bytes to the bytes of {@link KeyStateFormat}. On disk in
 * RocksDB, behind a cache that writes a key's last state once per commit, and backed by a compacted
 * changelog topic.
 */
public final class HiddenStateStore {

  static final Map<String, String> CHANGELOG =
      Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);

  private HiddenStateStore() {}

  /**
   * @param name of the store, and in the name of its changelog; changing it leaves all states
   *     behind
   */
  public static StoreBuilder<KeyValueStore<Bytes, byte[]>> builder(String name) {
    return Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
        .withLoggingEnabled(CHANGELOG)
        .withCachingEnabled();
  }
}
