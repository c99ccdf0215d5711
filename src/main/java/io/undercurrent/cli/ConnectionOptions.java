package io.undercurrent.cli;

import io.undercurrent.app.Connection;
import java.nio.file.Path;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Option;

/** How a command that is no application is told to connect; for others to extend. */
abstract class ConnectionOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "How to connect (default: config/streams.properties, or nothing beside"
              + " --bootstrap-server).")
  private Path config;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT",
      description = "Brokers to connect to first, instead of those of --config.")
  private String bootstrapServer;

  final StreamsConfig toRead() {
    return Connection.of(config, bootstrapServer);
  }

  final StreamsConfig toProduce() {
    return Connection.toProduce(config, bootstrapServer);
  }
}
