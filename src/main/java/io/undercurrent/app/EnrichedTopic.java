package io.undercurrent.app;

import io.undercurrent.enrich.EnrichedRecord;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Follows all partitions of the enriched topic and passes committed records to a listener. Joins no
 * consumer group and commits no offsets.
 */
public interface EnrichedTopic extends AutoCloseable {

  /** Whether all records that existed when following began have been read. */
  boolean caughtUp();

  /**
   * Why the topic cannot be followed, and what to do, in one sentence; empty if it can. It goes on
   * by itself once the cause is gone.
   */
  default Optional<String> problem() {
    return Optional.empty();
  }

  /** Stops following; does not wait for the listener. */
  @Override
  void close();

  /** Opens the topic; may be called several times. */
  interface Opener {

    /**
     * Starts following.
     *
     * @param lookBack how many records before the end to start at, over all partitions;
     *     approximate, since it is computed from offsets
     * @param listener called on one thread for every record, with its key (may be null) and its
     *     enriched record (null for a tombstone)
     */
    EnrichedTopic open(long lookBack, BiConsumer<byte[], EnrichedRecord> listener);
  }

  /**
   * Makes an opener.
   *
   * @param config supplies the consumer's configuration at each opening
   */
  static Opener opener(String topic, Supplier<Map<String, Object>> config) {
    return (lookBack, listener) ->
        new EnrichedTopicConsumer(topic, config.get(), lookBack, listener);
  }
}
