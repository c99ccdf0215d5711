package io.undercurrent.streams.internals;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The records that one stream thread has polled and not yet processed, for the partitions that a
 * processor has opened. Each processor reads through a cursor of its own; a record stays until all
 * cursors have passed it. Bounded in records and bytes: a record that does not fit is not kept, and
 * no cursor sees it. Owned by the stream thread.
 */
final class PolledRecords {

  /** The maximum number of records kept, over all partitions. */
  static final int MAX_RECORDS = 20_000;

  /** The maximum number of bytes of keys and values kept, over all partitions. */
  static final long MAX_BYTES = 32L << 20;

  private final Map<TopicPartition, Buffer> partitions = new HashMap<>();
  private int records;
  private long bytes;

  /** The records of one partition, by ascending offset. */
  private static final class Buffer {
    private final ArrayDeque<ConsumerRecord<byte[], byte[]>> records = new ArrayDeque<>();
    private final List<Cursor> cursors = new ArrayList<>();
  }

  /** Adds polled records of a partition; ignores them if no cursor is open there. */
  void add(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> polled) {
    Buffer buffer = partitions.get(partition);
    if (buffer == null || polled.isEmpty()) {
      return;
    }
    if (!buffer.records.isEmpty() && polled.get(0).offset() <= buffer.records.getLast().offset()) {
      dropThrough(buffer, Long.MAX_VALUE); // the consumer went back to an earlier offset
      buffer.cursors.forEach(cursor -> cursor.offset = -1);
    }
    for (ConsumerRecord<byte[], byte[]> record : polled) {
      if (isFullFor(record)) {
        // A cursor that stands still must not take the room of one that moves: keep only the
        // records that the foremost cursor has not passed.
        dropThrough(
            buffer, buffer.cursors.stream().mapToLong(c -> c.offset).max().orElse(Long.MAX_VALUE));
        if (isFullFor(record)) {
          return;
        }
      }
      buffer.records.add(record);
      records++;
      bytes += size(record);
    }
  }

  private boolean isFullFor(ConsumerRecord<byte[], byte[]> record) {
    return records == MAX_RECORDS || bytes + size(record) > MAX_BYTES;
  }

  private static long size(ConsumerRecord<byte[], byte[]> record) {
    return length(record.key()) + length(record.value());
  }

  private static long length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private void dropThrough(Buffer buffer, long lastOffset) {
    while (!buffer.records.isEmpty() && buffer.records.peek().offset() <= lastOffset) {
      records--;
      bytes -= size(buffer.records.remove());
    }
  }

  /** Opens a cursor. Records of the partition that are polled from now on are kept for it. */
  Cursor openCursor(TopicPartition partition) {
    Cursor cursor = new Cursor(partition);
    partitions.computeIfAbsent(partition, p -> new Buffer()).cursors.add(cursor);
    return cursor;
  }

  /** Removes all records and cursors. */
  void clear() {
    partitions.clear();
    records = 0;
    bytes = 0;
  }

  int records() {
    return records;
  }

  long bytes() {
    return bytes;
  }

  /** One processor's position in a partition. */
  final class Cursor implements AutoCloseable {
    private final TopicPartition partition;
    private long offset = -1; // of the last processed record; -1 if there is none

    private Cursor(TopicPartition partition) {
      this.partition = partition;
    }

    /**
     * Moves the cursor to the current record, and returns the records after it. Records that all
     * cursors have passed are dropped.
     *
     * @param offset of the current record
     * @param max the maximum number of records to return
     */
    List<ConsumerRecord<byte[], byte[]>> recordsAfter(long offset, int max) {
      this.offset = offset;
      Buffer buffer = partitions.get(partition);
      if (buffer == null) {
        return List.of(); // cleared
      }
      dropThrough(buffer, buffer.cursors.stream().mapToLong(c -> c.offset).min().orElse(offset));
      List<ConsumerRecord<byte[], byte[]>> after = new ArrayList<>();
      Iterator<ConsumerRecord<byte[], byte[]>> all = buffer.records.iterator();
      while (all.hasNext() && after.size() < max) {
        ConsumerRecord<byte[], byte[]> record = all.next();
        if (record.offset() > offset) {
          after.add(record);
        }
      }
      return after;
    }

    @Override
    public void close() {
      Buffer buffer = partitions.get(partition);
      if (buffer != null && buffer.cursors.remove(this) && buffer.cursors.isEmpty()) {
        dropThrough(buffer, Long.MAX_VALUE);
        partitions.remove(partition);
      }
    }
  }
}
