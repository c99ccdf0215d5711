package io.undercurrent.cli;

import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options that say which application it is, for {@code run} and {@code doctor}. */
final class AppOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "config/streams.properties",
      description = "Settings of Kafka and the app (default: ${DEFAULT-VALUE}).")
  private Path configFile;

  @Option(
      names = "--topology",
      paramLabel = "FILE",
      defaultValue = "topology/enrich.yaml",
      description = "Topology definition (default: ${DEFAULT-VALUE}).")
  private Path topologyFile;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint folder (default: the model that the topology names).")
  private String model;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Set a key of --config, for example undercurrent.http.port=8081. May be repeated.")
  private Map<String, String> overrides = Map.of();

  TopologyDefinition definition() {
    return TopologyDefinition.load(topologyFile);
  }

  UndercurrentConfig config() {
    return UndercurrentConfig.load(configFile, overrides);
  }

  /**
   * Loads the model.
   *
   * @param config null if it could not be read; then the heap is only checked for the model itself
   */
  Model model(TopologyDefinition definition, UndercurrentConfig config) {
    String location = model == null ? definition.model() : model;
    return config == null ? Heap.load(location) : Heap.load(location, config);
  }
}
