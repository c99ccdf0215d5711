package io.undercurrent.app.checks;

import io.undercurrent.app.InternalTopics;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The application that is checked.
 *
 * @param streams its settings of Kafka Streams
 * @param internalTopics the topics that Kafka Streams makes for it
 * @param createTopics whether it will create missing topics
 * @param addPartitions whether it will give internal topics as many partitions as they need
 */
public record Subject(
    TopologyDefinition definition,
    UndercurrentConfig config,
    StreamsConfig streams,
    List<String> internalTopics,
    boolean createTopics,
    boolean addPartitions) {

  /**
   * An application that is described by files.
   *
   * @throws ConfigException if the settings of Kafka Streams are not valid
   */
  public static Subject of(
      TopologyDefinition definition,
      UndercurrentConfig config,
      Model model,
      boolean createTopics,
      boolean addPartitions) {
    StreamsConfig streams = new StreamsConfig(config.streams(Map.of()));
    return new Subject(
        definition,
        config,
        streams,
        InternalTopics.names(
            definition, model, streams.getString(StreamsConfig.APPLICATION_ID_CONFIG)),
        createTopics,
        addPartitions);
  }

  String applicationId() {
    return streams.getString(StreamsConfig.APPLICATION_ID_CONFIG);
  }

  boolean usesTransactions() {
    return streams
        .getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG)
        .startsWith(StreamsConfig.EXACTLY_ONCE_V2);
  }

  boolean usesStreamsProtocol() {
    return streams
        .getString(StreamsConfig.GROUP_PROTOCOL_CONFIG)
        .toLowerCase(Locale.ROOT)
        .equals("streams");
  }
}
