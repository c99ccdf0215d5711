package io.undercurrent.cli;

import io.undercurrent.app.EnrichmentTopology;
import io.undercurrent.app.TopologyDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.TopologyDescription.Processor;
import org.apache.kafka.streams.TopologyDescription.Sink;
import org.apache.kafka.streams.TopologyDescription.Source;
import org.apache.kafka.streams.TopologyDescription.Subtopology;

/**
 * Writes a topology as a Mermaid flow chart, which GitHub and many editors draw. It shows topics,
 * the steps and stores of each sub-topology, and the dead-letter topic, which Kafka Streams'
 * description lacks.
 */
final class MermaidChart {

  private final Map<String, String> ids = new HashMap<>(); // by key: kind and name
  private final List<String> topics = new ArrayList<>();
  private final Map<Integer, List<String>> groups = new TreeMap<>(); // by sub-topology
  private final List<Edge> edges = new ArrayList<>();

  /** An edge between two keys. An edge may be added before its nodes. */
  private record Edge(String from, String arrow, String to) {}

  private MermaidChart() {}

  /** The chart, without a Markdown fence. Lines end with a line feed. */
  static String of(TopologyDefinition definition, TopologyDescription description) {
    MermaidChart chart = new MermaidChart();
    description.subtopologies().stream()
        .sorted((a, b) -> Integer.compare(a.id(), b.id()))
        .forEach(chart::add);
    String deadLetters = chart.topic(definition.deadLetters());
    EnrichmentTopology.steps().stream()
        .map(MermaidChart::step)
        .filter(chart.ids::containsKey)
        .forEach(step -> chart.edges.add(new Edge(step, "-.->", deadLetters)));
    return chart.text();
  }

  private void add(Subtopology subtopology) {
    List<String> group = groups.computeIfAbsent(subtopology.id(), id -> new ArrayList<>());
    for (TopologyDescription.Node node : subtopology.nodes()) {
      String step = step(node.name());
      node(step, "[\"%s\"]", node.name(), group);
      if (node instanceof Source source) {
        source.topicSet().stream()
            .sorted()
            .forEach(topic -> edges.add(new Edge(topic(topic), "-->", step)));
      } else if (node instanceof Processor processor) {
        processor.stores().stream()
            .sorted()
            .forEach(store -> edges.add(new Edge(step, "<-->", store(store, group))));
      }
      node.successors().forEach(next -> edges.add(new Edge(step, "-->", step(next.name()))));
      if (node instanceof Sink sink) {
        edges.add(new Edge(step, "-->", topic(sink.topic())));
      }
    }
  }

  private static String step(String name) {
    return "step " + name;
  }

  private String topic(String name) {
    return node("topic " + name, "[/\"%s\"/]", name, topics);
  }

  private String store(String name, List<String> group) {
    return node("store " + name, "[(\"%s\")]", name, group);
  }

  /** Adds a node if its key is new, under an id that is no keyword of Mermaid. Returns the key. */
  private String node(String key, String shape, String label, List<String> group) {
    if (!ids.containsKey(key)) {
      String id = "n" + ids.size();
      ids.put(key, id);
      group.add(id + shape.formatted(escaped(label)));
    }
    return key;
  }

  private String text() {
    StringBuilder text = new StringBuilder("flowchart TB\n");
    topics.forEach(topic -> text.append("  ").append(topic).append('\n'));
    groups.forEach(
        (id, nodes) -> {
          text.append("  subgraph g%d[\"sub-topology %1$d\"]\n".formatted(id));
          nodes.forEach(node -> text.append("    ").append(node).append('\n'));
          text.append("  end\n");
        });
    for (Edge edge : edges) {
      text.append("  %s %s %s\n".formatted(ids.get(edge.from), edge.arrow, ids.get(edge.to)));
    }
    return text.toString();
  }

  /** Escapes characters that Mermaid would read as entities or Markdown. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (Character.isLetterOrDigit(c) || " .-_/:,".indexOf(c) >= 0) {
                escaped.appendCodePoint(c);
              } else {
                escaped.append('#').append(c).append(';');
              }
            });
    return escaped.toString();
  }
}
