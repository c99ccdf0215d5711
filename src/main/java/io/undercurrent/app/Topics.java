package io.undercurrent.app;

import io.undercurrent.config.UndercurrentConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topics of a definition, looked at before anything is started. */
public final class Topics {

  private static final Logger log = LoggerFactory.getLogger(Topics.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** What a broker counts and we may not: it measures the batch around a record. */
  private static final int BATCH_OVERHEAD_BYTES = 512;

  private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

  private final TopologyDefinition definition;
  private final UndercurrentConfig config;
  private final StreamsConfig streams;

  Topics(TopologyDefinition definition, UndercurrentConfig config, StreamsConfig streams) {
    this.definition = definition;
    this.config = config;
    this.streams = streams;
  }

  /**
   * Checks that all topics are there, and makes those that are not if asked to. Checks also that
   * Kafka Streams' own topics, where an earlier start has made them, still fit the source topics.
   *
   * @param internal Kafka Streams' own topics: one task reads a partition of each
   * @return for each topic that is written to, bytes of the largest record that may be sent there;
   *     without those of which it is not permitted to know
   * @throws AppException if the cluster cannot be reached, a topic is missing or not permitted, or
   *     one of {@code internal} has other partitions than the source topics
   */
  Map<String, Integer> check(boolean create, List<String> internal) {
    try (Admin admin = Admin.create(streams.getAdminConfigs("undercurrent-topics"))) {
      List<String> missing = missing(admin);
      if (!missing.isEmpty()) {
        if (!create) {
          throw new AppException(
              "topics must exist on %s, missing: %s (--create-topics makes them)"
                  .formatted(bootstrapServers(), String.join(", ", missing)));
        }
        create(admin, missing);
        awaitKnown(admin);
      }
      requireAsManyPartitions(admin, internal);
      return limits(admin);
    } catch (KafkaException e) {
      throw notConnected(bootstrapServers(), e);
    }
  }

  /**
   * Partitions of a topic.
   *
   * @throws AppException if there is no such topic, or it cannot be looked at
   */
  int partitions(String topic) {
    try (Admin admin = Admin.create(streams.getAdminConfigs("undercurrent-topics"))) {
      return describe(admin, topic, bootstrapServers()).partitions().size();
    } catch (KafkaException e) {
      throw notConnected(bootstrapServers(), e);
    }
  }

  private List<String> missing(Admin admin) {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(all(), new DescribeTopicsOptions().timeoutMs(timeoutMs()))
            .topicNameValues();
    List<String> missing = new ArrayList<>();
    for (String topic : all()) {
      Optional<Throwable> failure = failure(described.get(topic));
      if (failure.isPresent()) {
        if (!(failure.get() instanceof UnknownTopicOrPartitionException)) {
          throw refused(bootstrapServers(), "look at topic " + topic, failure.get());
        }
        missing.add(topic);
      }
    }
    return missing;
  }

  /** Kafka Streams would stop, and again at every start, until a topic has what it expects. */
  private void requireAsManyPartitions(Admin admin, List<String> internal) {
    int expected = 0;
    for (String source : definition.topics()) {
      expected =
          Math.max(expected, describe(admin, source, bootstrapServers()).partitions().size());
    }
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(internal, new DescribeTopicsOptions().timeoutMs(timeoutMs()))
            .topicNameValues();
    Map<String, Integer> others = new LinkedHashMap<>();
    for (String topic : internal) {
      try {
        int found = get(described.get(topic)).partitions().size();
        if (found != expected) {
          others.put(topic, found);
        }
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) { // not made yet
          throw refused(bootstrapServers(), "look at topic " + topic, e.getCause());
        }
      }
    }
    if (!others.isEmpty()) {
      throw new AppException(
          "Kafka Streams' own topics must have %d partitions, as many as the source topics %s, found %s: %s"
              .formatted(
                  expected,
                  String.join(", ", definition.topics()),
                  others,
                  advice(expected, others)));
    }
  }

  private static String advice(int expected, Map<String, Integer> others) {
    String anew = "set another application.id, with which every key begins without a state";
    int most = others.values().stream().max(Integer::compare).orElseThrow();
    return most > expected
        ? "a topic cannot lose partitions, so " + anew
        : "give each as many (kafka-topics.sh --alter --topic NAME --partitions %d), and keys that now lie in another partition begin without a state; or %s"
            .formatted(expected, anew);
  }

  private void create(Admin admin, List<String> missing) {
    List<NewTopic> topics = new ArrayList<>();
    for (String topic : missing) {
      topics.add(
          new NewTopic(topic, config.topicsPartitions(), config.topicsReplicationFactor())
              .configs(
                  Map.of(
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Integer.toString(UndercurrentConfig.MAX_RECORD_BYTES))));
    }
    Map<String, KafkaFuture<Void>> created =
        admin.createTopics(topics, new CreateTopicsOptions().timeoutMs(timeoutMs())).values();
    for (var topic : created.entrySet()) {
      failure(topic.getValue())
          .filter(e -> !(e instanceof TopicExistsException))
          .ifPresent(
              e -> {
                throw refused(bootstrapServers(), "create topic " + topic.getKey(), e);
              });
      log.info("created topic {}", topic.getKey());
    }
  }

  /** The broker that makes a topic knows it before the others do, and Streams stops at a gap. */
  private void awaitKnown(Admin admin) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      List<String> unknown = missing(admin);
      if (unknown.isEmpty()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new AppException(
            "topics were created on %s and are still not known after %d s, start again in a moment: %s"
                .formatted(bootstrapServers(), TIMEOUT.toSeconds(), String.join(", ", unknown)));
      }
      sleep();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(POLL_INTERVAL.toMillis());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static AppException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AppException("interrupted while looking at topics", e);
  }

  /** A record that its topic does not take would spoil a transaction, again at every attempt. */
  private Map<String, Integer> limits(Admin admin) {
    Map<String, ConfigResource> outputs = new LinkedHashMap<>();
    for (String topic : List.of(definition.enriched(), definition.deadLetters())) {
      outputs.put(topic, new ConfigResource(ConfigResource.Type.TOPIC, topic));
    }
    Map<ConfigResource, KafkaFuture<Config>> configs =
        admin
            .describeConfigs(outputs.values(), new DescribeConfigsOptions().timeoutMs(timeoutMs()))
            .values();
    int sent = StreamsApp.maxRecordBytes(streams);
    Map<String, Integer> limits = new HashMap<>();
    outputs.forEach(
        (topic, resource) ->
            maxMessageBytes(configs.get(resource))
                .ifPresent(
                    taken -> {
                      warnIfSmall(topic, taken, sent);
                      limits.put(topic, Math.max(1, taken - BATCH_OVERHEAD_BYTES));
                    }));
    return limits;
  }

  private static Optional<Integer> maxMessageBytes(KafkaFuture<Config> config) {
    try {
      return Optional.of(
          Integer.valueOf(get(config).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value()));
    } catch (ExecutionException e) {
      log.debug("not permitted to look, and not needed to run: {}", e.toString());
      return Optional.empty();
    }
  }

  private void warnIfSmall(String topic, int taken, int sent) {
    if (taken < sent) {
      log.warn(
          "topic {} takes records of {} bytes (max.message.bytes) and not of {} (max.request.size):"
              + " {}",
          topic,
          taken,
          sent,
          topic.equals(definition.deadLetters())
              ? "larger dead letters go without the record"
              : "larger records become dead letters");
    }
  }

  private static Optional<Throwable> failure(KafkaFuture<?> future) {
    try {
      get(future);
      return Optional.empty();
    } catch (ExecutionException e) {
      return Optional.of(e.getCause());
    }
  }

  /**
   * What a topic of somebody else's is like.
   *
   * @throws AppException if there is none, or it may not be looked at
   */
  public static TopicDescription describe(Admin admin, String topic, String servers) {
    try {
      return get(
          admin
              .describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(timeoutMs()))
              .topicNameValues()
              .get(topic));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new AppException(
            "topic %s must exist on %s, found no such topic: make it, or name another"
                .formatted(topic, servers),
            e);
      }
      throw refused(servers, "look at topic " + topic, e.getCause());
    }
  }

  /** Waits, within the timeout that was given to the request. */
  public static <T> T get(KafkaFuture<T> future) throws ExecutionException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * A client was not even made: an address that does not resolve, a truststore that is not there.
   */
  public static AppException notConnected(String servers, KafkaException e) {
    return new AppException(
        "cannot connect to %s: %s; see bootstrap.servers, and security.*, sasl.* and ssl.*, in the settings"
            .formatted(servers, AppException.oneLine(e)),
        e);
  }

  /** Why the cluster did not do something, in one line. */
  public static AppException refused(String servers, String action, Throwable cause) {
    if (cause instanceof TimeoutException) {
      return new AppException(
          "no broker answers at %s within %d s: start one there, or name another in bootstrap.servers"
              .formatted(servers, TIMEOUT.toSeconds()),
          cause);
    }
    if (cause instanceof AuthenticationException) {
      return new AppException(
          "the broker at %s does not accept these credentials: %s; see sasl.* and ssl.* in the settings"
              .formatted(servers, cause.getMessage()),
          cause);
    }
    if (cause instanceof AuthorizationException) {
      return new AppException(
          "not permitted to %s on %s: %s; have it permitted (kafka-acls), or log in as another"
              .formatted(action, servers, cause.getMessage()),
          cause);
    }
    return new AppException(
        "cannot %s on %s: %s".formatted(action, servers, AppException.oneLine(cause)), cause);
  }

  private List<String> all() {
    List<String> topics = new ArrayList<>(definition.topics());
    topics.add(definition.enriched());
    topics.add(definition.deadLetters());
    return topics;
  }

  private String bootstrapServers() {
    return bootstrapServers(streams);
  }

  public static String bootstrapServers(StreamsConfig streams) {
    return String.join(",", streams.getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG));
  }

  public static int timeoutMs() {
    return Math.toIntExact(TIMEOUT.toMillis());
  }
}
