package io.undercurrent.cli;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.AppException;
import io.undercurrent.app.EnrichmentTopology;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.Setting;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.internals.MeterCatalogue;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.kafka.streams.TopologyDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code describe}: prints a topology, the settings and the meters. Contacts no broker. */
@Command(
    name = "describe",
    description = {
      "Print a topology, the settings and the meters, without contacting a cluster.",
      "",
      "  topology  the topology that a definition makes, as text or as a Mermaid chart",
      "  settings  every undercurrent.* setting with its type, default and valid values",
      "  meters    every meter of a running application with its unit and tags"
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent describe",
      "  ./undercurrent describe settings",
      "  ./undercurrent describe topology --format mermaid --out topology.mmd",
      "  ./undercurrent describe topology --topology topology/enrich-by-field.yaml --format mermaid"
    })
final class DescribeCommand implements Callable<Integer> {

  /** The things to describe. */
  enum What {
    TOPOLOGY,
    SETTINGS,
    METERS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The formats of a topology. */
  enum Format {
    TEXT,
    MERMAID;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Parameters(
      index = "0..*",
      paramLabel = "[WHAT...]",
      hideParamSyntax = true,
      arity = "1",
      split = ",",
      defaultValue = "topology,settings,meters",
      description = "${COMPLETION-CANDIDATES} (default: all of them, in this order).")
  private Set<What> wanted;

  @Option(
      names = "--topology",
      paramLabel = "FILE",
      description = "Topology definition (default: topology/enrich.yaml as it ships).")
  private Path topologyFile;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Checkpoint folder (default: the model that the topology names).")
  private String model;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description =
          "${COMPLETION-CANDIDATES}; mermaid draws the topology only (default:"
              + " ${DEFAULT-VALUE}).")
  private Format format;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write to this file (default: standard output).")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    boolean named = spec.commandLine().getParseResult().hasMatchedPositional(0);
    if (format != Format.TEXT && named && !wanted.equals(Set.of(What.TOPOLOGY))) {
      throw new ParameterException(
          spec.commandLine(),
          "--format %s must be used with topology only, found %s: leave --format out"
              .formatted(format, wanted));
    }
    String described = format == Format.TEXT ? text() : diagram();
    if (out == null) {
      PrintWriter to = spec.commandLine().getOut();
      to.print(described);
      to.flush();
    } else {
      requireFolder(out.toAbsolutePath().getParent());
      Files.writeString(out, described);
    }
    return 0;
  }

  private static void requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new AppException(folder + ": must be an existing folder, found none");
    }
  }

  private TopologyDefinition definition() {
    return topologyFile == null
        ? TopologyDefinition.shipped()
        : TopologyDefinition.load(topologyFile);
  }

  private Model model(TopologyDefinition definition) {
    return Heap.load(model == null ? definition.model() : model);
  }

  private String diagram() {
    TopologyDefinition definition = definition();
    return MermaidChart.of(definition, description(definition, model(definition)));
  }

  private static TopologyDescription description(TopologyDefinition definition, Model model) {
    return EnrichmentTopology.build(
            definition, model, EnrichmentSettings.DEFAULTS, new SimpleMeterRegistry())
        .describe();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (What what : EnumSet.copyOf(wanted)) {
      text.append(text.isEmpty() ? "" : "\n");
      switch (what) {
        case TOPOLOGY -> topology(text, definition());
        case SETTINGS -> settings(text);
        case METERS -> meters(text);
      }
    }
    return text.toString();
  }

  private void topology(StringBuilder text, TopologyDefinition definition) {
    Model model = model(definition);
    text.append(
        "Topology %s, model %s@%s, dead letters in %s\n\n"
            .formatted(
                definition.name(), model.name(), model.fingerprint(), definition.deadLetters()));
    text.append(description(definition, model).toString().stripTrailing()).append('\n');
  }

  private static void settings(StringBuilder text) {
    text.append("Settings: keys of config/streams.properties, or run --set KEY=VALUE\n");
    for (Setting setting : UndercurrentConfig.reference()) {
      text.append(
          "\n%s\n  %s, default %s, %s; importance %s\n  %s\n"
              .formatted(
                  setting.name(),
                  setting.type(),
                  setting.defaultValue(),
                  setting.validValues(),
                  setting.importance(),
                  setting.documentation()));
    }
  }

  private static void meters(StringBuilder text) {
    text.append("Meters, as Prometheus reads them at /metrics; all have the tag topology\n");
    MeterCatalogue.own().forEach(meter -> meter(text, meter));
    text.append("\nMeters of Kafka and the JVM that dashboards and alerts read\n");
    MeterCatalogue.borrowed().forEach(meter -> meter(text, meter));
  }

  private static void meter(StringBuilder text, MeterCatalogue.Entry meter) {
    text.append(
        "\n%s\n  %s, %s%s\n  %s\n"
            .formatted(
                meter.name(),
                meter.type(),
                meter.unit(),
                meter.tags().isEmpty() ? "" : ", by " + String.join(", ", meter.tags()),
                meter.description()));
  }
}
