package io.undercurrent.streams;

import io.undercurrent.metrics.internals.AppMetrics;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * A restore listener that reports to the meters, then to another listener. Thread-safe, as long as
 * one partition's events come from one thread at a time.
 */
final class Restores implements StateRestoreListener {

  private final AppMetrics metrics;
  private final StateRestoreListener next;
  private final Map<TopicPartition, Long> ends = new ConcurrentHashMap<>(); // exclusive

  Restores(AppMetrics metrics, StateRestoreListener next) {
    this.metrics = metrics;
    this.next = next;
  }

  @Override
  public void onRestoreStart(
      TopicPartition partition, String store, long startingOffset, long endingOffset) {
    ends.put(partition, endingOffset);
    metrics.restoreBegins(partition.toString(), Math.max(0, endingOffset - startingOffset));
    next.onRestoreStart(partition, store, startingOffset, endingOffset);
  }

  @Override
  public void onBatchRestored(
      TopicPartition partition, String store, long batchEndOffset, long numRestored) {
    long end = ends.getOrDefault(partition, batchEndOffset);
    metrics.restoreProgresses(partition.toString(), numRestored, end - batchEndOffset - 1);
    next.onBatchRestored(partition, store, batchEndOffset, numRestored);
  }

  @Override
  public void onRestoreEnd(TopicPartition partition, String store, long totalRestored) {
    ended(partition, true);
    next.onRestoreEnd(partition, store, totalRestored);
  }

  @Override
  public void onRestoreSuspended(TopicPartition partition, String store, long totalRestored) {
    ended(partition, false);
    next.onRestoreSuspended(partition, store, totalRestored);
  }

  private void ended(TopicPartition partition, boolean whole) {
    ends.remove(partition);
    metrics.restoreEnds(partition.toString(), whole);
  }
}
