package io.undercurrent.app;

import io.undercurrent.config.UndercurrentConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** How commands that are no application connect: by a file, or by an address alone. */
public final class Connection {

  private static final Path DEFAULT_CONFIG = Path.of("config", "streams.properties");

  private Connection() {}

  /**
   * The settings of Kafka's clients.
   *
   * @param config a file such as {@code config/streams.properties}; null for that one, or for no
   *     file at all if there is an address
   * @param bootstrapServers instead of the file's; null for those
   */
  public static StreamsConfig of(Path config, String bootstrapServers) {
    return of(config, bootstrapServers, new HashMap<>());
  }

  /**
   * The same for a producer of its own, which sends without transactions: for those Kafka Streams
   * has a producer never give a message up ({@code delivery.timeout.ms}), so that it would not
   * notice that the broker is gone. What the file says of producers holds.
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
