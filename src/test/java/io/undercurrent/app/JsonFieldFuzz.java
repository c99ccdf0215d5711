package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.app.JsonField.Kind;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.math.BigDecimal;
import java.util.List;

/** Any text as a record: the value at a pointer is the one that a reader of whole trees finds. */
public final class JsonFieldFuzz implements FuzzTarget {

  private static final List<JsonPointer> POINTERS =
      List.of(
          JsonPointer.compile("/text"),
          JsonPointer.compile("/message/text"),
          JsonPointer.compile("/a/0/b"),
          JsonPointer.compile("/0"),
          JsonPointer.compile("/"),
          JsonPointer.compile("/a~1b/~0"),
          JsonPointer.empty());

  /** Choice: the pointer. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    JsonPointer pointer = POINTERS.get(input.choice(POINTERS.size()));
    String json = input.text();
    JsonNode expected = tree(json);
    try {
      JsonField found = JsonField.find(json, pointer);
      if (expected != null) {
        check(found, expected.at(pointer));
      }
    } catch (MalformedJsonException e) {
      OneLineMessage.check(e);
      assertThat(expected).isNull();
    }
  }

  private static JsonNode tree(String json) {
    try {
      JsonNode tree = Json.parse(json);
      return tree.isMissingNode() ? null : tree;
    } catch (MalformedJsonException e) {
      return null;
    }
  }

  private static void check(JsonField found, JsonNode expected) {
    assertThat(found.kind()).isEqualTo(Kind.valueOf(expected.getNodeType().name()));
    switch (found.kind()) {
      case STRING -> assertThat(found.text()).isEqualTo(expected.textValue());
      case BOOLEAN -> assertThat(found.text()).isEqualTo(expected.toString());
      case NUMBER -> {
        if (expected.isIntegralNumber()) {
          assertThat(new BigDecimal(found.text())).isEqualByComparingTo(expected.decimalValue());
        } else {
          assertThat(Double.parseDouble(found.text())).isEqualTo(expected.doubleValue());
        }
      }
      default -> assertThat(found.text()).isNull();
    }
  }
}
