package io.undercurrent.streams.internals;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer interceptor that adds a stream thread's polled records to its {@link PolledRecords}.
 * It changes no record. If it fails it switches itself off, and records are then computed one by
 * one.
 *
 * <p>Kafka creates one for each main consumer, on any thread. The polling thread calls {@link
 * #onConsume}.
 */
public final class LookAheadInterceptor implements ConsumerInterceptor<byte[], byte[]> {

  private static final Logger log = LoggerFactory.getLogger(LookAheadInterceptor.class);

  private PolledByThread lookAhead; // null if the configuration has none, and after a failure
  private PolledRecords polledRecords; // null before the first poll

  @Override
  public void configure(Map<String, ?> configs) {
    if (configs.get(PolledByThread.CONFIG) instanceof PolledByThread found) {
      lookAhead = found;
    }
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    if (lookAhead != null) {
      try {
        if (polledRecords == null) {
          polledRecords = new PolledRecords();
          lookAhead.register(polledRecords);
        }
        for (TopicPartition partition : records.partitions()) {
          polledRecords.add(partition, records.records(partition));
        }
      } catch (Throwable e) { // no failure here may keep the records from being processed
        log.warn(
            "the look-ahead is switched off for this thread after a failure: {}", e.toString());
        switchOff();
      }
    }
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

  @Override
  public void close() {
    if (lookAhead != null) {
      switchOff();
    }
  }

  private void switchOff() {
    PolledByThread registry = lookAhead;
    lookAhead = null;
    if (polledRecords != null) {
      polledRecords.clear();
      registry.unregister(polledRecords);
    }
  }
}
