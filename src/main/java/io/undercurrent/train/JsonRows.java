package io.undercurrent.train;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rows of JSON lines: each line is an object, whose top-level fields are the columns. Empty lines
 * are skipped.
 */
final class JsonRows implements Rows {

  private final Path file;
  private final BufferedReader lines;
  private final Columns columns;
  private int line;

  JsonRows(Path file, BufferedReader lines, Columns columns) {
    this.file = file;
    this.lines = lines;
    this.columns = columns;
  }

  @Override
  public Row next() throws IOException {
    for (String text = lines.readLine(); text != null; text = lines.readLine()) {
      line++;
      if (!text.isBlank()) {
        String location = Rows.location(file, line);
        return new Row(location, line, values(text, location, columns));
      }
    }
    return null;
  }

  /**
   * Reads the columns of one object; its other fields are skipped, whatever they are. A text must
   * be a string; other columns may also be numbers or booleans, whose values are the characters in
   * the file. Null in an optional column is read as empty.
   *
   * @param location starts the error message
   * @throws RecipeException if the text is not one JSON object with each required column once
   */
  static Map<String, String> values(String json, String location, Columns columns) {
    Map<String, String> values = new HashMap<>();
    Set<String> fields = new TreeSet<>();
    try (JsonParser parser = Json.TOKENS.createParser(withoutByteOrderMark(json))) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        throw new RecipeException(location + ": must be a JSON object, found " + kind(first));
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        fields.add(field);
        if (columns.all().contains(field)) {
          Json.requireFirst(field, !values.containsKey(field));
          boolean text = columns.texts().contains(field);
          if (value == JsonToken.VALUE_NULL && columns.optional().contains(field)) {
            values.put(field, "");
            continue;
          }
          if (value != JsonToken.VALUE_STRING && (text || !value.isScalarValue())
              || value == JsonToken.VALUE_NULL) {
            throw new RecipeException(
                "%s: field %s must be %s, found %s"
                    .formatted(
                        location,
                        field,
                        text ? "a string" : "a string, number or boolean",
                        kind(value)));
          }
          values.put(field, parser.getText());
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new RecipeException(location + ": must be one JSON object, found more after it");
      }
    } catch (JsonProcessingException e) {
      throw new RecipeException(location + ": must be a JSON object, found: " + Json.reason(e), e);
    } catch (MalformedJsonException e) {
      throw new RecipeException(location + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
    for (String column : columns.all()) {
      if (!values.containsKey(column)) {
        throw new RecipeException(
            location
                + ": must have a field "
                + column
                + ", found "
                + Rows.shortened(fields.toString()));
      }
    }
    return values;
  }

  private static String withoutByteOrderMark(String json) {
    return json.startsWith("\uFEFF") ? json.substring(1) : json;
  }

  private static String kind(JsonToken token) {
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NULL -> "null";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      default -> "a number";
    };
  }
}
