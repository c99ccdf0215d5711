package io.undercurrent.streams.internals;

import io.undercurrent.streams.ApplicationMeters;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** The tag {@code topology} of an application's meters, from its configuration. */
public final class TopologyName {

  private TopologyName() {}

  /**
   * {@value ApplicationMeters#TOPOLOGY_CONFIG}, or else {@code application.id}.
   *
   * @throws ConfigException if there is neither
   */
  public static String of(Map<?, ?> configs) {
    Object name = configs.get(ApplicationMeters.TOPOLOGY_CONFIG);
    return name == null ? applicationId(configs) : name.toString();
  }

  /**
   * @throws ConfigException if there is none
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
