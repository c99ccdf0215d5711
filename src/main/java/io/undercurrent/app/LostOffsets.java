package io.undercurrent.app;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
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
  private static final int STABLE_MS = 30_000;

  private final TopologyDefinition definition;
  private final StreamsConfig streams;
  private final String group;
  private final String changelog;
  private final String repartition; // between source topics and states; null for none

  /**
   * @param changelog of the states
   */
  LostOffsets(TopologyDefinition definition, StreamsConfig streams, String changelog) {
    this.definition = definition;
    this.streams = streams;
    this.group = streams.getString(StreamsConfig.APPLICATION_ID_CONFIG);
    this.changelog = changelog;
    this.repartition = definition.key() == null ? null : EnrichmentTopology.repartitionTopic(group);
  }

  /**
   * Checks that no offsets are lost.
   *
   * @param choice where to go on if some are; null if nobody has chosen
   * @throws AppException if some are and nobody has chosen, or the brokers do not answer or permit
   */
  void check(Admin admin, WithoutOffsets choice) {
    Map<Integer, Set<TopicPartition>> missing = missing(admin, false);
    Set<Integer> withStates = withStates(admin, missing.keySet());
    if (withStates.isEmpty()) {
      return;
    }
    missing = missing(admin, true); // again, because a commit may have been on its way
    missing.keySet().retainAll(withStates);
    Set<TopicPartition> lost = new LinkedHashSet<>();
    missing.values().forEach(lost::addAll);
    if (lost.isEmpty()) {
      return;
    }
    if (choice != null) {
      commit(admin, lost, choice);
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
   * @param stable whether to wait for commits that are on their way
   * @return the partitions by the number of the task
   */
  private Map<Integer, Set<TopicPartition>> missing(Admin admin, boolean stable) {
    Set<TopicPartition> sources = sources(admin);
    int tasks = sources.stream().mapToInt(TopicPartition::partition).max().orElse(-1) + 1;
    Map<Integer, Set<TopicPartition>> inputs = new TreeMap<>();
    for (int i = 0; i < tasks; i++) {
      int task = i;
      inputs.put(
          task,
          repartition != null
              ? Set.of(new TopicPartition(repartition, task))
              : sources.stream()
                  .filter(source -> source.partition() == task)
                  .collect(Collectors.toSet()));
    }
    Set<TopicPartition> all = new HashSet<>(sources);
    inputs.values().forEach(all::addAll);
    Set<TopicPartition> committed = committed(admin, all, stable);

    Map<Integer, Set<TopicPartition>> missing = new TreeMap<>();
    boolean noSource = sources.stream().noneMatch(committed::contains);
    inputs.forEach(
        (task, partitions) -> {
          Set<TopicPartition> found = new LinkedHashSet<>();
          if (noSource) {
            found.addAll(repartition == null ? Set.of() : sources);
          }
          if (partitions.stream().noneMatch(committed::contains)) { // a topic may have no records
            found.addAll(partitions);
          }
          if (!found.isEmpty()) {
            missing.put(task, found);
          }
        });
    return missing;
  }

  private Set<TopicPartition> sources(Admin admin) {
    Set<TopicPartition> sources = new LinkedHashSet<>();
    for (String topic : definition.topics()) {
      AdminRequests.describe(admin, topic, servers())
          .partitions()
          .forEach(found -> sources.add(new TopicPartition(topic, found.partition())));
    }
    return sources;
  }

  private Set<TopicPartition> committed(
      Admin admin, Set<TopicPartition> partitions, boolean stable) {
    try {
      Set<TopicPartition> committed = new HashSet<>();
      AdminRequests.get(
              admin
                  .listConsumerGroupOffsets(
                      Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)),
                      new ListConsumerGroupOffsetsOptions()
                          .requireStable(stable)
                          .timeoutMs(stable ? STABLE_MS : AdminRequests.timeoutMs()))
                  .partitionsToOffsetAndMetadata(group))
          .forEach(
              (partition, offset) -> {
                if (offset != null) {
                  committed.add(partition);
                }
              });
      return committed;
    } catch (ExecutionException e) {
      if (stable && e.getCause() instanceof TimeoutException) {
        throw new AppException(
            "group %s has had an open transaction for %d s, so its offsets are not known: start again in a moment"
                .formatted(group, STABLE_MS / 1_000),
            e);
      }
      throw failed("read the offsets of group " + group, e.getCause());
    }
  }

  /** The tasks, out of these, whose changelog has committed records. */
  private Set<Integer> withStates(Admin admin, Set<Integer> tasks) {
    Set<TopicPartition> partitions =
        changelogPartitions(admin).stream()
            .filter(partition -> tasks.contains(partition.partition()))
            .collect(Collectors.toSet());
    Map<TopicPartition, Long> ends = offsets(admin, partitions, OffsetSpec.latest());
    if (!ends.isEmpty()) {
      Map<TopicPartition, Long> begins = offsets(admin, partitions, OffsetSpec.earliest());
      ends.entrySet().removeIf(end -> end.getValue() <= begins.get(end.getKey()));
    }
    return ends.isEmpty() ? Set.of() : withRecords(ends);
  }

  private Set<TopicPartition> changelogPartitions(Admin admin) {
    try {
      TopicDescription found =
          AdminRequests.get(
              admin
                  .describeTopics(
                      List.of(changelog),
                      new DescribeTopicsOptions().timeoutMs(AdminRequests.timeoutMs()))
                  .topicNameValues()
                  .get(changelog));
      return found.partitions().stream()
          .map(partition -> new TopicPartition(changelog, partition.partition()))
          .collect(Collectors.toSet());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Set.of();
      }
      throw failed("describe topic " + changelog, e.getCause());
    }
  }

  /** The numbers of the partitions that have a committed record before these ends. */
  private Set<Integer> withRecords(Map<TopicPartition, Long> ends) {
    Set<Integer> found = new HashSet<>();
    Set<TopicPartition> open = new HashSet<>(ends.keySet());
    long deadline = System.nanoTime() + Duration.ofMillis(STABLE_MS).toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer =
        CommittedRecords.consumer(streams, "undercurrent-offsets")) {
      consumer.assign(open);
      consumer.seekToBeginning(open);
      while (!open.isEmpty()) {
        consumer.poll(POLL).partitions().forEach(partition -> found.add(partition.partition()));
        open.removeIf(
            partition ->
                found.contains(partition.partition())
                    || consumer.position(partition) >= ends.get(partition));
        consumer.assign(open);
        if (System.nanoTime() > deadline) {
          throw new TimeoutException("its end was not reached");
        }
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
    boolean sources = lost.stream().anyMatch(partition -> !partition.topic().equals(repartition));
    Map<Boolean, Set<TopicPartition>> fromBeginning =
        lost.stream()
            .collect(
                Collectors.partitioningBy(
                    partition ->
                        choice == WithoutOffsets.EARLIEST
                            // Else what is in there would come a second time from the sources.
                            && !(sources && partition.topic().equals(repartition)),
                    Collectors.toSet()));
    Map<TopicPartition, Long> offsets =
        new TreeMap<>(Comparator.comparing(TopicPartition::toString));
    offsets.putAll(offsets(admin, fromBeginning.get(true), OffsetSpec.earliest()));
    offsets.putAll(offsets(admin, fromBeginning.get(false), OffsetSpec.latest()));
    Map<TopicPartition, OffsetAndMetadata> chosen = new HashMap<>();
    offsets.forEach((partition, offset) -> chosen.put(partition, new OffsetAndMetadata(offset)));
    try {
      AdminRequests.get(
          admin
              .alterConsumerGroupOffsets(
                  group,
                  chosen,
                  new AlterConsumerGroupOffsetsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .all());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownMemberIdException) {
        throw new AppException(
            "--without-offsets is possible only while no other instance of %s runs: stop them; one that was killed leaves the group after session.timeout.ms (45 s)"
                .formatted(group),
            e);
      }
      throw failed("commit offsets of group " + group, e.getCause());
    }
    log.warn("{}: they are read from these offsets on ({}): {}", problem(lost), choice, offsets);
  }

  private boolean isExactlyOnce() {
    return StreamsConfig.EXACTLY_ONCE_V2.equals(
        streams.getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG));
  }

  private String problem(Set<TopicPartition> lost) {
    return "group %s has no committed offsets for %s, although topic %s has states of their records: Kafka deletes offsets if the group did not run for offsets.retention.minutes (7 days), or with their topic"
        .formatted(
            group,
            lost.stream().map(TopicPartition::toString).sorted().collect(Collectors.joining(", ")),
            changelog);
  }

  private AppException failed(String action, Throwable cause) {
    return AdminRequests.requestFailed(servers(), action, cause);
  }

  private String servers() {
    return AdminRequests.bootstrapServers(streams);
  }
}
