package io.undercurrent.app;

import io.undercurrent.enrich.EnrichedRecord;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The enriched topic, all of its partitions, followed as any consumer that reads committed records
 * sees it: joins no group and commits nothing.
 */
public interface EnrichedTopic extends AutoCloseable {

  /**
   * A record of the topic.
   *
   * @param key as it was, may be null
   * @param record null for a tombstone, which says that the key was forgotten
   */
  record Seen(byte[] key, EnrichedRecord record) {}

  /** Whether all records have been seen that were there when it began. */
  boolean caughtUp();

  /** Stops following; does not wait for the listener. */
  @Override
  void close();

  /** Opens the topic, more than once if need be. */
  interface Opener {

    /**
     * Begins to follow.
     *
     * @param lookBack records before the end to begin with, over all partitions, as nearly as
     *     offsets tell
     * @param listener told of every record, on one thread
     */
    EnrichedTopic open(long lookBack, Consumer<Seen> listener);
  }

  /**
   * An opener of a topic.
   *
   * @param config asked for a consumer's configuration at each opening
   */
  static Opener opener(String topic, Supplier<Map<String, Object>> config) {
    return (lookBack, listener) ->
        new EnrichedTopicConsumer(topic, config.get(), lookBack, listener);
  }
}
