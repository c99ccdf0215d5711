package io.undercurrent.app;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the enriched topic with a consumer in its own daemon thread. After any failure it makes a
 * new consumer and continues. Without the right to read the topic it asks again every {@value
 * #REFUSED_MS} ms, and says so once.
 */
final class EnrichedTopicConsumer implements EnrichedTopic {

  private static final Logger log = LoggerFactory.getLogger(EnrichedTopicConsumer.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long PARTITIONS_MS = 10_000;
  private static final long RETRY_MS = 1_000;
  private static final long REFUSED_MS = 10_000;

  /** A broker refuses within this time, or not at all. */
  private static final long REFUSED_WITHIN_MS = 2_000;

  private final String topic;
  private final Map<String, Object> config;
  private final long lookBack;
  private final BiConsumer<byte[], EnrichedRecord> listener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile KafkaConsumer<byte[], byte[]> current; // null between consumers
  private volatile boolean caughtUp;
  private volatile String problem; // null for none
  private boolean positioned; // whether partitions were assigned once; only the thread uses it

  /**
   * Starts following, in a thread of its own.
   *
   * @param config the consumer's configuration
   * @param lookBack how many records before the end to start at, over all partitions; approximate
   * @param listener called for every record on that thread
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

  @Override
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void run() {
    while (!isClosed()) {
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        current = consumer;
        follow(consumer);
      } catch (WakeupException e) {
        return;
      } catch (AuthorizationException e) {
        refused(e);
      } catch (RuntimeException e) { // of any kind: only this thread follows the topic
        log.warn("cannot follow topic {}, trying again: {}", topic, e.toString(), e);
        pause(RETRY_MS);
      } finally {
        current = null;
      }
    }
  }

  private void refused(AuthorizationException e) {
    String now =
        "this application may not read topic %s: give its user the right Read (kafka-acls.sh), or turn the live page off (undercurrent.live.page=false)"
            .formatted(topic);
    if (!now.equals(problem)) {
      log.warn("no last records and no live page: {}", now);
      log.debug("refused", e);
    }
    problem = now;
    pause(REFUSED_MS);
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) {
    Set<TopicPartition> assigned = new HashSet<>();
    Map<TopicPartition, Long> ends = new HashMap<>();
    long checkedMs = 0;
    long beganMs = System.nanoTime() / 1_000_000;
    while (!isClosed()) {
      long nowMs = System.nanoTime() / 1_000_000;
      if (assigned.isEmpty() || nowMs - checkedMs > PARTITIONS_MS) {
        checkedMs = nowMs;
        assign(consumer, assigned, ends);
      }
      if (assigned.isEmpty()) {
        pause(RETRY_MS);
        continue;
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        deliver(record);
      }
      if (problem != null && nowMs - beganMs > REFUSED_WITHIN_MS) {
        log.info("topic {} can be read again", topic);
        problem = null;
      }
      if (!caughtUp) {
        ends.keySet().removeIf(partition -> consumer.position(partition) >= ends.get(partition));
        caughtUp = ends.isEmpty();
      }
    }
  }

  /**
   * Assigns new partitions. The first ones start {@code lookBack} records before the end.
   * Partitions that are added later start at their beginning. After a failure all partitions start
   * at the end.
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
    long lookBackEach = positioned ? 0 : (lookBack + added.size() - 1) / added.size();
    ends.forEach((p, end) -> consumer.seek(p, Math.max(beginnings.get(p), end - lookBackEach)));
    positioned = true;
  }

  private void deliver(ConsumerRecord<byte[], byte[]> record) {
    EnrichedRecord enriched;
    try {
      enriched = record.value() == null ? null : EnrichedRecordJson.fromJson(record.value());
    } catch (IllegalArgumentException e) { // something else writes into the topic too
      log.debug("{}-{}@{}: {}", topic, record.partition(), record.offset(), e.getMessage());
      return;
    }
    try {
      listener.accept(record.key(), enriched);
    } catch (RuntimeException e) { // from the listener: the next record may succeed
      log.warn(
          "skipped the record at {}-{}@{}: the listener failed",
          topic,
          record.partition(),
          record.offset(),
          e);
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void pause(long ms) {
    try {
      closed.await(ms, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown(); // an interrupt means: end
    }
  }

  @Override
  public void close() {
    closed.countDown();
    KafkaConsumer<byte[], byte[]> consumer = current;
    if (consumer != null) {
      consumer.wakeup();
    }
  }
}
