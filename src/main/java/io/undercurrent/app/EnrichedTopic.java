package io.undercurrent.app;

import io.undercurrent.enrich.EnrichedRecord;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * The enriched topic, all of its partitions, followed as any consumer that reads committed records
 * sees it: joins no group and commits nothing.
 */
public interface EnrichedTopic extends AutoCloseable {

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
     * @param listener told, on one thread, of every record: its key as it is in the topic, which
     *     may be null, and the enriched record, null for a tombstone: the key was forgotten
     */
    EnrichedTopic open(long lookBack, BiConsumer<byte[], EnrichedRecord> listener);
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
