package io.undercurrent.query;

import java.util.Optional;

/**
 * Answers questions about the keys of a running application. {@code Enricher.queries} creates it:
 *
 * <pre>{@code
 * KeyQueries<String> queries = enricher.queries(streams);
 * double mood = queries.find("order-1187").map(key -> key.conversation().score()).orElse(0.0);
 * }</pre>
 *
 * <p>It reads the local stores only: a key is found on the instance that reads its partition. If
 * the instances have an {@code application.server}, {@code
 * KafkaStreams.queryMetadataForKey(enricher.storeName(), key, serializer)} returns that instance,
 * if Kafka's default partitioner wrote the topic. Clients on librdkafka have another one: then ask
 * every instance. Your application must forward the question.
 *
 * <p>An answer includes records that are not committed yet. Queries change nothing. Thread-safe;
 * next words are computed for one caller at a time. No argument may be null.
 *
 * @param <K> type of the keys
 */
public interface KeyQueries<K> {

  /**
   * Finds a key, without its next words.
   *
   * @return empty if this instance has no state for the key: no record of it was read here, a
   *     tombstone deleted it, it belongs to another instance, or another model made its state
   * @throws NotAvailableException while states cannot be read here: before the application starts,
   *     while states are restored or moved, after it has stopped, and while this instance has no
   *     partition
   * @throws IllegalStateException if the application's topology does not use the enricher
   */
  default Optional<KeyView> find(K key) {
    return find(key, 0);
  }

  /**
   * Finds a key, with the likeliest first words of its next record.
   *
   * @param next the maximum number of words, 0 to 100
   */
  Optional<KeyView> find(K key, int next);
}
