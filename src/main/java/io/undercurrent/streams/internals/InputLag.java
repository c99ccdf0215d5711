package io.undercurrent.streams.internals;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;

/**
 * Computes the lag of an instance of an application from its consumers' metrics. Stateless and
 * thread-safe.
 */
public final class InputLag {

  /** A partition that one of the instance's consumers reads. */
  private record Input(String client, String topic, String partition) {

    /** The name of Kafka's second metric for the same topic: it replaces dots by underscores. */
    Input withoutDots() {
      return new Input(client, topic.replace('.', '_'), partition);
    }

    TopicPartition topicPartition() {
      return new TopicPartition(topic, Integer.parseInt(partition));
    }
  }

  private InputLag() {}

  /**
   * The number of records of {@code topics} that the instance still has to read, as of its last
   * fetch; null before the first fetch. Asks no broker.
   */
  public static Long of(KafkaStreams streams, Collection<String> topics) {
    Map<Input, Double> lags = lags(streams);
    lags.keySet().removeIf(input -> !topics.contains(input.topic));
    return sum(lags.values());
  }

  /**
   * The same for all topics that the instance reads, except the application's repartition topics,
   * changelogs and the topics of global tables.
   *
   * @param behind records that the consumers' metrics leave out, because they are behind an open
   *     transaction
   */
  public static Long ofSources(
      KafkaStreams streams, String applicationId, Map<TopicPartition, Long> behind) {
    Map<Input, Double> lags = lags(streams);
    for (Input input : List.copyOf(lags.keySet())) {
      boolean copied =
          input.client.endsWith("-restore-consumer") || input.client.endsWith("-global-consumer");
      boolean repartitioned =
          input.topic.startsWith(applicationId + "-") && input.topic.endsWith("-repartition");
      if (copied || repartitioned) {
        lags.remove(input);
      }
      if (input.topic.contains(".")) {
        lags.remove(input.withoutDots());
      }
    }
    lags.replaceAll((input, lag) -> lag + behind.getOrDefault(input.topicPartition(), 0L));
    return sum(lags.values());
  }

  /** The partitions that the instance's consumers read, also those of changelogs. */
  public static Set<TopicPartition> partitions(KafkaStreams streams) {
    Set<Input> inputs = lags(streams).keySet();
    Set<Input> doubled =
        inputs.stream()
            .filter(input -> input.topic.contains("."))
            .map(Input::withoutDots)
            .collect(Collectors.toSet());
    return inputs.stream()
        .filter(input -> !doubled.contains(input))
        .map(Input::topicPartition)
        .collect(Collectors.toSet());
  }

  private static Map<Input, Double> lags(KafkaStreams streams) {
    Map<Input, Double> lags = new HashMap<>();
    for (Metric metric : streams.metrics().values()) {
      Map<String, String> tags = metric.metricName().tags();
      if (metric.metricName().name().equals("records-lag")
          && metric.metricValue() instanceof Double lag
          && !lag.isNaN()) {
        lags.put(new Input(tags.get("client-id"), tags.get("topic"), tags.get("partition")), lag);
      }
    }
    return lags;
  }

  private static Long sum(Collection<Double> lags) {
    return lags.isEmpty() ? null : lags.stream().mapToLong(Double::longValue).sum();
  }
}
