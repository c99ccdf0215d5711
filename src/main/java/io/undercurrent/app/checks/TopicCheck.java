package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;

/** Whether a topic exists, or may be created, and may be used as the application uses it. */
final class TopicCheck implements Check {

  private final Cluster cluster;
  private final String topic;
  private final boolean created; // by the application, if it is missing
  private final Set<AclOperation> needed;

  /** Operations without which the application runs, and what is missing then. */
  private final Map<AclOperation, String> wanted;

  private TopicCheck(
      Cluster cluster,
      String topic,
      boolean created,
      Set<AclOperation> needed,
      Map<AclOperation, String> wanted) {
    this.cluster = cluster;
    this.topic = topic;
    this.created = created;
    this.needed = needed;
    this.wanted = wanted;
  }

  static TopicCheck ofSource(Cluster cluster, String topic) {
    Map<AclOperation, String> wanted = new EnumMap<>(AclOperation.class);
    if (cluster.subject().config().livePage() && cluster.subject().config().liveInput()) {
      wanted.put(AclOperation.WRITE, "the live page cannot send messages");
    }
    return new TopicCheck(
        cluster, topic, cluster.subject().createTopics(), Set.of(AclOperation.READ), wanted);
  }

  static TopicCheck ofEnriched(Cluster cluster, String topic) {
    Map<AclOperation, String> wanted = new EnumMap<>(AclOperation.class);
    if (cluster.subject().config().livePage()) {
      wanted.put(
          AclOperation.READ, "the live page shows nothing, and answers have no last records");
    }
    wanted.put(
        AclOperation.DESCRIBE_CONFIGS, "Kafka's default limits of size and time are assumed");
    return new TopicCheck(
        cluster, topic, cluster.subject().createTopics(), Set.of(AclOperation.WRITE), wanted);
  }

  static TopicCheck ofDeadLetters(Cluster cluster, String topic) {
    return new TopicCheck(
        cluster,
        topic,
        cluster.subject().createTopics(),
        Set.of(AclOperation.WRITE),
        Map.of(
            AclOperation.DESCRIBE_CONFIGS,
            "Kafka's default limits are assumed, and a compacted topic is not noticed"));
  }

  /** A topic that Kafka Streams creates. */
  static TopicCheck ofInternal(Cluster cluster, String topic) {
    Map<AclOperation, String> wanted = new EnumMap<>(AclOperation.class);
    wanted.put(
        AclOperation.DESCRIBE_CONFIGS, "Kafka's default limits of size and time are assumed");
    if (topic.endsWith("-repartition")) {
      wanted.put(AclOperation.DELETE, "records that were read are not deleted, and it grows");
    }
    return new TopicCheck(
        cluster, topic, true, Set.of(AclOperation.READ, AclOperation.WRITE), wanted);
  }

  @Override
  public String name() {
    return "topic " + topic;
  }

  @Override
  public Finding look() {
    try {
      return judge(
          Cluster.get(
              cluster
                  .admin()
                  .describeTopics(
                      List.of(topic),
                      new DescribeTopicsOptions()
                          .timeoutMs(AdminRequests.timeoutMs())
                          .includeAuthorizedOperations(true))
                  .topicNameValues()
                  .get(topic)));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return missing();
      }
      if (e.getCause() instanceof PolicyViolationException) {
        return unknown(
            "it does not exist; this check cannot tell what the broker's policy for new topics says"
                + " to the settings that it is created with",
            "if it cannot be created, see topic.* in the settings");
      }
      return e.getCause() instanceof AuthorizationException
          ? failed(
              "this user lacks %s, and cannot see whether the topic exists"
                  .formatted(words(needed)),
              grant(needed))
          : Cluster.noAnswer(this, e);
    }
  }

  private Finding judge(TopicDescription found) {
    Set<AclOperation> may = found.authorizedOperations();
    if (may == null) {
      return unknown("the broker does not say what this user may do", "");
    }
    Set<AclOperation> denied = without(needed, may);
    if (!denied.isEmpty()) {
      return failed("this user lacks %s".formatted(words(denied)), grant(denied));
    }
    Set<AclOperation> refused = without(wanted.keySet(), may);
    if (!refused.isEmpty()) {
      return warning(
          "this user lacks %s: %s"
              .formatted(
                  words(refused),
                  refused.stream().map(wanted::get).collect(Collectors.joining("; "))),
          grant(refused));
    }
    Optional<TopicPartitionInfo> leaderless =
        found.partitions().stream().filter(partition -> partition.leader() == null).findFirst();
    if (leaderless.isPresent()) {
      return warning(
          "partition %d has no leader: its records wait".formatted(leaderless.get().partition()),
          "start a broker that has a replica of it");
    }
    int partitions = found.partitions().size();
    return ok(partitions == 1 ? "1 partition" : partitions + " partitions");
  }

  private static Set<AclOperation> without(Set<AclOperation> all, Set<AclOperation> may) {
    return all.stream().filter(operation -> !may.contains(operation)).collect(Collectors.toSet());
  }

  private Finding missing() {
    if (!created) {
      return failed("it does not exist", "create it, or start once with --create-topics");
    }
    try {
      Cluster.get(
          cluster
              .admin()
              .createTopics(
                  List.of(new NewTopic(topic, Optional.empty(), Optional.of(replicas()))),
                  new CreateTopicsOptions().timeoutMs(AdminRequests.timeoutMs()).validateOnly(true))
              .all());
      return ok("does not exist yet, and may be created");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return ok("was just created");
      }
      return e.getCause() instanceof AuthorizationException
          ? failed("it does not exist, and this user lacks Create", grantCreate())
          : notYet(
              "it does not exist, and cannot be created: " + e.getCause().getMessage(),
              "see replication.factor and undercurrent.topics.replication.factor in the settings,"
                  + " and the broker's defaults for new topics");
    }
  }

  /** -1 for the broker's default. */
  private short replicas() {
    Subject subject = cluster.subject();
    return topic.startsWith(subject.applicationId() + "-")
        ? subject.streams().getInt(StreamsConfig.REPLICATION_FACTOR_CONFIG).shortValue()
        : subject.config().topicsReplicationFactor();
  }

  private String grantCreate() {
    return cluster.grant(Set.of(AclOperation.CREATE), resource());
  }

  private String grant(Set<AclOperation> operations) {
    return cluster.grant(operations.stream().sorted().toList(), resource());
  }

  /** Kafka Streams' topics have a common start. */
  private String resource() {
    return topic.startsWith(cluster.subject().applicationId() + "-")
        ? "--resource-pattern-type prefixed --topic " + cluster.subject().applicationId() + "-"
        : "--topic " + topic;
  }

  private static String words(Set<AclOperation> operations) {
    return operations.stream().sorted().map(Cluster::word).collect(Collectors.joining(" and "));
  }
}
