package io.undercurrent.app;

import io.undercurrent.streams.internals.TimestampRange;
import java.util.Map;

/**
 * What the topics accept that are written. Immutable.
 *
 * @param maxBytes for each topic the size of the largest record that may be sent there, in bytes;
 *     without topics whose configuration may not be read
 * @param timestamps what the enriched topic and Kafka Streams' internal topics all accept
 * @param letterTimestamps what the dead-letter topic accepts and keeps
 * @param internalTopics settings for the internal topics that Kafka Streams will create
 */
record TopicLimits(
    Map<String, Integer> maxBytes,
    TimestampRange timestamps,
    TimestampRange letterTimestamps,
    Map<String, String> internalTopics) {

  /** Nothing is known. */
  static final TopicLimits UNKNOWN =
      new TopicLimits(Map.of(), TimestampRange.ANY, TimestampRange.KAFKAS, Map.of());
}
