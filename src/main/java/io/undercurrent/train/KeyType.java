package io.undercurrent.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the value of a recipe's key may be. Immutable and thread-safe. */
interface KeyType {

  /** In one or two words, for the documentation. */
  String name();

  /** For the documentation and for errors. */
  String validValues();

  /**
   * Reads a value.
   *
   * @param path the key from the top of the recipe, such as {@code training.epochs}
   * @param value not null, and with content
   * @return a {@code Long}, {@code Double}, {@code Boolean}, {@code String}, {@code List} or {@code
   *     Map}; null if the value is not valid, which is then among the errors
   */
  Object read(String path, YamlValue value, RecipeErrors errors);

  /** The keys of the mapping, or of each of the mappings; none for other types. */
  default List<RecipeKey> keys() {
    return List.of();
  }

  /** Adds the error that a value is not valid, and returns null. */
  default Object refuse(String path, YamlValue value, RecipeErrors errors) {
    errors.add(value.location(), path + " must be " + validValues() + ", found " + value.found());
    return null;
  }

  /** Reads the text of a scalar; null or an exception if it is not valid. */
  interface Parser {
    Object parse(String text);
  }

  /** A text, number or truth value. */
  record Scalar(String name, String validValues, Parser parser) implements KeyType {

    @Override
    public Object read(String path, YamlValue value, RecipeErrors errors) {
      Object read = null;
      if (value.isScalar()) {
        try {
          read = parser.parse(value.text());
        } catch (NumberFormatException e) {
          return refuse(path, value, errors);
        }
      }
      return read == null ? refuse(path, value, errors) : read;
    }
  }

  static KeyType integer(long min, long max) {
    String valid = min == Long.MIN_VALUE ? "a whole number" : min + " to " + max;
    return new Scalar(
        "integer",
        valid,
        text -> {
          long value = Long.parseLong(text);
          return value >= min && value <= max ? value : null;
        });
  }

  /** A number that is kept as a float, so that the limits are compared as floats. */
  static KeyType number(double min, double max) {
    return new Scalar(
        "number",
        words(min) + " to " + words(max),
        text -> {
          double value = Double.parseDouble(text);
          return (float) value >= (float) min && (float) value <= (float) max ? value : null;
        });
  }

  private static String words(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : Double.toString(value).replace(".0E", "e");
  }

  static KeyType text() {
    return new Scalar("text", "a text that is not blank", text -> text.isBlank() ? null : text);
  }

  /** A text, which may be blank. */
  KeyType ANY_TEXT = new Scalar("text", "a text", text -> text);

  static KeyType flag() {
    return words("true/false", List.of("true", "false"));
  }

  /** One of a few words. */
  static KeyType oneOf(String... words) {
    return words("word", List.of(words));
  }

  private static KeyType words(String name, List<String> words) {
    return new Scalar(name, either(words), text -> words.contains(text) ? text : null);
  }

  private static String either(List<String> words) {
    int last = words.size() - 1;
    if (last == 0) {
      return words.get(0);
    }
    return String.join(", ", words.subList(0, last)) + " or " + words.get(last);
  }

  /** A list of texts; one text stands for a list of it. */
  static KeyType texts(int min) {
    String valid = min == 0 ? "a text or a list of texts" : "a text, or a list of at least one";
    return new ListOf("list of text", valid, min, true, ANY_TEXT);
  }

  /** A list of whole numbers. */
  static KeyType integers(long min, long max) {
    return new ListOf(
        "list of integers",
        "a list of numbers from " + min + " to " + max,
        0,
        false,
        integer(min, max));
  }

  /** A list of mappings with the same keys. */
  static KeyType mappings(int min, List<RecipeKey> keys) {
    String valid = min == 0 ? "a list of mappings" : "a list of at least one mapping";
    return new ListOf("list of mappings", valid, min, false, new Mapping(keys));
  }

  /**
   * A list of at least {@code min} values.
   *
   * @param orOne whether a scalar stands for a list of it
   */
  record ListOf(String name, String validValues, int min, boolean orOne, KeyType each)
      implements KeyType {

    @Override
    public List<RecipeKey> keys() {
      return each.keys();
    }

    @Override
    public Object read(String path, YamlValue value, RecipeErrors errors) {
      List<YamlValue> values =
          value.isList() ? value.list() : orOne && value.isScalar() ? List.of(value) : null;
      if (values == null || values.size() < min) {
        return refuse(path, value, errors);
      }
      List<Object> all = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        all.add(each.read(path + "[" + i + "]", values.get(i), errors));
      }
      return all;
    }
  }

  /** Values by text, of which all keys are valid. */
  record MapOf(KeyType each) implements KeyType {

    @Override
    public String name() {
      return "mapping";
    }

    @Override
    public String validValues() {
      return "a mapping to " + each.validValues();
    }

    @Override
    public Object read(String path, YamlValue value, RecipeErrors errors) {
      if (!value.isMapping()) {
        return refuse(path, value, errors);
      }
      Map<String, Object> all = new TreeMap<>();
      value.mapping().forEach((key, v) -> all.put(key, each.read(path + "." + key, v, errors)));
      return Collections.unmodifiableMap(all);
    }
  }

  /** A mapping with defined keys. */
  record Mapping(List<RecipeKey> keys) implements KeyType {

    @Override
    public String name() {
      return "mapping";
    }

    @Override
    public String validValues() {
      return "a mapping";
    }

    @Override
    public Object read(String path, YamlValue value, RecipeErrors errors) {
      return value.isMapping()
          ? RecipeKey.readAll(keys, path, value, errors)
          : refuse(path, value, errors);
    }
  }
}
