package io.undercurrent.cli;

import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.topology.TopologyDefinition;
import java.time.Duration;
import java.util.ArrayList;
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
final class Topics {

  private static final Logger log = LoggerFactory.getLogger(Topics.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
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
   * Checks that all topics are there, and makes those that are not if asked to.
   *
   * @throws AppException if the cluster cannot be reached, or a topic is missing or not permitted
   */
  void check(boolean create) {
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
      warnOfSmallTopics(admin);
    } catch (KafkaException e) {
      // Not even made: an address that does not resolve, a truststore that is not there.
      throw new AppException(
          "cannot connect to %s: %s".formatted(bootstrapServers(), AppException.oneLine(e)), e);
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
          throw refused("look at topic " + topic, failure.get());
        }
        missing.add(topic);
      }
    }
    return missing;
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
                throw refused("create topic " + topic.getKey(), e);
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
            "topics were created on %s and are still not known after %d s: %s"
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

  /** A topic that takes less than we send is found out in the middle of the night otherwise. */
  private void warnOfSmallTopics(Admin admin) {
    Map<String, ConfigResource> outputs = new LinkedHashMap<>();
    for (String topic : List.of(definition.enriched(), definition.deadLetters())) {
      outputs.put(topic, new ConfigResource(ConfigResource.Type.TOPIC, topic));
    }
    Map<ConfigResource, KafkaFuture<Config>> configs =
        admin
            .describeConfigs(outputs.values(), new DescribeConfigsOptions().timeoutMs(timeoutMs()))
            .values();
    int sent = StreamsApp.maxRecordBytes(streams);
    outputs.forEach((topic, resource) -> warnIfSmall(topic, configs.get(resource), sent));
  }

  private static void warnIfSmall(String topic, KafkaFuture<Config> config, int sent) {
    try {
      String taken = get(config).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value();
      if (Integer.parseInt(taken) < sent) {
        log.warn(
            "topic {} takes records of {} bytes (max.message.bytes) and records of up to {} may be"
                + " sent (max.request.size): one above the former stops the app",
            topic,
            taken,
            sent);
      }
    } catch (ExecutionException e) {
      log.debug("not permitted to look, and not needed to run: {}", e.toString());
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

  /** Waits, within the timeout that was given to the request. */
  private static <T> T get(KafkaFuture<T> future) throws ExecutionException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private AppException refused(String action, Throwable cause) {
    String servers = bootstrapServers();
    if (cause instanceof TimeoutException) {
      return new AppException(
          "no broker answers at %s (bootstrap.servers) within %d s"
              .formatted(servers, TIMEOUT.toSeconds()),
          cause);
    }
    if (cause instanceof AuthenticationException) {
      return new AppException(
          "the broker at %s does not accept these credentials: %s"
              .formatted(servers, cause.getMessage()),
          cause);
    }
    if (cause instanceof AuthorizationException) {
      return new AppException(
          "not permitted to %s on %s: %s".formatted(action, servers, cause.getMessage()), cause);
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
    return String.join(",", streams.getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG));
  }

  private static int timeoutMs() {
    return Math.toIntExact(TIMEOUT.toMillis());
  }
}
