package io.undercurrent.app;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The topics to which a definition's dead letters may be sent again, as they were at one time: its
 * source topics, and its repartition topic if it has one. No other topic that a letter names is
 * written. Immutable.
 */
public final class ReplayTargets {

  private final Set<String> names;
  private final Map<String, Integer> partitions;
  private final Map<String, TopicSettings> settings;

  private ReplayTargets(
      Set<String> names, Map<String, Integer> partitions, Map<String, TopicSettings> settings) {
    this.names = names;
    this.partitions = partitions;
    this.settings = settings;
  }

  /**
   * Asks the brokers.
   *
   * @param streams the connection, with the application's {@code application.id}
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  public static ReplayTargets of(
      TopologyDefinition definition, StreamsConfig streams, String clientId) {
    String servers = AdminRequests.bootstrapServers(streams);
    List<String> names = new ArrayList<>(definition.topics());
    if (definition.key() != null) {
      String id = streams.getString(StreamsConfig.APPLICATION_ID_CONFIG);
      names.add(EnrichmentTopology.repartitionTopic(id));
    }
    Map<String, Integer> partitions = new HashMap<>();
    try (Admin admin = Admin.create(streams.getAdminConfigs(clientId))) {
      Map<String, KafkaFuture<TopicDescription>> described =
          admin
              .describeTopics(
                  names, new DescribeTopicsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .topicNameValues();
      for (String topic : names) {
        try {
          partitions.put(topic, AdminRequests.get(described.get(topic)).partitions().size());
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
            throw AdminRequests.requestFailed(servers, "describe topic " + topic, e.getCause());
          }
        }
      }
      return new ReplayTargets(
          Set.copyOf(names),
          partitions,
          Topics.settings(admin, List.copyOf(partitions.keySet()), servers));
    } catch (KafkaException e) {
      throw AdminRequests.connectionFailed(servers, e);
    }
  }

  /** Whether the definition reads a topic of this name. */
  public boolean has(String topic) {
    return names.contains(topic);
  }

  /** The number of partitions; 0 if there is no such topic. */
  public int partitions(String topic) {
    return partitions.getOrDefault(topic, 0);
  }

  /** Whether a topic accepts a timestamp, and does not delete the record because it is old. */
  public boolean keeps(String topic, long timestampMs) {
    return timestampMs >= 0
        && settings
            .getOrDefault(topic, TopicSettings.UNKNOWN)
            .keptTimestamps()
            .problem(timestampMs, System.currentTimeMillis())
            .isEmpty();
  }
}
