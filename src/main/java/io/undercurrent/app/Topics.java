package io.undercurrent.app;

import static io.undercurrent.app.AdminRequests.await;
import static io.undercurrent.app.AdminRequests.connectionFailed;
import static io.undercurrent.app.AdminRequests.describe;
import static io.undercurrent.app.AdminRequests.failure;
import static io.undercurrent.app.AdminRequests.get;
import static io.undercurrent.app.AdminRequests.requestFailed;
import static io.undercurrent.app.AdminRequests.timeoutMs;

import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.streams.internals.TimestampRange;
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
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks and creates the topics of a definition before the app starts. All failures are {@link
 * AppException}s.
 */
public final class Topics {

  private static final Logger log = LoggerFactory.getLogger(Topics.class);

  /** A broker measures the whole batch, so a record must leave this much room for its batch. */
  private static final int BATCH_OVERHEAD_BYTES = 512;

  private final TopologyDefinition definition;
  private final UndercurrentConfig config;
  private final StreamsConfig streams;
  private final InternalTopics internal;
  private final DeletedInput deletedInput = new DeletedInput(); // guarded by this

  /**
   * @param internal names of Kafka Streams' internal topics
   */
  Topics(
      TopologyDefinition definition,
      UndercurrentConfig config,
      StreamsConfig streams,
      List<String> internal) {
    this.definition = definition;
    this.config = config;
    this.streams = streams;
    this.internal = new InternalTopics(internal, definition.topics(), bootstrapServers());
  }

  /**
   * Checks that all topics exist, and creates missing ones if asked to. Also checks that Kafka
   * Streams' internal topics, if they exist, have as many partitions as the source topics.
   *
   * @param create whether to create missing topics
   * @param addPartitions whether to give internal topics as many partitions as the source topics
   * @return what the topics accept that are written
   * @throws AppException if the cluster cannot be reached, a topic is missing or not permitted, the
   *     dead-letter topic is compacted, or an internal topic has another number of partitions than
   *     the source topics
   */
  TopicLimits check(boolean create, boolean addPartitions) {
    try (Admin admin = admin()) {
      List<String> missing = missing(admin);
      if (!missing.isEmpty()) {
        if (!create) {
          throw new AppException(
              "topics must exist on %s, missing: %s (--create-topics creates them)"
                  .formatted(bootstrapServers(), String.join(", ", missing)));
        }
        create(admin, missing);
        awaitKnown(admin);
      }
      internal.requirePartitions(admin, addPartitions);
      deletedUnread(admin).forEach(log::warn);
      return limits(admin);
    } catch (KafkaException e) {
      throw connectionFailed(bootstrapServers(), e);
    }
  }

  /**
   * The topics of a running app, at one time.
   *
   * @param partitions of the states' changelog
   * @param wrongPartitions what is wrong with the number of partitions of the internal topics;
   *     empty if nothing is
   * @param deletedUnread one line for each source topic of which records were deleted before they
   *     were read; each record is named once
   */
  record Look(int partitions, Optional<String> wrongPartitions, List<String> deletedUnread) {}

  /**
   * Looks at the topics.
   *
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  Look look(Admin admin, String changelog) {
    return new Look(
        describe(admin, changelog, bootstrapServers()).partitions().size(),
        internal.wrongPartitions(admin),
        deletedUnread(admin));
  }

  /**
   * The id of the cluster.
   *
   * @throws AppException if the cluster cannot be reached
   */
  String clusterId() {
    try (Admin admin = admin()) {
      return get(
          admin.describeCluster(new DescribeClusterOptions().timeoutMs(timeoutMs())).clusterId());
    } catch (ExecutionException e) {
      throw requestFailed(bootstrapServers(), "describe the cluster", e.getCause());
    } catch (KafkaException e) {
      throw connectionFailed(bootstrapServers(), e);
    }
  }

  /**
   * What is wrong with the number of partitions of Kafka Streams' internal topics; empty if nothing
   * is.
   *
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  Optional<String> wrongPartitions() {
    try (Admin admin = admin()) {
      return internal.wrongPartitions(admin);
    } catch (KafkaException e) {
      throw connectionFailed(bootstrapServers(), e);
    }
  }

  Admin admin() {
    return Admin.create(streams.getAdminConfigs("undercurrent-topics"));
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
          throw requestFailed(bootstrapServers(), "describe topic " + topic, failure.get());
        }
        missing.add(topic);
      }
    }
    return missing;
  }

  private synchronized List<String> deletedUnread(Admin admin) {
    Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
    for (String topic : definition.topics()) {
      describe(admin, topic, bootstrapServers())
          .partitions()
          .forEach(
              p -> partitions.put(new TopicPartition(topic, p.partition()), OffsetSpec.earliest()));
    }
    try {
      Map<TopicPartition, Long> beginnings = new HashMap<>();
      get(admin.listOffsets(partitions, new ListOffsetsOptions().timeoutMs(timeoutMs())).all())
          .forEach((partition, found) -> beginnings.put(partition, found.offset()));
      Map<TopicPartition, Long> committed = new HashMap<>();
      get(admin
              .listConsumerGroupOffsets(
                  streams.getString(StreamsConfig.APPLICATION_ID_CONFIG),
                  new ListConsumerGroupOffsetsOptions().timeoutMs(timeoutMs()))
              .partitionsToOffsetAndMetadata())
          .forEach(
              (partition, found) -> {
                if (found != null) {
                  committed.put(partition, found.offset());
                }
              });
      if (!"earliest".equals(autoOffsetReset())) {
        beginnings.keySet().retainAll(committed.keySet()); // others are not read from the beginning
      }
      DeletedInput.Look look = deletedInput.look(beginnings, committed);
      look.begins().forEach(log::info);
      return look.deleted();
    } catch (ExecutionException e) {
      log.debug("whether unread records were deleted is not known", e.getCause());
      return List.of();
    }
  }

  /** As the stream threads' consumers see it: it may be set with a prefix. */
  private Object autoOffsetReset() {
    return streams
        .getMainConsumerConfigs("any", "any", 0)
        .get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG);
  }

  private void create(Admin admin, List<String> missing) {
    List<NewTopic> topics = new ArrayList<>();
    for (String topic : missing) {
      topics.add(
          new NewTopic(topic, config.topicsPartitions(), config.topicsReplicationFactor())
              .configs(
                  Map.of(
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Integer.toString(UndercurrentConfig.MAX_RECORD_BYTES),
                      TopicConfig.CLEANUP_POLICY_CONFIG,
                      TopicConfig.CLEANUP_POLICY_DELETE,
                      TopicConfig.RETENTION_MS_CONFIG,
                      Long.toString(config.topicsRetentionMs()))));
    }
    Map<String, KafkaFuture<Void>> created =
        admin.createTopics(topics, new CreateTopicsOptions().timeoutMs(timeoutMs())).values();
    for (var topic : created.entrySet()) {
      Optional<Throwable> failure = failure(topic.getValue());
      if (failure.isPresent()) {
        if (!(failure.get() instanceof TopicExistsException)) { // another instance was faster
          throw requestFailed(bootstrapServers(), "create topic " + topic.getKey(), failure.get());
        }
        continue;
      }
      log.info(
          "created topic {}: {} partitions, keeps records {} (undercurrent.topics.retention.ms)",
          topic.getKey(),
          config.topicsPartitions(),
          config.topicsRetentionMs() < 0
              ? "for ever"
              : "for %d ms".formatted(config.topicsRetentionMs()));
    }
  }

  /**
   * Other brokers learn of a new topic later, and Kafka Streams stops if its broker does not know
   * it.
   */
  private void awaitKnown(Admin admin) {
    List<String> unknown = await(() -> missing(admin), List::isEmpty);
    if (!unknown.isEmpty()) {
      throw new AppException(
          "topics were created on %s but the brokers do not know them after %d s; start again in a moment: %s"
              .formatted(
                  bootstrapServers(),
                  AdminRequests.TIMEOUT.toSeconds(),
                  String.join(", ", unknown)));
    }
  }

  /**
   * What the topics accept. A record that its topic refuses would abort the transaction at every
   * attempt.
   */
  private TopicLimits limits(Admin admin) {
    List<String> written = new ArrayList<>(internal.names());
    written.add(definition.enriched());
    written.add(definition.deadLetters());
    Map<String, TopicSettings> settings =
        knownSettings(admin, written, List.of(definition.enriched(), definition.deadLetters()));
    requireNotCompacted(settings.get(definition.deadLetters()));

    int sent = StreamsSettings.maxRecordBytes(streams);
    Map<String, Integer> maxBytes = new HashMap<>();
    for (String topic : List.of(definition.enriched(), definition.deadLetters())) {
      settings
          .get(topic)
          .maxBytes()
          .ifPresent(
              accepted -> {
                warnIfSmall(topic, accepted, sent);
                maxBytes.put(topic, withoutOverhead(accepted));
              });
    }
    TopicSettings enriched = settings.get(definition.enriched());
    enriched
        .retention()
        .ifPresent(
            time ->
                log.info(
                    "topic {} keeps records for {} s by their own timestamps (retention.ms): results of older records are deleted soon after they are written",
                    definition.enriched(),
                    time.toSeconds()));
    Map<String, String> free = enriched.withoutTimestampLimits();
    TopicSettings created = enriched.with(free).with(streams.originalsWithPrefix("topic."));
    TimestampRange timestamps = enriched.timestamps();
    for (String topic : internal.names()) {
      TopicSettings found = settings.getOrDefault(topic, created);
      timestamps = timestamps.and(found.timestamps());
      found.maxBytes().ifPresent(accepted -> maxBytes.put(topic, withoutOverhead(accepted)));
    }
    return new TopicLimits(
        maxBytes, timestamps, settings.get(definition.deadLetters()).keptTimestamps(), free);
  }

  private static int withoutOverhead(int accepted) {
    return Math.max(1, accepted - BATCH_OVERHEAD_BYTES);
  }

  /**
   * How long a topic keeps records, by their own timestamps; empty if it keeps them for ever,
   * measures by the broker's clock, or its settings may not be read.
   */
  public static Optional<Duration> retention(Admin admin, String topic, String servers) {
    return settings(admin, List.of(topic), servers)
        .getOrDefault(topic, TopicSettings.UNKNOWN)
        .retention();
  }

  /** Whether a topic is compacted; empty if its settings may not be read or it does not exist. */
  public static Optional<Boolean> isCompacted(Admin admin, String topic, String servers) {
    return Optional.ofNullable(settings(admin, List.of(topic), servers).get(topic))
        .filter(known -> known != TopicSettings.UNKNOWN)
        .map(TopicSettings::isCompacted);
  }

  /**
   * The settings of topics, after every topic of {@code existing} is known: the asked broker may
   * learn of a new topic later than others.
   */
  Map<String, TopicSettings> knownSettings(
      Admin admin, List<String> topics, List<String> existing) {
    Map<String, TopicSettings> found =
        await(
            () -> settings(admin, topics, bootstrapServers()),
            settings -> settings.keySet().containsAll(existing));
    List<String> unknown = existing.stream().filter(topic -> !found.containsKey(topic)).toList();
    if (!unknown.isEmpty()) {
      throw new AppException(
          "topics exist on %s but a broker does not know their settings after %d s; start again in a moment: %s"
              .formatted(
                  bootstrapServers(),
                  AdminRequests.TIMEOUT.toSeconds(),
                  String.join(", ", unknown)));
    }
    return found;
  }

  /** The settings of topics; without topics that the asked broker does not know. */
  static Map<String, TopicSettings> settings(Admin admin, List<String> topics, String servers) {
    Map<ConfigResource, String> resources = new LinkedHashMap<>();
    topics.forEach(
        topic -> resources.put(new ConfigResource(ConfigResource.Type.TOPIC, topic), topic));
    Map<ConfigResource, KafkaFuture<Config>> described =
        admin
            .describeConfigs(
                resources.keySet(), new DescribeConfigsOptions().timeoutMs(timeoutMs()))
            .values();
    Map<String, TopicSettings> settings = new HashMap<>();
    resources.forEach(
        (resource, topic) -> {
          try {
            settings.put(topic, TopicSettings.of(get(described.get(resource))));
          } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
              log.debug("not permitted to read the settings of {}: {}", topic, e.toString());
              settings.put(topic, TopicSettings.UNKNOWN);
            } else if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
              throw requestFailed(servers, "read the settings of topic " + topic, e.getCause());
            }
          }
        });
    return settings;
  }

  private void requireNotCompacted(TopicSettings deadLetters) {
    if (deadLetters.isCompacted()) {
      throw new AppException(
          ("the dead-letter topic %s must not be compacted (cleanup.policy): it would refuse"
                  + " letters without a key and keep only the last of each key; kafka-configs.sh"
                  + " --alter --entity-type topics --entity-name %1$s --add-config"
                  + " cleanup.policy=delete changes it, or name another topic in sinks.deadLetters")
              .formatted(definition.deadLetters()));
    }
  }

  private void warnIfSmall(String topic, int accepted, int sent) {
    if (accepted < sent) {
      log.warn(
          "topic {} accepts records of {} bytes (max.message.bytes), fewer than max.request.size"
              + " ({}): {}",
          topic,
          accepted,
          sent,
          topic.equals(definition.deadLetters())
              ? "larger dead letters are sent without the record"
              : "larger records become dead letters");
    }
  }

  private List<String> all() {
    List<String> topics = new ArrayList<>(definition.topics());
    topics.add(definition.enriched());
    topics.add(definition.deadLetters());
    return topics;
  }

  private String bootstrapServers() {
    return AdminRequests.bootstrapServers(streams);
  }
}
