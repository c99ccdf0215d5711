package io.undercurrent.app;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** The committed offsets of a group. Immutable. */
final class GroupOffsets {

  private static final Duration RETRY = Duration.ofMillis(100);

  private final String group;
  private final String servers;
  private final Duration patience;

  /**
   * @param servers the brokers' addresses, for messages
   * @param patience how long to wait for commits that are on their way
   */
  GroupOffsets(String group, String servers, Duration patience) {
    this.group = group;
    this.servers = servers;
    this.patience = patience;
  }

  /**
   * The partitions that have no committed offset. One with a commit on its way is not among them.
   *
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  Set<TopicPartition> without(Admin admin, Set<TopicPartition> partitions) {
    return without(read(admin, partitions, false));
  }

  /**
   * The same, after all commits on their way have ended.
   *
   * @throws AppException if they do not end, or the brokers do not answer or do not permit to ask
   */
  Set<TopicPartition> withoutAfterCommits(Admin admin, Set<TopicPartition> partitions) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Map<TopicPartition, OffsetAndMetadata> found = read(admin, partitions, true);
      if (found.keySet().containsAll(partitions)) {
        return without(found);
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new AppException(
            "group %s has had an open transaction for %d s, so its offsets are not known for %s: start again in a moment"
                .formatted(
                    group,
                    patience.toSeconds(),
                    names(
                        partitions.stream()
                            .filter(partition -> !found.containsKey(partition))
                            .collect(Collectors.toSet()))));
      }
      sleep();
    }
  }

  private static Set<TopicPartition> without(Map<TopicPartition, OffsetAndMetadata> found) {
    return found.entrySet().stream()
        .filter(entry -> entry.getValue() == null)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /**
   * The offsets by partition; null for one without. A partition whose offset is not known, because
   * a commit is on its way, is left out.
   */
  private Map<TopicPartition, OffsetAndMetadata> read(
      Admin admin, Set<TopicPartition> partitions, boolean stable) {
    try {
      return AdminRequests.get(
          admin
              .listConsumerGroupOffsets(
                  Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)),
                  new ListConsumerGroupOffsetsOptions()
                      .requireStable(stable)
                      .timeoutMs(AdminRequests.timeoutMs()))
              .partitionsToOffsetAndMetadata(group));
    } catch (ExecutionException e) {
      throw AdminRequests.requestFailed(
          servers, "read the offsets of group " + group, e.getCause());
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(RETRY.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AppException("interrupted while waiting for commits", e);
    }
  }

  /**
   * Commits offsets.
   *
   * @return false if that is not possible because the group has members
   * @throws AppException if the brokers do not answer or do not permit it
   */
  boolean commit(Admin admin, Map<TopicPartition, Long> offsets) {
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
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownMemberIdException) {
        return false;
      }
      throw AdminRequests.requestFailed(servers, "commit offsets of group " + group, e.getCause());
    }
  }

  /** The partitions, for messages. */
  static String names(Set<TopicPartition> partitions) {
    return partitions.stream()
        .map(TopicPartition::toString)
        .sorted()
        .collect(Collectors.joining(", "));
  }
}
