package io.undercurrent.cli;

import io.undercurrent.config.UndercurrentConfig;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** How commands that are no application connect: by a file, or by an address alone. */
final class Connection {

  private static final Path DEFAULT_CONFIG = Path.of("config", "streams.properties");

  private Connection() {}

  /**
   * The settings of Kafka's clients.
   *
   * @param config a file such as {@code config/streams.properties}; null for that one, or for no
   *     file at all if there is an address
   * @param bootstrapServers instead of the file's; null for those
   */
  static StreamsConfig of(Path config, String bootstrapServers) {
    Map<String, String> overrides =
        bootstrapServers == null
            ? Map.of()
            : Map.of(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
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
