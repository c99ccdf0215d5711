package io.undercurrent.streams;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** A restore listener that does nothing. */
final class NoRestoreListener implements StateRestoreListener {

  @Override
  public void onRestoreStart(TopicPartition partition, String store, long begin, long end) {}

  @Override
  public void onBatchRestored(TopicPartition partition, String store, long end, long restored) {}

  @Override
  public void onRestoreEnd(TopicPartition partition, String store, long restored) {}
}
