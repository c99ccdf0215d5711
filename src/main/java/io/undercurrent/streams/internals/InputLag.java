package io.undercurrent.streams.internals;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.streams.KafkaStreams;

/** How far an instance of an application is behind, from the metrics of its consumers. */
public final class InputLag {

  /** A partition as one of the instance's consumers reads it. */
  private record Input(String client, String topic, String partition) {

    /** Kafka has this metric a second time for a topic with a dot in its name. */
    Input withoutDots() {
      return new Input(client, topic.replace('.', '_'), partition);
    }
  }

  private InputLag() {}

  /**
   * Records of {@code topics} that the instance has still to read, as of its last fetch; null
   * before the first fetch. Asks no broker.
   */
  public static Long of(KafkaStreams streams, Collection<String> topics) {
    Map<Input, Double> lags = lags(streams);
    lags.keySet().removeIf(input -> !topics.contains(input.topic));
    return sum(lags.values());
  }

  /**
   * The same of all topics that the instance reads, without the repartition topics of the
   * application and without what it only copies: changelogs and global tables.
   */
  public static Long ofSources(KafkaStreams streams, String applicationId) {
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
    return sum(lags.values());
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
