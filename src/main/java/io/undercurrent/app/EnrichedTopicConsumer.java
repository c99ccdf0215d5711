package io.undercurrent.app;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The enriched topic, followed by a consumer in a thread of its own. */
final class EnrichedTopicConsumer implements EnrichedTopic {

  private static final Logger log = LoggerFactory.getLogger(EnrichedTopicConsumer.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long PARTITIONS_MS = 10_000;
  private static final long RETRY_MS = 1_000;

  private final String topic;
  private final Map<String, Object> config;
  private final long lookBack;
  private final BiConsumer<byte[], EnrichedRecord> listener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile KafkaConsumer<byte[], byte[]> following; // null between consumers
  private volatile boolean caughtUp;
  private boolean begun; // on the thread that follows

  /**
   * Begins to follow, in a thread of its own.
   *
   * @param config of a consumer
   * @param lookBack records before the end to begin with, over all partitions, as nearly as offsets
   *     tell
   * @param listener told of every record on that thread
   */
  EnrichedTopicConsumer(
      String topic,
      Map<String, Object> config,
      long lookBack,
      BiConsumer<byte[], EnrichedRecord> listener) {
    this.topic = topic;
    this.lookBack = lookBack;
    this.listener = listener;
    this.config = new HashMap<>(config);
    this.config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    this.config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    this.config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    this.config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    Thread thread = new Thread(this::run, "enriched-topic");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public boolean caughtUp() {
    return caughtUp;
  }

  private void run() {
    while (!isClosed()) {
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        following = consumer;
        follow(consumer);
      } catch (WakeupException e) {
        return;
      } catch (RuntimeException e) { // whatever it is: nobody else would follow the topic
        log.warn("cannot follow {}, trying again: {}", topic, e.toString(), e);
        pause();
      } finally {
        following = null;
      }
    }
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) {
    Set<TopicPartition> assigned = new HashSet<>();
    Map<TopicPartition, Long> ends = new HashMap<>();
    long checkedMs = 0;
    while (!isClosed()) {
      long nowMs = System.nanoTime() / 1_000_000;
      if (assigned.isEmpty() || nowMs - checkedMs > PARTITIONS_MS) {
        checkedMs = nowMs;
        assign(consumer, assigned, ends);
      }
      if (assigned.isEmpty()) {
        pause();
        continue;
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        tell(record);
      }
      if (!caughtUp) {
        ends.keySet().removeIf(partition -> consumer.position(partition) >= ends.get(partition));
        caughtUp = ends.isEmpty();
      }
    }
  }

  /**
   * Takes on partitions that are new: the first ones {@code lookBack} from the end, those that are
   * added later from their beginning, and after a failure all of them from the end.
   */
  private void assign(
      KafkaConsumer<byte[], byte[]> consumer,
      Set<TopicPartition> assigned,
      Map<TopicPartition, Long> ends) {
    List<TopicPartition> added =
        consumer.partitionsFor(topic).stream()
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .filter(p -> !assigned.contains(p))
            .toList();
    if (added.isEmpty()) {
      return;
    }
    boolean first = assigned.isEmpty();
    assigned.addAll(added);
    consumer.assign(assigned);
    if (!first) {
      consumer.seekToBeginning(added);
      return;
    }
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(added);
    ends.putAll(consumer.endOffsets(added));
    long each = begun ? 0 : (lookBack + added.size() - 1) / added.size();
    ends.forEach((p, end) -> consumer.seek(p, Math.max(beginnings.get(p), end - each)));
    begun = true;
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    try {
      listener.accept(
          record.key(),
          record.value() == null ? null : EnrichedRecordJson.fromJson(record.value()));
    } catch (SerializationException e) {
      log.debug("{}-{}@{}: {}", topic, record.partition(), record.offset(), e.getMessage());
    } catch (RuntimeException e) { // the listener's own: the next record may be fine
      log.warn("{}-{}@{} is left out", topic, record.partition(), record.offset(), e);
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void pause() {
    try {
      closed.await(RETRY_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown(); // nobody interrupts this thread but who wants it to end
    }
  }

  @Override
  public void close() {
    closed.countDown();
    KafkaConsumer<byte[], byte[]> consumer = following;
    if (consumer != null) {
      consumer.wakeup();
    }
  }
}
