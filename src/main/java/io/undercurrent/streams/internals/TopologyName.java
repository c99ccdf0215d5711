package io.undercurrent.streams.internals;

import io.undercurrent.streams.ApplicationMeters;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** Reads the tag {@code topology} of an application's meters from its configuration. */
public final class TopologyName {

  private TopologyName() {}

  /**
   * The value of {@value ApplicationMeters#TOPOLOGY_CONFIG}, or else of {@code application.id}.
   *
   * @throws ConfigException if both are missing
   */
  public static String of(Map<?, ?> configs) {
    Object name = configs.get(ApplicationMeters.TOPOLOGY_CONFIG);
    return name == null ? applicationId(configs) : name.toString();
  }

  /**
   * The value of {@code application.id}.
   *
   * @throws ConfigException if it is missing
   */
  public static String applicationId(Map<?, ?> configs) {
    Object id = configs.get(StreamsConfig.APPLICATION_ID_CONFIG);
    if (id == null) {
      throw new ConfigException(
          StreamsConfig.APPLICATION_ID_CONFIG + " must name the application, found nothing");
    }
    return id.toString();
  }
}
