package io.undercurrent.diagram;

import io.undercurrent.diagram.Graph.Edge;
import io.undercurrent.diagram.Graph.Node;
import java.util.HashMap;
import java.util.Map;

/** Writes a graph as a flow chart of Mermaid, which GitHub and many editors draw. */
public final class Mermaid {

  private Mermaid() {}

  /** The chart, without the fence that goes around it in Markdown; lines end with a line feed. */
  public static String of(Graph graph) {
    Map<String, String> names = new HashMap<>(); // Mermaid's own words are no names then
    StringBuilder chart = new StringBuilder("flowchart TB\n");
    for (Node node : graph.nodes()) {
      names.put(node.id(), "n" + names.size());
      if (node.group() == null) {
        chart.append("  ").append(node(node, names)).append('\n');
      }
    }
    for (int i = 0; i < graph.groups().size(); i++) {
      String group = graph.groups().get(i);
      chart.append("  subgraph g%d[\"%s\"]\n".formatted(i, escaped(group)));
      graph.nodes().stream()
          .filter(node -> group.equals(node.group()))
          .forEach(node -> chart.append("    ").append(node(node, names)).append('\n'));
      chart.append("  end\n");
    }
    for (Edge edge : graph.edges()) {
      String arrow =
          switch (edge.way()) {
            case FLOW -> "-->";
            case FAILURE -> "-.->";
            case STATE -> "<-->";
          };
      chart.append("  %s %s %s\n".formatted(names.get(edge.from()), arrow, names.get(edge.to())));
    }
    return chart.toString();
  }

  private static String node(Node node, Map<String, String> names) {
    String label = '"' + escaped(node.label()) + '"';
    return names.get(node.id())
        + switch (node.kind()) {
          case TOPIC -> "[/" + label + "/]";
          case STEP -> "[" + label + "]";
          case STORE -> "[(" + label + ")]";
        };
  }

  /** Within quotes Mermaid reads entities, and Markdown's marks. */
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
