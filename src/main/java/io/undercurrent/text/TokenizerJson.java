package io.undercurrent.text;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.io.OneLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads and writes what all types of {@code tokenizer.json} share: type, version and a list of
 * tokens. Error messages are one line.
 */
final class TokenizerJson {

  private static final String FILE = "tokenizer.json";

  private TokenizerJson() {}

  static JsonNode parse(byte[] json) {
    JsonNode root;
    try {
      root = Json.parse(json);
    } catch (MalformedJsonException e) {
      throw new IllegalArgumentException(FILE + " " + e.getMessage(), e);
    }
    require(root.isObject(), "the file", "a JSON object", root);
    return root;
  }

  static void checkHeader(JsonNode root, String expectedType, int expected, List<String> keys) {
    root.fieldNames()
        .forEachRemaining(
            key -> {
              if (!keys.contains(key)) {
                throw invalid(
                    key,
                    "left out (known keys: " + String.join(", ", keys) + ")",
                    root.get(key).toString());
              }
            });
    JsonNode type = root.path("type");
    require(
        type.isTextual() && type.textValue().equals(expectedType),
        "type",
        '"' + expectedType + '"',
        type);
    JsonNode version = root.path("version");
    require(version.isInt() && version.intValue() == expected, "version", "" + expected, version);
  }

  /**
   * The file's content.
   *
   * @param normalizer its version; 0 for none, which leaves the key out
   * @param spelling version of the rating of spellings; 0 for none, which leaves the key out
   * @param tokens of the vocabulary; null where the type implies them
   */
  static byte[] write(String type, int version, int normalizer, int spelling, List<String> tokens) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.STRICT.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("type", type);
      json.writeNumberField("version", version);
      if (normalizer > 0) {
        json.writeNumberField(Normalizer.KEY, normalizer);
      }
      if (spelling > 0) {
        json.writeNumberField("spelling", spelling);
      }
      if (tokens != null) {
        json.writeArrayFieldStart("tokens");
        for (String token : tokens) {
          json.writeString(token);
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  /** The strings of the file's list of tokens. */
  static List<String> tokens(JsonNode root) {
    JsonNode list = root.path("tokens");
    require(list.isArray(), "tokens", "an array of strings", list);
    List<String> tokens = new ArrayList<>(list.size());
    for (JsonNode token : list) {
      require(token.isTextual(), "tokens[" + tokens.size() + "]", "a string", token);
      tokens.add(token.textValue());
    }
    return tokens;
  }

  static void require(boolean holds, String key, String expected, JsonNode found) {
    if (!holds) {
      throw invalid(key, expected, found);
    }
  }

  static IllegalArgumentException invalid(String key, String expected, JsonNode found) {
    return invalid(key, expected, found.isMissingNode() ? "nothing" : cut(found.toString()));
  }

  static IllegalArgumentException invalid(String key, String expected, String found) {
    return new IllegalArgumentException(
        OneLine.of(FILE + ": " + key + " must be " + expected + ", found " + found));
  }

  static String quoted(String text) {
    return '"' + cut(text) + '"';
  }

  private static String cut(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
