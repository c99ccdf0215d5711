package io.undercurrent.streams;

import io.undercurrent.streams.internals.OwnedStores;
import io.undercurrent.streams.internals.RepairedStores;
import io.undercurrent.streams.internals.Repairs;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * How an {@link Enricher} stores the states of its keys. By default in RocksDB on disk, behind a
 * cache that writes a key's last state once per commit, and with a compacted changelog topic.
 *
 * <pre>{@code
 * .store(s -> s.inMemory().changelog(Map.of("min.insync.replicas", "2")))
 * }</pre>
 *
 * <p>A model with attention or a cache has a second store, whose name is the first one's with
 * {@code -memory} appended. It has the same settings, but no cache, because its entries are written
 * only once.
 *
 * <p>Immutable and thread-safe: each method returns new settings. No argument may be null.
 */
public final class StoreSettings {

  private static final Pattern KAFKA_NAME = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");

  private final String name;
  private final boolean inMemory;
  private final boolean cached;
  private final Map<String, String> changelog; // null for none

  private StoreSettings(
      String name, boolean inMemory, boolean cached, Map<String, String> changelog) {
    this.name = name;
    this.inMemory = inMemory;
    this.cached = cached;
    this.changelog = changelog;
  }

  static StoreSettings named(String name) {
    return new StoreSettings(
        requireName("the store's name", name),
        false,
        true,
        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT));
  }

  /**
   * Checks a name.
   *
   * @param what the thing that has the name, for the error message
   * @return the name
   * @throws IllegalArgumentException if Kafka does not allow it in the name of a topic
   */
  static String requireName(String what, String name) {
    if (!KAFKA_NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "%s must be 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', found \"%s\""
              .formatted(what, name));
    }
    return name;
  }

  /**
   * Sets the store's name, in place of the one derived from {@link Enricher.Builder#named}. The
   * name is part of the changelog topic's name: after a change all keys start without a state.
   *
   * @throws IllegalArgumentException if Kafka does not allow the name in the name of a topic
   */
  public StoreSettings name(String name) {
    return new StoreSettings(requireName("the store's name", name), inMemory, cached, changelog);
  }

  /** Stores states in the Java heap instead of RocksDB. They are restored from the changelog. */
  public StoreSettings inMemory() {
    return new StoreSettings(name, true, cached, changelog);
  }

  /**
   * Writes every state to the store and to the changelog at once, instead of once per commit.
   * States appear sooner in the changelog, which receives more bytes.
   */
  public StoreSettings withoutCache() {
    return new StoreSettings(name, inMemory, false, changelog);
  }

  /**
   * Adds settings of the changelog topic. {@code cleanup.policy=compact} is set by default and can
   * be replaced. Kafka Streams checks and uses them when it creates the topic.
   *
   * @param topicSettings such as {@code min.insync.replicas}; added to those of earlier calls
   */
  public StoreSettings changelog(Map<String, String> topicSettings) {
    Map<String, String> all = new HashMap<>(changelog == null ? named(name).changelog : changelog);
    all.putAll(topicSettings);
    return new StoreSettings(name, inMemory, cached, Map.copyOf(all));
  }

  /**
   * Uses no changelog topic. States are then lost with the instance's disk, or with its process if
   * they are {@link #inMemory}. A key that moves to another instance starts without a state.
   */
  public StoreSettings withoutChangelog() {
    return new StoreSettings(name, inMemory, cached, null);
  }

  String name() {
    return name;
  }

  boolean hasChangelog() {
    return changelog != null;
  }

  /**
   * The builders of the stores.
   *
   * @param memory name of the second store; null for a model that has none
   */
  Set<StoreBuilder<?>> builders(String memory, Repairs repairs) {
    Set<StoreBuilder<?>> builders = new LinkedHashSet<>();
    builders.add(builder(name, cached, repairs));
    if (memory != null) {
      builders.add(builder(memory, false, repairs));
    }
    return builders;
  }

  private StoreBuilder<KeyValueStore<Bytes, byte[]>> builder(
      String store, boolean cached, Repairs repairs) {
    KeyValueBytesStoreSupplier kept =
        inMemory
            ? Stores.inMemoryKeyValueStore(store)
            : new RepairedStores(new OwnedStores(Stores.persistentKeyValueStore(store)), repairs);
    StoreBuilder<KeyValueStore<Bytes, byte[]>> builder =
        Stores.keyValueStoreBuilder(kept, Serdes.Bytes(), Serdes.ByteArray());
    builder = cached ? builder.withCachingEnabled() : builder.withCachingDisabled();
    return changelog == null
        ? builder.withLoggingDisabled()
        : builder.withLoggingEnabled(changelog);
  }
}
