package io.undercurrent.diagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.diagram.Graph.Edge;
import io.undercurrent.diagram.Graph.Kind;
import io.undercurrent.diagram.Graph.Node;
import io.undercurrent.diagram.Graph.Way;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class SvgTest {

  private static final Graph GRAPH =
      new Graph(
          "a <b> & c",
          List.of(
              new Node("one", Kind.TOPIC, "one", null),
              new Node("two", Kind.TOPIC, "<two> & \"more\"", null),
              new Node("read", Kind.STEP, "read", "part"),
              new Node("write", Kind.STEP, "write", "part"),
              new Node("seen", Kind.STORE, "seen", "part"),
              new Node("known", Kind.STORE, "known", "part"),
              new Node("bad", Kind.TOPIC, "bad", null)),
          List.of(
              new Edge("one", "read", Way.FLOW),
              new Edge("two", "read", Way.FLOW),
              new Edge("read", "write", Way.FLOW),
              new Edge("write", "seen", Way.STATE),
              new Edge("write", "known", Way.STATE),
              new Edge("read", "bad", Way.FAILURE),
              new Edge("write", "bad", Way.FAILURE)));

  private record Box(double left, double top, double right, double bottom) {

    boolean overlaps(Box other) {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }

    boolean holds(Box other) {
      return left <= other.left
          && top <= other.top
          && right >= other.right
          && bottom >= other.bottom;
    }
  }

  private static Document parsed() throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(Svg.of(GRAPH))));
  }

  private static double number(Element element, String name) {
    return Double.parseDouble(element.getAttribute(name));
  }

  /** Boxes under the texts that follow them. */
  private static Map<String, Box> boxes(Document svg) {
    Map<String, Box> boxes = new HashMap<>();
    var rects = svg.getElementsByTagName("rect");
    var texts = svg.getElementsByTagName("text");
    for (int i = 0; i < rects.getLength(); i++) {
      Element rect = (Element) rects.item(i);
      double x = number(rect, "x");
      double y = number(rect, "y");
      boxes.put(
          texts.item(i).getTextContent(),
          new Box(x, y, x + number(rect, "width"), y + number(rect, "height")));
    }
    return boxes;
  }

  @Test
  void shouldBeXmlWhateverLabelsHave() throws Exception {
    Document svg = parsed();
    assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("a <b> & c");
    assertThat(boxes(svg)).containsKey("<two> & \"more\"").hasSize(8);
  }

  @Test
  void shouldKeepBoxesApartAndInsideThePicture() throws Exception {
    Document svg = parsed();
    Map<String, Box> boxes = boxes(svg);
    String[] view = svg.getDocumentElement().getAttribute("viewBox").split(" ");
    double left = Double.parseDouble(view[0]);
    Box picture = new Box(left, 0, left + Double.parseDouble(view[2]), Double.parseDouble(view[3]));
    assertThat(boxes.values()).allMatch(picture::holds);
    Box part = boxes.remove("part");
    for (String inside : List.of("read", "write", "seen", "known")) {
      assertThat(part.holds(boxes.get(inside))).as(inside).isTrue();
    }
    for (String outside : List.of("one", "<two> & \"more\"", "bad")) {
      assertThat(part.overlaps(boxes.get(outside))).as(outside).isFalse();
    }
    List<Box> all = new ArrayList<>(boxes.values());
    for (int i = 0; i < all.size(); i++) {
      for (int j = 0; j < i; j++) {
        assertThat(all.get(i).overlaps(all.get(j))).isFalse();
      }
    }
  }

  @Test
  void shouldGoFromTopToBottom() throws Exception {
    Map<String, Box> boxes = boxes(parsed());
    assertThat(boxes.get("one").bottom).isLessThan(boxes.get("read").top);
    assertThat(boxes.get("read").bottom).isLessThan(boxes.get("write").top);
    assertThat(boxes.get("write").bottom).isLessThan(boxes.get("bad").top);
  }

  @Test
  void shouldWriteMermaidWhoseWordsAreNoNames() {
    Graph graph =
        new Graph(
            "t",
            List.of(
                new Node("end", Kind.STEP, "end", "a \"b\""),
                new Node("graph", Kind.TOPIC, "x[y]#1;", null)),
            List.of(new Edge("end", "graph", Way.FLOW)));
    assertThat(Mermaid.of(graph))
        .isEqualTo(
            """
            flowchart TB
              n1[/"x#91;y#93;#35;1#59;"/]
              subgraph g0["a #34;b#34;"]
                n0["end"]
              end
              n0 --> n1
            """);
  }
}
