package io.undercurrent.cli;

import io.undercurrent.app.EnrichmentTopology;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.diagram.Graph;
import io.undercurrent.diagram.Graph.Edge;
import io.undercurrent.diagram.Graph.Kind;
import io.undercurrent.diagram.Graph.Node;
import io.undercurrent.diagram.Graph.Way;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.TopologyDescription.Processor;
import org.apache.kafka.streams.TopologyDescription.Sink;
import org.apache.kafka.streams.TopologyDescription.Source;
import org.apache.kafka.streams.TopologyDescription.Subtopology;

/**
 * A topology as a graph: topics, the steps of each sub-topology, and what these remember; and the
 * topic of dead letters, which Kafka Streams' own description leaves out.
 */
final class TopologyGraph {

  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final List<Edge> edges = new ArrayList<>();

  private TopologyGraph() {}

  static Graph of(TopologyDefinition definition, TopologyDescription description) {
    TopologyGraph graph = new TopologyGraph();
    description.subtopologies().stream()
        .sorted((a, b) -> Integer.compare(a.id(), b.id()))
        .forEach(graph::add);
    String dead = graph.topic(definition.deadLetters());
    EnrichmentTopology.steps().stream()
        .filter(step -> graph.nodes.containsKey(step(step)))
        .forEach(step -> graph.edges.add(new Edge(step(step), dead, Way.FAILURE)));
    return new Graph(
        "Topology " + definition.name(), List.copyOf(graph.nodes.values()), graph.edges);
  }

  private void add(Subtopology subtopology) {
    String group = "sub-topology " + subtopology.id();
    for (TopologyDescription.Node node : subtopology.nodes()) {
      String step = step(node.name());
      nodes.put(step, new Node(step, Kind.STEP, node.name(), group));
      if (node instanceof Source source) {
        source.topicSet().stream()
            .sorted()
            .forEach(topic -> edges.add(new Edge(topic(topic), step, Way.FLOW)));
      } else if (node instanceof Processor processor) {
        processor.stores().stream().sorted().forEach(store -> store(step, store, group));
      }
      node.successors().forEach(next -> edges.add(new Edge(step, step(next.name()), Way.FLOW)));
      if (node instanceof Sink sink) {
        edges.add(new Edge(step, topic(sink.topic()), Way.FLOW));
      }
    }
  }

  private String topic(String name) {
    String id = "topic " + name;
    nodes.putIfAbsent(id, new Node(id, Kind.TOPIC, name, null));
    return id;
  }

  private void store(String step, String name, String group) {
    String id = "store " + name;
    nodes.putIfAbsent(id, new Node(id, Kind.STORE, name, group));
    edges.add(new Edge(step, id, Way.STATE));
  }

  private static String step(String name) {
    return "step " + name;
  }
}
