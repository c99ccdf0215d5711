package io.undercurrent.app;

import io.undercurrent.config.UndercurrentConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** The Kafka settings of commands other than {@code run}: from a file, or from an address alone. */
public final class Connection {

  private static final Path DEFAULT_CONFIG = Path.of("config", "streams.properties");

  private Connection() {}

  /**
   * The settings of Kafka's clients.
   *
   * @param config a settings file. If null, it is {@code config/streams.properties}, or no file if
   *     {@code bootstrapServers} is given
   * @param bootstrapServers replaces the file's; null to keep the file's
   */
  public static StreamsConfig of(Path config, String bootstrapServers) {
    return of(config, bootstrapServers, new HashMap<>());
  }

  /**
   * The same for a producer without transactions. With exactly-once, Kafka Streams sets {@code
   * delivery.timeout.ms} so high that a producer never gives up a message and never reports that
   * the broker is gone. The file's producer settings apply.
   */
  public static StreamsConfig toProduce(Path config, String bootstrapServers) {
    Map<String, String> overrides = new HashMap<>();
    overrides.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    return of(config, bootstrapServers, overrides);
  }

  private static StreamsConfig of(
      Path config, String bootstrapServers, Map<String, String> overrides) {
    if (bootstrapServers != null) {
      overrides.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    }
    UndercurrentConfig settings =
        config == null && bootstrapServers != null
            ? UndercurrentConfig.of(overrides)
            : UndercurrentConfig.load(config == null ? DEFAULT_CONFIG : config, overrides);
    try {
      return new StreamsConfig(
          settings.streams(Map.of(StreamsConfig.APPLICATION_ID_CONFIG, "undercurrent")));
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka: " + e.getMessage(), e);
    }
  }
}
