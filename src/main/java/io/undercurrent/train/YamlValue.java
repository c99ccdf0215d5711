package io.undercurrent.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value of a YAML file and the location that it was read from. Maps and lists are mutable,
 * because {@code --set} changes them; owned by one thread.
 *
 * @param location of the value, or of its key where it has one: {@code line 12}
 * @param content a {@code Map<String, YamlValue>}, a {@code List<YamlValue>}, the text of a scalar,
 *     or null for none
 */
record YamlValue(String location, Object content) {

  private static final YAMLFactory YAML = new YAMLFactory();

  /** Of the longest text. A token of n characters costs the YAML reader n * n / 500 bytes. */
  private static final int MAX_CHARS = 1 << 20;

  private static final Pattern LOCATION = Pattern.compile("line (\\d+), column");

  /** An empty mapping. */
  static YamlValue emptyMapping(String location) {
    return new YamlValue(location, new LinkedHashMap<String, YamlValue>());
  }

  /**
   * Reads a document. A key that is found twice and an alias are added to the errors; where the
   * text is not YAML, that is the only error.
   *
   * @param location of all values; null for the lines they are on
   * @return the document; null if it is not YAML, or empty
   */
  static YamlValue read(String yaml, String location, RecipeErrors errors) {
    if (yaml.length() > MAX_CHARS) {
      errors.add(
          location == null ? "" : location,
          "must have at most " + MAX_CHARS + " characters, found " + yaml.length());
      return null;
    }
    try (YAMLParser parser = YAML.createParser(yaml)) {
      Reader reader = new Reader(parser, errors, location);
      if (parser.nextToken() == null) {
        return null;
      }
      YamlValue document = reader.value(reader.location());
      if (parser.nextToken() != null) {
        errors.add(reader.location(), "the file must be one YAML document, found another one");
      }
      return document;
    } catch (JsonProcessingException e) {
      String message = e.getOriginalMessage();
      errors.add(
          location != null ? location : "line " + line(message),
          "must be YAML, found: " + problem(message));
      return null;
    } catch (IOException e) {
      throw new IllegalStateException("cannot read a string", e);
    }
  }

  /** The parser's message ends with where the problem is, after where its context began. */
  private static String line(String message) {
    Matcher location = LOCATION.matcher(message);
    String line = "1";
    while (location.find()) {
      line = location.group(1);
    }
    return line;
  }

  /** The parser's message shows excerpts on indented lines; the last other line is the problem. */
  private static String problem(String message) {
    List<String> lines = message.lines().filter(l -> !l.isBlank() && l.charAt(0) != ' ').toList();
    return Rows.shortened(lines.isEmpty() ? message : lines.get(lines.size() - 1));
  }

  boolean isMapping() {
    return content instanceof Map;
  }

  boolean isList() {
    return content instanceof List;
  }

  /** Whether it is text, a number or a truth value. */
  boolean isScalar() {
    return content instanceof String;
  }

  /** The mapping's values by key, in the order of the file. */
  @SuppressWarnings("unchecked") // by construction
  Map<String, YamlValue> mapping() {
    return (Map<String, YamlValue>) content;
  }

  @SuppressWarnings("unchecked") // by construction
  List<YamlValue> list() {
    return (List<YamlValue>) content;
  }

  String text() {
    return (String) content;
  }

  /** What an error says it found. */
  String found() {
    if (isMapping()) {
      return "a mapping";
    }
    if (isList()) {
      return list().isEmpty() ? "an empty list" : "a list";
    }
    return content == null ? "none" : text().isBlank() ? "blank text" : Rows.shortened(text());
  }

  private record Reader(YAMLParser parser, RecipeErrors errors, String fixedLocation) {

    String location() {
      return fixedLocation != null
          ? fixedLocation
          : "line " + Math.max(1, parser.currentTokenLocation().getLineNr());
    }

    /** The value that begins at the parser's token. */
    YamlValue value(String location) throws IOException {
      if (parser.isCurrentAlias()) {
        errors.add(location, "YAML aliases are not supported, found *" + parser.getText());
        return new YamlValue(location, null);
      }
      JsonToken token = parser.currentToken();
      if (token == JsonToken.START_OBJECT) {
        return mapping(location);
      }
      if (token == JsonToken.START_ARRAY) {
        List<YamlValue> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          values.add(value(location()));
        }
        return new YamlValue(location, values);
      }
      return new YamlValue(location, token == JsonToken.VALUE_NULL ? null : parser.getText());
    }

    private YamlValue mapping(String location) throws IOException {
      Map<String, YamlValue> values = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        String keyLocation = location();
        parser.nextToken();
        YamlValue before = values.putIfAbsent(key, value(keyLocation));
        if (before != null) {
          errors.add(
              keyLocation,
              "key " + key + " must be given once, found it before on " + before.location);
        }
      }
      return new YamlValue(location, values);
    }
  }
}
