package io.undercurrent.app;

import static io.undercurrent.app.AdminRequests.await;
import static io.undercurrent.app.AdminRequests.describe;
import static io.undercurrent.app.AdminRequests.failure;
import static io.undercurrent.app.AdminRequests.get;
import static io.undercurrent.app.AdminRequests.requestFailed;
import static io.undercurrent.app.AdminRequests.timeoutMs;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics that Kafka Streams creates for a topology: changelogs and repartition topics. They
 * must have as many partitions as the source topics. Immutable.
 */
public final class InternalTopics {

  private static final Logger log = LoggerFactory.getLogger(InternalTopics.class);

  private final List<String> names;
  private final List<String> sources;
  private final String servers;

  /**
   * @param names of the internal topics; they need not exist
   * @param sources the source topics
   * @param servers the brokers' addresses, for messages
   */
  public InternalTopics(List<String> names, List<String> sources, String servers) {
    this.names = List.copyOf(names);
    this.sources = List.copyOf(sources);
    this.servers = servers;
  }

  List<String> names() {
    return names;
  }

  /** The names of the topics that Kafka Streams creates for a definition. */
  public static List<String> names(
      TopologyDefinition definition, Model model, String applicationId) {
    List<String> names = new ArrayList<>();
    names.add(changelog(applicationId, definition.store()));
    if (model.config().hasMemory()) {
      String memory = EnrichmentSettings.DEFAULTS.withStore(definition.store()).memoryStore();
      names.add(changelog(applicationId, memory));
    }
    if (definition.key() != null) {
      names.add(applicationId + "-" + EnrichmentTopology.REPARTITION + "-repartition");
    }
    return names;
  }

  /** The name of the topic in which an application's instances agree on their settings. */
  public static String settings(String applicationId) {
    return changelog(applicationId, "undercurrent-settings");
  }

  /** The name of a store's changelog. */
  static String changelog(String applicationId, String store) {
    return applicationId + "-" + store + "-changelog";
  }

  /**
   * Checks that those that exist have as many partitions as the source topics. With other numbers
   * Kafka Streams would stop, and stop again at every start.
   *
   * @param add whether to give them as many
   * @throws AppException if one has another number, or the brokers do not answer
   */
  void requirePartitions(Admin admin, boolean add) {
    Partitions found = partitions(admin);
    if (add && !found.wrong.isEmpty() && found.max() < found.expected) {
      addPartitions(admin, found);
      found = await(() -> partitions(admin), after -> after.wrong.isEmpty());
    }
    if (!found.wrong.isEmpty()) {
      throw new AppException(problem(found));
    }
  }

  /**
   * @param expected the partitions of the source topics
   * @param wrong the internal topics with another number
   */
  private record Partitions(int expected, Map<String, Integer> wrong) {

    int max() {
      return wrong.values().stream().max(Integer::compare).orElse(0);
    }
  }

  private Partitions partitions(Admin admin) {
    int expected = 0;
    for (String source : sources) {
      expected = Math.max(expected, describe(admin, source, servers).partitions().size());
    }
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(names, new DescribeTopicsOptions().timeoutMs(timeoutMs()))
            .topicNameValues();
    Map<String, Integer> wrong = new LinkedHashMap<>();
    for (String topic : names) {
      try {
        int found = get(described.get(topic)).partitions().size();
        if (found != expected) {
          wrong.put(topic, found);
        }
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) { // not created yet
          throw requestFailed(servers, "describe topic " + topic, e.getCause());
        }
      }
    }
    return new Partitions(expected, wrong);
  }

  private void addPartitions(Admin admin, Partitions found) {
    for (String topic : found.wrong.keySet()) {
      failure(
              admin
                  .createPartitions(
                      Map.of(topic, NewPartitions.increaseTo(found.expected)),
                      new CreatePartitionsOptions().timeoutMs(timeoutMs()))
                  .all())
          .filter(e -> !(e instanceof InvalidPartitionsException)) // another instance was faster
          .ifPresent(
              e -> {
                throw requestFailed(servers, "add partitions to topic " + topic, e);
              });
      log.info(
          "topic {} has {} partitions now; keys whose records now go to another partition start"
              + " without a state",
          topic,
          found.expected);
    }
  }

  private String problem(Partitions found) {
    return "Kafka Streams' internal topics must have %d partitions, as many as the source topics %s, found %s: %s"
        .formatted(found.expected, String.join(", ", sources), found.wrong, advice(found));
  }

  private static String advice(Partitions found) {
    String freshStart = "set another application.id, with which every key starts without a state";
    return found.max() > found.expected
        ? "a topic cannot lose partitions, so " + freshStart
        : "add partitions to each (start with --add-partitions, or kafka-topics.sh --alter --topic NAME --partitions %d), and keys that are now in another partition start without a state; or %s"
            .formatted(found.expected, freshStart);
  }

  /**
   * What is wrong with the number of partitions; empty if nothing is.
   *
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  public Optional<String> wrongPartitions(Admin admin) {
    return Optional.of(partitions(admin))
        .filter(found -> !found.wrong.isEmpty())
        .map(this::problem);
  }
}
