package io.undercurrent.app;

import io.undercurrent.metrics.AppMetrics;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * Reports to the meters what Kafka Streams restores. Called by several threads, each partition by
 * one at a time.
 */
final class Restores implements StateRestoreListener {

  private final AppMetrics metrics;
  private final Map<TopicPartition, Long> ends = new ConcurrentHashMap<>(); // one past the last

  Restores(AppMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void onRestoreStart(
      TopicPartition partition, String store, long startingOffset, long endingOffset) {
    ends.put(partition, endingOffset);
    metrics.restoreBegins(partition.toString(), Math.max(0, endingOffset - startingOffset));
  }

  @Override
  public void onBatchRestored(
      TopicPartition partition, String store, long batchEndOffset, long numRestored) {
    long end = ends.getOrDefault(partition, batchEndOffset);
    metrics.restoreGoesOn(partition.toString(), numRestored, end - batchEndOffset - 1);
  }

  @Override
  public void onRestoreEnd(TopicPartition partition, String store, long totalRestored) {
    ended(partition, true);
  }

  @Override
  public void onRestoreSuspended(TopicPartition partition, String store, long totalRestored) {
    ended(partition, false);
  }

  private void ended(TopicPartition partition, boolean whole) {
    ends.remove(partition);
    metrics.restoreEnds(partition.toString(), whole);
  }
}
