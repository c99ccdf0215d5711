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
 * What one stream thread has polled and not yet processed, of the partitions that a processor has
 * asked for. Every reader has a cursor of its own and takes nothing away from others. Bounded in
 * records and bytes: what does not fit is not kept, and then cannot be seen ahead. Owned by the
 * stream thread.
 */
final class PolledRecords {

  /** Records that are kept at most, of all partitions. */
  static final int MAX_RECORDS = 20_000;

  /** Bytes of keys and values that are kept at most, of all partitions. */
  static final long MAX_BYTES = 32L << 20;

  private final Map<TopicPartition, Kept> partitions = new HashMap<>();
  private int records;
  private long bytes;

  /** The records of one partition, by ascending offset. */
  private static final class Kept {
    private final ArrayDeque<ConsumerRecord<byte[], byte[]>> records = new ArrayDeque<>();
    private final List<Cursor> cursors = new ArrayList<>();
  }

  /** Keeps records that were polled. */
  void polled(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> polled) {
    Kept kept = partitions.get(partition);
    if (kept == null || polled.isEmpty()) {
      return;
    }
    if (!kept.records.isEmpty() && polled.get(0).offset() <= kept.records.getLast().offset()) {
      dropTo(kept, Long.MAX_VALUE); // the partition was read anew
      kept.cursors.forEach(cursor -> cursor.offset = -1);
    }
    for (ConsumerRecord<byte[], byte[]> record : polled) {
      if (isFullFor(record)) {
        // One that does not read on must not keep the others from what lies ahead of them.
        dropTo(kept, kept.cursors.stream().mapToLong(c -> c.offset).max().orElse(Long.MAX_VALUE));
        if (isFullFor(record)) {
          return;
        }
      }
      kept.records.add(record);
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

  private void dropTo(Kept kept, long offset) {
    while (!kept.records.isEmpty() && kept.records.peek().offset() <= offset) {
      records--;
      bytes -= size(kept.records.remove());
    }
  }

  /** From now on the partition's records are kept for this reader, until it is closed. */
  Cursor open(TopicPartition partition) {
    Cursor cursor = new Cursor(partition);
    partitions.computeIfAbsent(partition, p -> new Kept()).cursors.add(cursor);
    return cursor;
  }

  /** Forgets everything, readers too. */
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

  /** A reader of one partition. */
  final class Cursor implements AutoCloseable {
    private final TopicPartition partition;
    private long offset = -1; // processed so far

    private Cursor(TopicPartition partition) {
      this.partition = partition;
    }

    /**
     * What lies ahead.
     *
     * @param offset of the record being processed; what all readers have behind them is dropped
     * @param most records
     */
    List<ConsumerRecord<byte[], byte[]>> after(long offset, int most) {
      this.offset = offset;
      Kept kept = partitions.get(partition);
      if (kept == null) {
        return List.of(); // cleared
      }
      dropTo(kept, kept.cursors.stream().mapToLong(c -> c.offset).min().orElse(offset));
      List<ConsumerRecord<byte[], byte[]>> ahead = new ArrayList<>();
      Iterator<ConsumerRecord<byte[], byte[]>> all = kept.records.iterator();
      while (all.hasNext() && ahead.size() < most) {
        ConsumerRecord<byte[], byte[]> record = all.next();
        if (record.offset() > offset) {
          ahead.add(record);
        }
      }
      return ahead;
    }

    @Override
    public void close() {
      Kept kept = partitions.get(partition);
      if (kept != null && kept.cursors.remove(this) && kept.cursors.isEmpty()) {
        dropTo(kept, Long.MAX_VALUE);
        partitions.remove(partition);
      }
    }
  }
}
