package io.undercurrent.query;

import java.util.Optional;

/**
 * Asks a running application about its keys. {@code Enricher.queries} makes one:
 *
 * <pre>{@code
 * KeyQueries<String> queries = enricher.queries(streams);
 * double mood = queries.find("order-1187").map(key -> key.conversation().score()).orElse(0.0);
 * }</pre>
 *
 * <p>It looks into the local stores only: a key is found on the instance that reads its partition.
 * Which one that is says {@code KafkaStreams.queryMetadataForKey(enricher.storeName(), key,
 * serializer)}, if the instances have an {@code application.server}; how to reach it is up to the
 * application.
 *
 * <p>A state is read as the processor left it, up to a commit interval before it is committed.
 * Asking changes nothing. Thread-safe; next words are computed for one caller at a time. No
 * argument may be null.
 *
 * @param <K> type of the keys
 */
public interface KeyQueries<K> {

  /**
   * What is known of a key, without its next words.
   *
   * @return empty if this instance has no state of the key: no record of it was read here, it was
   *     forgotten, it belongs to another instance, or another model made its state
   * @throws NotAvailableException while states cannot be read here: before the start, while they
   *     are being restored or moved, after the end, and where this instance has no partition at all
   * @throws IllegalStateException if the application's topology does not use the enricher
   */
  default Optional<KeyView> find(K key) {
    return find(key, 0);
  }

  /**
   * The same with the words that the network expects next.
   *
   * @param next how many, 0 to 100
   */
  Optional<KeyView> find(K key, int next);
}
