package io.undercurrent.app;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * The timestamp extractor that accepts records without a timestamp. Kafka's own extractors stop at
 * such a record or drop it. This one gives it the partition's time (0 at the start) and a header
 * that tells {@link Decode} that the timestamp was missing. Thread-safe.
 */
public final class MissingTimestamps implements TimestampExtractor {

  private static final String HEADER = "undercurrent-no-timestamp";

  private static final byte[] NOTHING = {};

  @Override
  public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
    if (record.timestamp() >= 0) {
      return record.timestamp();
    }
    record.headers().add(HEADER, NOTHING);
    return Math.max(0, partitionTime);
  }

  /** Whether the record had no timestamp. Removes the header. */
  static boolean removeFrom(Headers headers) {
    if (headers.lastHeader(HEADER) == null) {
      return false;
    }
    headers.remove(HEADER);
    return true;
  }
}
