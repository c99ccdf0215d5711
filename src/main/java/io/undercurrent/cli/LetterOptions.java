package io.undercurrent.cli;

import io.undercurrent.app.TopologyDefinition;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of all commands about dead letters: the connection and the topology. */
abstract class LetterOptions extends ConnectionOptions {

  @Option(
      names = "--topology",
      paramLabel = "FILE",
      defaultValue = "topology/enrich.yaml",
      description = "Topology definition (default: ${DEFAULT-VALUE}).")
  private Path topology;

  final TopologyDefinition definition() {
    return TopologyDefinition.load(topology);
  }
}
