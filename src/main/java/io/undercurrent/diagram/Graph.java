package io.undercurrent.diagram;

import java.util.List;

/**
 * A directed graph without cycles. Immutable.
 *
 * @param title what it shows, in a few words
 * @param nodes each with another id
 * @param edges between ids of nodes
 */
public record Graph(String title, List<Node> nodes, List<Edge> edges) {

  /** What a node stands for, which decides its shape. */
  public enum Kind {
    /** Something that records lie in. */
    TOPIC,
    /** Something that is done with each. */
    STEP,
    /** Something that is remembered. */
    STORE
  }

  /** How records take an edge. */
  public enum Way {
    /** All of them. */
    FLOW,
    /** Those that went wrong. */
    FAILURE,
    /** None: what is read and written beside. */
    STATE
  }

  /**
   * @param id any characters
   * @param label any characters, one line
   * @param group what it is drawn together with; null for nothing
   */
  public record Node(String id, Kind kind, String label, String group) {}

  /** One from a node to another. */
  public record Edge(String from, String to, Way way) {}

  public Graph {
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
  }

  /** Groups in the order in which nodes name them. */
  List<String> groups() {
    return nodes.stream().map(Node::group).filter(group -> group != null).distinct().toList();
  }
}
