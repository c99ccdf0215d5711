package io.undercurrent.app;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * Lets records without a timestamp through. Kafka Streams stops at one or drops it, depending on
 * the extractor; here it gets its partition's time so far (0 at the start) to travel with, and a
 * header that tells {@link Decode} that it had none. Thread-safe.
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

  /** Whether the record had no timestamp; takes the header away. */
  static boolean takeFrom(Headers headers) {
    if (headers.lastHeader(HEADER) == null) {
      return false;
    }
    headers.remove(HEADER);
    return true;
  }
}
