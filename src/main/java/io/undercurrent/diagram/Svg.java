package io.undercurrent.diagram;

import io.undercurrent.diagram.Graph.Edge;
import io.undercurrent.diagram.Graph.Kind;
import io.undercurrent.diagram.Graph.Node;
import io.undercurrent.diagram.Graph.Way;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws a graph as SVG: from top to bottom, each node in the row after the last of those that lead
 * to it; to the left of its step what that remembers, to the right where failures end. Colours
 * follow the reader's light or dark theme. Meant for graphs that are mostly a chain.
 */
public final class Svg {

  private static final int CHAR = 8; // of a monospaced font of 13 px
  private static final int HEIGHT = 32;
  private static final int ROW = 58;
  private static final int GAP = 36;
  private static final int STACKED = 8;
  private static final int MARGIN = 24;

  private static final String STYLE =
      """
      svg { color-scheme: light dark; font: 13px ui-monospace, Menlo, Consolas, monospace; }
      text { fill: #1f2328; text-anchor: middle; dominant-baseline: central; }
      .group { fill: #f6f8fa; stroke: #d1d9e0; }
      .group-name { fill: #59636e; text-anchor: start; font-size: 11px; }
      .topic { fill: #ddf4ff; stroke: #0969da; }
      .step { fill: #ffffff; stroke: #59636e; }
      .store { fill: #fff8c5; stroke: #9a6700; }
      path { fill: none; stroke: #59636e; stroke-width: 1.5; }
      .failure { stroke: #cf222e; stroke-dasharray: 5 4; }
      .head { fill: #59636e; stroke: none; }
      @media (prefers-color-scheme: dark) {
        text { fill: #f0f6fc; }
        .group { fill: #151b23; stroke: #3d444d; }
        .group-name { fill: #9198a1; }
        .topic { fill: #121d2f; stroke: #4493f8; }
        .step { fill: #0d1117; stroke: #9198a1; }
        .store { fill: #272115; stroke: #d29922; }
        path { stroke: #9198a1; }
        .failure { stroke: #f85149; }
        .head { fill: #9198a1; }
      }
      """;

  private final Graph graph;
  private final Map<String, Box> boxes = new HashMap<>();

  /** Where a node is: its middle, in pixels. */
  private record Box(int x, int y, int width) {

    int left() {
      return x - width / 2;
    }

    int right() {
      return x + width / 2;
    }

    int top() {
      return y - HEIGHT / 2;
    }

    int bottom() {
      return y + HEIGHT / 2;
    }
  }

  private Svg(Graph graph) {
    this.graph = graph;
  }

  /** A document of its own; also what goes into a page. */
  public static String of(Graph graph) {
    return new Svg(graph).draw();
  }

  private String draw() {
    layOut();
    int left = boxes.values().stream().mapToInt(Box::left).min().orElse(0) - 2 * MARGIN;
    int right = boxes.values().stream().mapToInt(Box::right).max().orElse(0) + 2 * MARGIN;
    int bottom = boxes.values().stream().mapToInt(Box::bottom).max().orElse(0) + MARGIN;
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="%d 0 %d %d" width="%2$d" height="%3$d">
        <title>%s</title>
        <style>
        %s</style>
        <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
        orient="auto-start-reverse"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
        """
            .formatted(left, right - left, bottom, escaped(graph.title()), STYLE));
    graph.groups().forEach(group -> svg.append(group(group)));
    graph.edges().forEach(edge -> svg.append(edge(edge)));
    graph.nodes().forEach(node -> svg.append(node(node)));
    return svg.append("</svg>\n").toString();
  }

  private void layOut() {
    Map<Integer, List<Node>> rows = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (node.kind() != Kind.STORE && !isForFailures(node)) {
        rows.computeIfAbsent(row(node.id()), r -> new ArrayList<>()).add(node);
      }
    }
    int widest = 0;
    for (Map.Entry<Integer, List<Node>> row : rows.entrySet()) {
      int all = row.getValue().stream().mapToInt(node -> width(node) + GAP).sum() - GAP;
      widest = Math.max(widest, all);
      int x = -all / 2;
      for (Node node : row.getValue()) {
        boxes.put(node.id(), new Box(x + width(node) / 2, y(row.getKey()), width(node)));
        x += width(node) + GAP;
      }
    }
    Map<String, Integer> stores = new HashMap<>(); // of a step, one below the other
    int failures = widest / 2 + 2 * GAP;
    for (Node node : graph.nodes()) {
      if (node.kind() == Kind.STORE) {
        String step = edgesTo(node.id()).get(0).from();
        int above = stores.merge(step, 1, Integer::sum) - 1;
        int y = boxes.get(step).y + above * (HEIGHT + STACKED);
        boxes.put(node.id(), new Box(-widest / 2 - 2 * GAP - width(node) / 2, y, width(node)));
      } else if (isForFailures(node)) {
        int y = y(row(node.id()));
        boxes.put(node.id(), new Box(failures + width(node) / 2, y, width(node)));
        failures += width(node) + GAP;
      }
    }
  }

  private static int y(int row) {
    return MARGIN + HEIGHT / 2 + row * ROW;
  }

  private static int width(Node node) {
    return 2 * MARGIN + CHAR * node.label().length();
  }

  private boolean isForFailures(Node node) {
    List<Edge> edges = edgesTo(node.id());
    return !edges.isEmpty() && edges.stream().allMatch(edge -> edge.way() == Way.FAILURE);
  }

  private List<Edge> edgesTo(String id) {
    return graph.edges().stream().filter(edge -> edge.to().equals(id)).toList();
  }

  private int row(String id) {
    return edgesTo(id).stream().mapToInt(edge -> row(edge.from()) + 1).max().orElse(0);
  }

  private String group(String group) {
    List<Box> of =
        graph.nodes().stream()
            .filter(node -> group.equals(node.group()))
            .map(node -> boxes.get(node.id()))
            .toList();
    int left = of.stream().mapToInt(Box::left).min().orElseThrow() - MARGIN / 2;
    int right = of.stream().mapToInt(Box::right).max().orElseThrow() + MARGIN / 2;
    int top = of.stream().mapToInt(Box::top).min().orElseThrow() - MARGIN / 2;
    int bottom = of.stream().mapToInt(Box::bottom).max().orElseThrow() + MARGIN / 2;
    return """
    <rect class="group" x="%d" y="%d" width="%d" height="%d" rx="8"/>
    <text class="group-name" x="%d" y="%d">%s</text>
    """
        .formatted(left, top, right - left, bottom - top, right + 8, bottom - 8, escaped(group));
  }

  private String edge(Edge edge) {
    Box from = boxes.get(edge.from());
    Box to = boxes.get(edge.to());
    String path =
        switch (edge.way()) {
          case FLOW -> "M%d %dL%d %d".formatted(from.x, from.bottom(), to.x, to.top());
          case FAILURE -> "M%d %dH%dV%d".formatted(from.right(), from.y, to.x, to.top());
          case STATE ->
              "M%d %dH%dV%dH%d".formatted(from.left(), from.y, to.right() + GAP, to.y, to.right());
        };
    return "<path class=\"%s\" d=\"%s\" marker-end=\"url(#head)\"%s/>\n"
        .formatted(
            edge.way().name().toLowerCase(Locale.ROOT),
            path,
            edge.way() == Way.STATE ? " marker-start=\"url(#head)\"" : "");
  }

  private String node(Node node) {
    Box box = boxes.get(node.id());
    int round = node.kind() == Kind.STORE ? HEIGHT / 2 : node.kind() == Kind.TOPIC ? 0 : 6;
    return """
    <rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="%d"/>
    <text x="%d" y="%d">%s</text>
    """
        .formatted(
            node.kind().name().toLowerCase(Locale.ROOT),
            box.left(),
            box.top(),
            box.width,
            HEIGHT,
            round,
            box.x,
            box.y,
            escaped(node.label()));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
