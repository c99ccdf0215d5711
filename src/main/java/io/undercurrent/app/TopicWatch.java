package io.undercurrent.app;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the topics of a running app again and again, in a thread of its own, because the broker
 * may answer slowly and neither a request nor Kafka Streams should wait for it. Learns the number
 * of partitions, and warns of partitions that were added to a source topic before Kafka Streams
 * notices, and of unread records that were deleted.
 */
final class TopicWatch implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(TopicWatch.class);
  private static final long RETRY_MS = 1_000;
  private static final long MAX_WATCH_MS = 30_000;

  private final Topics topics;
  private final StreamsConfig config;
  private final String changelog;
  private final BooleanSupplier goesOn;
  private final Thread thread = new Thread(this, "undercurrent-topics");
  private volatile int partitions; // of the states' changelog; 0 until it is known

  /**
   * @param changelog the states' changelog topic
   * @param goesOn whether the app still runs
   */
  TopicWatch(Topics topics, StreamsConfig config, String changelog, BooleanSupplier goesOn) {
    this.topics = topics;
    this.config = config;
    this.changelog = changelog;
    this.goesOn = goesOn;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Ends it, also while it waits for a broker that does not answer. */
  void stop() {
    thread.interrupt();
  }

  /** The number of partitions of the states' changelog; 0 until it is known. */
  int partitions() {
    return partitions;
  }

  @Override
  public void run() {
    String warned = null;
    Admin admin = null; // until its brokers' addresses resolve
    try {
      while (goesOn.getAsBoolean()) {
        try {
          admin = admin == null ? topics.admin() : admin;
          Topics.Look look = topics.look(admin, changelog);
          partitions = look.partitions();
          String problem = look.wrongPartitions().orElse(null);
          if (problem != null && !problem.equals(warned)) {
            log.warn("Kafka Streams will stop within metadata.max.age.ms: {}", problem);
          }
          warned = problem;
          look.deletedUnread().forEach(log::warn);
        } catch (RuntimeException e) {
          String why = e instanceof AppException ? e.getMessage() : AppException.oneLine(e);
          if (partitions == 0 && goesOn.getAsBoolean()) {
            log.warn("cannot look up where keys are, trying again: {}", why);
          } else {
            log.debug("cannot look at the topics, trying again: {}", why);
          }
        }
        Thread.sleep(partitions == 0 ? RETRY_MS : watchMs());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (admin != null) {
        admin.close(Duration.ZERO);
      }
    }
  }

  /** Several times before Kafka Streams' consumers look at the topics. */
  private long watchMs() {
    Object maxAge =
        config.getMainConsumerConfigs("any", "any", 0).get(ConsumerConfig.METADATA_MAX_AGE_CONFIG);
    long maxAgeMs = maxAge == null ? MAX_WATCH_MS : Long.parseLong(maxAge.toString());
    return Math.max(RETRY_MS, Math.min(MAX_WATCH_MS, maxAgeMs / 10));
  }
}
