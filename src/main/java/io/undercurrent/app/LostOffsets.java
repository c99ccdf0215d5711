package io.undercurrent.app;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds partitions whose committed offsets are gone, although the states have taken in their
 * records. Kafka deletes the offsets of a group without members after {@code
 * offsets.retention.minutes}, and those of a topic that is deleted. To read such a partition from
 * its beginning would enrich its records twice; to read it from its end would leave some out. So
 * somebody has to choose.
 *
 * <p>With exactly-once, a task's offsets and its states are committed in one transaction. So a
 * changelog with committed records, but without a committed offset of the partitions that the same
 * task reads, has lost offsets. An application that was killed before its first commit has only
 * aborted records. With at-least-once the changelog may be ahead of the offsets, and what Kafka has
 * lost cannot be told from what was never committed: then there is only a warning.
 */
final class LostOffsets {

  private static final Logger log = LoggerFactory.getLogger(LostOffsets.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /** Longer than a transaction of an instance that was killed stays open (10 s). */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final TopologyDefinition definition;
  private final StreamsConfig streams;
  private final String group;
  private final String changelog;
  private final Duration patience;
  private final GroupOffsets committed;

  /**
   * @param changelog of the states
   * @param patience how long to wait for commits that are on their way, and for the changelog's end
   */
  LostOffsets(
      TopologyDefinition definition, StreamsConfig streams, String changelog, Duration patience) {
    this.definition = definition;
    this.streams = streams;
    this.group = streams.getString(StreamsConfig.APPLICATION_ID_CONFIG);
    this.changelog = changelog;
    this.patience = patience;
    this.committed = new GroupOffsets(group, servers(), patience);
  }

  /**
   * Checks that no offsets are lost.
   *
   * @param ran what the application ran before. If it read other topics, or got its keys in another
   *     way, then partitions that this instance is the first to read begin where {@code
   *     auto.offset.reset} says
   * @param ours what this instance runs
   * @param choice where to go on if some are; null if nobody has chosen
   * @throws AppException if some are and nobody has chosen, or the brokers do not answer or permit
   */
  void check(Admin admin, RunIdentity ran, RunIdentity ours, WithoutOffsets choice) {
    requireOffsets(admin, ran, choice);
    if (!ran.readsAs(ours)) {
      beginNew(admin);
    }
  }

  private void requireOffsets(Admin admin, RunIdentity ran, WithoutOffsets choice) {
    Missing missing = missing(admin, ran, committed::without);
    Set<Integer> withStates = withStates(admin, missing.byTask.keySet());
    if (withStates.isEmpty()) {
      return;
    }
    // Again, because a commit may have been on its way.
    missing = missing(admin, ran, committed::withoutAfterCommits);
    missing.byTask.keySet().retainAll(withStates);
    Set<TopicPartition> lost = new LinkedHashSet<>();
    missing.byTask.values().forEach(lost::addAll);
    lost.removeIf(partition -> !isRead(partition));
    if (lost.isEmpty()) {
      return;
    }
    if (choice != null) {
      commit(admin, lost, choice);
    } else if (missing.someSource && lost.stream().allMatch(this::isRepartition)) {
      beginRepartition(admin, lost);
    } else if (isExactlyOnce()) {
      throw new AppException(
          problem(lost)
              + ". Start one instance with --without-offsets earliest, which enriches again what the"
              + " topics still have, or with --without-offsets latest, which leaves out what was not"
              + " read; or start from nothing with kafka-streams-application-reset.sh");
    } else {
      log.warn(
          "{}: where they are read from depends on auto.offset.reset, and records may be enriched"
              + " twice or left out (--without-offsets chooses)",
          problem(lost));
    }
  }

  /**
   * The partitions without a committed offset that would have one if a task had committed.
   *
   * @param byTask the partitions by the number of the task
   * @param someSource whether a partition of the source topics has a committed offset
   */
  private record Missing(Map<Integer, Set<TopicPartition>> byTask, boolean someSource) {}

  /**
   * @param without finds those that have no committed offset
   */
  private Missing missing(
      Admin admin,
      RunIdentity ran,
      BiFunction<Admin, Set<TopicPartition>, Set<TopicPartition>> without) {
    Set<TopicPartition> sources = partitions(admin, ran.topics());
    boolean repartitioned = !ran.hasRecordKeys();
    Set<TopicPartition> inputs = repartitioned ? partitions(admin, Set.of(repartition())) : sources;
    Set<TopicPartition> all = new HashSet<>(sources);
    all.addAll(inputs);
    Set<TopicPartition> found = all.isEmpty() ? Set.of() : without.apply(admin, all);

    Map<Integer, Set<TopicPartition>> missing = new TreeMap<>();
    inputs.stream()
        .collect(Collectors.groupingBy(TopicPartition::partition, Collectors.toSet()))
        .forEach(
            (task, partitions) -> {
              if (found.containsAll(partitions)) { // else one of the topics may have no records
                missing.put(task, partitions);
              }
            });
    boolean someSource = !found.containsAll(sources);
    if (repartitioned && !someSource) {
      // A record of any source partition may go to any task.
      for (int task = 0; task < tasks(sources); task++) {
        missing.computeIfAbsent(task, none -> new HashSet<>()).addAll(sources);
      }
    }
    return new Missing(missing, someSource);
  }

  private static int tasks(Set<TopicPartition> sources) {
    return sources.stream().mapToInt(TopicPartition::partition).max().orElse(-1) + 1;
  }

  /**
   * Lets partitions that no instance has read begin. Without an offset they would look like
   * partitions with lost offsets at the next start, if they have no records until then.
   */
  private void beginNew(Admin admin) {
    OffsetSpec spec =
        switch (String.valueOf(
            streams
                .getMainConsumerConfigs("any", "any", 0)
                .get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG))) {
          case "earliest" -> OffsetSpec.earliest();
          case "latest" -> OffsetSpec.latest();
          default -> null; // Kafka Streams decides
        };
    Set<TopicPartition> none =
        committed.withoutAfterCommits(admin, partitions(admin, definition.topics()));
    if (spec != null && !none.isEmpty()) {
      Map<TopicPartition, Long> offsets = offsets(admin, none, spec);
      if (committed.commit(admin, offsets)) {
        log.info("partitions that are read for the first time begin at {}", offsets);
      }
    }
  }

  private void beginRepartition(Admin admin, Set<TopicPartition> lost) {
    Map<TopicPartition, Long> offsets = offsets(admin, lost, OffsetSpec.earliest());
    boolean done = committed.commit(admin, offsets);
    log.warn(
        "group {} has no committed offsets for {}, but it has some for its source topics: the topic"
            + " was deleted and created again. Nothing in it was read yet, so it is read from its"
            + " beginning{}",
        group,
        GroupOffsets.names(lost),
        done ? "" : " by the instances that run");
  }

  private String repartition() {
    return EnrichmentTopology.repartitionTopic(group);
  }

  /** Whether this instance reads it. */
  private boolean isRead(TopicPartition partition) {
    return definition.topics().contains(partition.topic())
        || definition.key() != null && isRepartition(partition);
  }

  private boolean isRepartition(TopicPartition partition) {
    return partition.topic().equals(repartition());
  }

  /** The tasks, out of these, whose changelog has committed records. */
  private Set<Integer> withStates(Admin admin, Set<Integer> tasks) {
    Set<TopicPartition> partitions =
        partitions(admin, Set.of(changelog)).stream()
            .filter(partition -> tasks.contains(partition.partition()))
            .collect(Collectors.toSet());
    Map<TopicPartition, Long> ends = offsets(admin, partitions, OffsetSpec.latest());
    if (!ends.isEmpty()) {
      Map<TopicPartition, Long> begins = offsets(admin, partitions, OffsetSpec.earliest());
      ends.entrySet().removeIf(end -> end.getValue() <= begins.get(end.getKey()));
    }
    return ends.isEmpty() ? Set.of() : withRecords(ends);
  }

  /** All partitions of those topics that exist. */
  private Set<TopicPartition> partitions(Admin admin, Collection<String> topics) {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(
                topics, new DescribeTopicsOptions().timeoutMs(AdminRequests.timeoutMs()))
            .topicNameValues();
    Set<TopicPartition> partitions = new HashSet<>();
    for (String topic : topics) {
      try {
        AdminRequests.get(described.get(topic))
            .partitions()
            .forEach(found -> partitions.add(new TopicPartition(topic, found.partition())));
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw failed("describe topic " + topic, e.getCause());
        }
      }
    }
    return partitions;
  }

  /** The numbers of the partitions that have a committed record before these ends. */
  private Set<Integer> withRecords(Map<TopicPartition, Long> ends) {
    Set<Integer> found = new HashSet<>();
    Set<TopicPartition> open = new HashSet<>(ends.keySet());
    long deadline = System.nanoTime() + patience.toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer =
        CommittedRecords.consumer(streams, "undercurrent-offsets")) {
      consumer.assign(open);
      consumer.seekToBeginning(open);
      while (!open.isEmpty()) {
        if (System.nanoTime() - deadline >= 0) {
          throw new AppException(
              "topic %s must be readable to its end, found that %s of %s was not reached within %d s: see whether the brokers are overloaded, and start again"
                  .formatted(
                      changelog,
                      open.size() == 1 ? "the end" : "the ends",
                      GroupOffsets.names(open),
                      patience.toSeconds()));
        }
        consumer.poll(POLL).partitions().forEach(partition -> found.add(partition.partition()));
        open.removeIf(
            partition ->
                found.contains(partition.partition())
                    || consumer.position(partition) >= ends.get(partition));
        consumer.assign(open);
      }
    } catch (KafkaException e) {
      throw failed("read topic " + changelog, e);
    }
    return found;
  }

  private Map<TopicPartition, Long> offsets(
      Admin admin, Set<TopicPartition> partitions, OffsetSpec spec) {
    Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
    partitions.forEach(partition -> specs.put(partition, spec));
    try {
      Map<TopicPartition, Long> offsets = new HashMap<>();
      AdminRequests.get(
              admin
                  .listOffsets(
                      specs,
                      new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)
                          .timeoutMs(AdminRequests.timeoutMs()))
                  .all())
          .forEach((partition, found) -> offsets.put(partition, found.offset()));
      return offsets;
    } catch (ExecutionException e) {
      throw failed("list the offsets of " + partitions, e.getCause());
    }
  }

  private void commit(Admin admin, Set<TopicPartition> lost, WithoutOffsets choice) {
    boolean sources = lost.stream().anyMatch(partition -> !isRepartition(partition));
    Map<Boolean, Set<TopicPartition>> fromBeginning =
        lost.stream()
            .collect(
                Collectors.partitioningBy(
                    partition ->
                        choice == WithoutOffsets.EARLIEST
                            // Else what is in there would come a second time from the sources.
                            && !(sources && isRepartition(partition)),
                    Collectors.toSet()));
    Map<TopicPartition, Long> offsets =
        new TreeMap<>(Comparator.comparing(TopicPartition::toString));
    offsets.putAll(offsets(admin, fromBeginning.get(true), OffsetSpec.earliest()));
    offsets.putAll(offsets(admin, fromBeginning.get(false), OffsetSpec.latest()));
    if (!committed.commit(admin, offsets)) {
      throw new AppException(
          "--without-offsets is possible only while no other instance of %s runs: stop them; one that was killed leaves the group after session.timeout.ms (45 s)"
              .formatted(group));
    }
    log.warn("{}: they are read from these offsets on ({}): {}", problem(lost), choice, offsets);
  }

  private boolean isExactlyOnce() {
    return StreamsConfig.EXACTLY_ONCE_V2.equals(
        streams.getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG));
  }

  private String problem(Set<TopicPartition> lost) {
    return "group %s has no committed offsets for %s, although topic %s has states of their records: Kafka deletes offsets if the group did not run for offsets.retention.minutes (7 days), or with their topic"
        .formatted(group, GroupOffsets.names(lost), changelog);
  }

  private AppException failed(String action, Throwable cause) {
    return AdminRequests.requestFailed(servers(), action, cause);
  }

  private String servers() {
    return AdminRequests.bootstrapServers(streams);
  }
}
