package io.undercurrent.cli;

import io.undercurrent.app.Connection;
import java.nio.file.Path;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Option;

/** Options for the connection to Kafka, for commands other than {@code run}. */
abstract class ConnectionOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Kafka settings (default: config/streams.properties, or no file if --bootstrap-server is"
              + " given).")
  private Path config;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT",
      description = "Brokers to connect to first; replaces those of --config.")
  private String bootstrapServer;

  final StreamsConfig toRead() {
    return Connection.of(config, bootstrapServer);
  }

  final StreamsConfig toProduce() {
    return Connection.toProduce(config, bootstrapServer);
  }
}
