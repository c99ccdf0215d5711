package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import java.util.Set;

/** Any bytes as JSON: read as a whole, and some fields of a record. */
public final class JsonFuzz implements FuzzTarget {

  private static final Set<String> FIELDS = Set.of("text", "key", "a");

  @Override
  public void read(byte[] input) throws Exception {
    JsonNode whole = whole(input);
    String text = new Input(input).text();
    JsonNode ofText = whole(text);
    if (whole != null && ofText != null) {
      assertThat(ofText).isEqualTo(whole);
    }
    if (ofText != null && !ofText.isMissingNode()) {
      assertThat(Json.parse(ofText.toString()).toString()).isEqualTo(ofText.toString());
    }
    fields(text, ofText);
  }

  private static void fields(String text, JsonNode whole) {
    try {
      JsonNode fields = Json.fields(text, FIELDS);
      if (whole != null && whole.isObject()) {
        for (String name : FIELDS) {
          assertThat(fields.path(name)).isEqualTo(whole.path(name));
        }
        assertThat(fields.properties()).allMatch(field -> FIELDS.contains(field.getKey()));
      } else if (whole != null) {
        assertThat(fields).isEqualTo(whole);
      }
    } catch (MalformedJsonException e) {
      OneLineMessage.check(e);
      assertThat(whole).isNull();
    }
  }

  private static JsonNode whole(byte[] json) {
    try {
      return Json.parse(json);
    } catch (MalformedJsonException e) {
      OneLineMessage.check(e);
      return null;
    }
  }

  private static JsonNode whole(String json) {
    try {
      return Json.parse(json);
    } catch (MalformedJsonException e) {
      OneLineMessage.check(e);
      return null;
    }
  }
}
