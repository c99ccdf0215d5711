package io.undercurrent.streams.internals;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;

/**
 * How large a record is to the producer, at most. One that is larger than it may send spoils a
 * whole transaction, again at every attempt: so records are measured before they are sent.
 */
public final class RecordSize {

  /** Batch header, attributes, varints and what a broker may add. */
  private static final int OVERHEAD_BYTES = 128;

  private static final int HEADER_OVERHEAD_BYTES = 10;

  private RecordSize() {}

  /** Bytes of a record with a value of so many bytes; a null key has none. */
  public static long of(byte[] key, long valueBytes, Iterable<Header> headers) {
    long size = OVERHEAD_BYTES + length(key) + valueBytes;
    for (Header header : headers) {
      size += HEADER_OVERHEAD_BYTES;
      size += header.key().getBytes(StandardCharsets.UTF_8).length;
      size += length(header.value());
    }
    return size;
  }

  private static int length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
