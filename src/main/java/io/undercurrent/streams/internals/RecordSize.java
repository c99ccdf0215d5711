package io.undercurrent.streams.internals;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;

/**
 * Computes an upper limit of a record's size as the producer measures it. A record that is too
 * large fails its whole transaction, at every retry, so records are measured before they are sent.
 */
public final class RecordSize {

  /** The batch header, attributes, varints and additions of the broker. */
  private static final int OVERHEAD_BYTES = 128;

  private static final int HEADER_OVERHEAD_BYTES = 10;

  private RecordSize() {}

  /**
   * The maximum size in bytes of a record whose value has {@code valueBytes} bytes. The key may be
   * null.
   */
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
