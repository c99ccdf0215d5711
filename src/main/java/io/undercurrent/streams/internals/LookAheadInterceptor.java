package io.undercurrent.streams.internals;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts what a stream thread polls into its {@link PolledRecords}. It changes no record, and where
 * it fails it switches itself off: records are then computed one by one.
 *
 * <p>Kafka makes one for each main consumer, in any thread; {@link #onConsume} is called by the
 * thread that polls.
 */
public final class LookAheadInterceptor implements ConsumerInterceptor<byte[], byte[]> {

  private static final Logger log = LoggerFactory.getLogger(LookAheadInterceptor.class);

  private PolledByThread lookAhead; // null where there is none, and after a failure
  private PolledRecords mailbox; // null before the first poll

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
        if (mailbox == null) {
          mailbox = new PolledRecords();
          lookAhead.bind(mailbox);
        }
        for (TopicPartition partition : records.partitions()) {
          mailbox.polled(partition, records.records(partition));
        }
      } catch (Throwable e) { // whatever it is, the records have to be processed
        log.warn("looking ahead is off for this thread: {}", e.toString());
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
    PolledByThread until = lookAhead;
    lookAhead = null;
    if (mailbox != null) {
      mailbox.clear();
      until.release(mailbox);
    }
  }
}
