package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.StreamsGroupDescription;
import org.apache.kafka.clients.admin.StreamsGroupSubtopologyDescription;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

/** Whether the group is used by something else: a consumer, or an app with another topology. */
final class GroupUseCheck implements Check {

  /** The name of Kafka Streams' assignor in a classic group. */
  private static final String STREAMS_ASSIGNOR = "stream";

  private final Cluster cluster;
  private final String group;
  private final Set<String> ours;

  GroupUseCheck(Cluster cluster) {
    this.cluster = cluster;
    group = cluster.subject().applicationId();
    ours = new HashSet<>(cluster.subject().definition().topics());
    ours.addAll(cluster.subject().internalTopics());
  }

  @Override
  public String name() {
    return "use of group " + group;
  }

  @Override
  public Finding look() {
    try {
      GroupType type = type();
      if (type == null) {
        return ok("nothing uses it yet");
      }
      Finding members =
          switch (type) {
            case CLASSIC, CONSUMER -> consumers(type);
            case STREAMS -> streams();
            default -> other("it is a group of type " + type);
          };
      return members == null ? committed() : members;
    } catch (ExecutionException e) {
      return Cluster.noAnswer(this, e);
    }
  }

  /** Null if there is no such group, or we may not see it. */
  private GroupType type() throws ExecutionException {
    return Cluster.get(
            cluster
                .admin()
                .listGroups(new ListGroupsOptions().timeoutMs(AdminRequests.timeoutMs()))
                .valid())
        .stream()
        .filter(listing -> listing.groupId().equals(group))
        .findFirst()
        .flatMap(GroupListing::type)
        .orElse(null);
  }

  /** Null if nothing is wrong. */
  private Finding consumers(GroupType type) throws ExecutionException {
    ConsumerGroupDescription found =
        Cluster.get(
            cluster
                .admin()
                .describeConsumerGroups(
                    List.of(group),
                    new DescribeConsumerGroupsOptions().timeoutMs(AdminRequests.timeoutMs()))
                .describedGroups()
                .get(group));
    if (found.members().isEmpty()) {
      return null;
    }
    if (cluster.subject().usesStreamsProtocol()) {
      return other(
          "%d members use the %s protocol, but group.protocol is streams here"
              .formatted(found.members().size(), type));
    }
    if (!found.partitionAssignor().isEmpty()
        && !found.partitionAssignor().equals(STREAMS_ASSIGNOR)) {
      return other(
          "%d members are consumers that are not Kafka Streams (assignor %s)"
              .formatted(found.members().size(), found.partitionAssignor()));
    }
    Set<String> read =
        found.members().stream()
            .flatMap(member -> member.assignment().topicPartitions().stream())
            .map(TopicPartition::topic)
            .collect(Collectors.toCollection(TreeSet::new));
    return read(found.members().size(), read);
  }

  /** Null if nothing is wrong. */
  private Finding streams() throws ExecutionException {
    StreamsGroupDescription found =
        Cluster.get(
            cluster
                .admin()
                .describeStreamsGroups(
                    List.of(group),
                    new DescribeStreamsGroupsOptions().timeoutMs(AdminRequests.timeoutMs()))
                .describedGroups()
                .get(group));
    if (found.members().isEmpty()) {
      return null;
    }
    if (!cluster.subject().usesStreamsProtocol()) {
      return other(
          "%d members use the streams protocol, but group.protocol is classic here"
              .formatted(found.members().size()));
    }
    Set<String> read = new TreeSet<>();
    for (StreamsGroupSubtopologyDescription part : found.subtopologies()) {
      read.addAll(part.sourceTopics());
      read.addAll(part.repartitionSourceTopics().keySet());
      read.addAll(part.stateChangelogTopics().keySet());
    }
    return read(found.members().size(), read);
  }

  private Finding read(int members, Set<String> read) {
    read.removeAll(ours);
    return read.isEmpty()
        ? null
        : other(
            "%d members run another topology, with %s".formatted(members, String.join(", ", read)));
  }

  /** A member that was just killed leaves the group when its session times out. */
  private Finding other(String found) {
    return notYet(found, "stop them, or set another application.id");
  }

  private Finding committed() throws ExecutionException {
    Set<String> topics =
        Cluster.get(
                cluster
                    .admin()
                    .listConsumerGroupOffsets(
                        group,
                        new ListConsumerGroupOffsetsOptions().timeoutMs(AdminRequests.timeoutMs()))
                    .partitionsToOffsetAndMetadata())
            .keySet()
            .stream()
            .map(TopicPartition::topic)
            .collect(Collectors.toCollection(TreeSet::new));
    topics.removeAll(ours);
    return topics.isEmpty()
        ? ok("this application alone")
        : warning(
            "it has offsets of %s, which this topology does not read"
                .formatted(String.join(", ", topics)),
            "if another application has this application.id, set another one; if the topology was"
                + " changed, ignore this");
  }
}
