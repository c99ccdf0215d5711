package io.undercurrent.train;

import io.undercurrent.io.EditDistance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One key of a recipe, as {@link RecipeKeys} defines it.
 *
 * @param required whether it must be given
 * @param defaultValue the value where the key is not given; null where there is none or where it
 *     depends on other keys
 * @param defaultWords the default as the documentation has it
 */
record RecipeKey(
    String name,
    KeyType type,
    boolean required,
    Object defaultValue,
    String defaultWords,
    String meaning) {

  /** A key with a fixed default. */
  static RecipeKey of(String name, KeyType type, Object defaultValue, String meaning) {
    return new RecipeKey(name, type, false, defaultValue, "`" + defaultValue + "`", meaning);
  }

  /** A key that may be left out; {@code otherwise} says what holds then. */
  static RecipeKey optional(String name, KeyType type, String otherwise, String meaning) {
    return new RecipeKey(name, type, false, null, otherwise, meaning);
  }

  static RecipeKey required(String name, KeyType type, String meaning) {
    return new RecipeKey(name, type, true, null, "must be given", meaning);
  }

  /**
   * Reads a mapping that may have these keys and no others.
   *
   * @param path of the mapping; empty for the recipe itself
   * @return a value for each key: the given one, its default, or null
   */
  static Map<String, Object> readAll(
      List<RecipeKey> keys, String path, YamlValue mapping, RecipeErrors errors) {
    String prefix = path.isEmpty() ? "" : path + ".";
    List<String> names = keys.stream().map(RecipeKey::name).toList();
    mapping
        .mapping()
        .forEach(
            (given, value) -> {
              if (!names.contains(given)) {
                errors.add(value.location(), unknown(prefix, given, names, errors.paths()));
              }
            });
    Map<String, Object> values = new LinkedHashMap<>();
    for (RecipeKey key : keys) {
      YamlValue value = mapping.mapping().get(key.name);
      if (value == null && key.required) {
        errors.add(mapping.location(), prefix + key.name + " must be given, found none");
      }
      if (value != null && value.content() == null) {
        errors.add(value.location(), prefix + key.name + " must have a value, found none");
      }
      boolean given = value != null && value.content() != null;
      values.put(
          key.name, given ? key.type.read(prefix + key.name, value, errors) : key.defaultValue);
    }
    return values;
  }

  private static String unknown(
      String prefix, String given, List<String> names, List<String> paths) {
    List<String> near = new ArrayList<>();
    for (String name : names) {
      if (EditDistance.of(given, name) <= Math.max(2, given.length() / 3)) {
        near.add(prefix + name);
      }
    }
    if (near.isEmpty()) {
      paths.stream()
          .filter(path -> path.substring(path.lastIndexOf('.') + 1).equals(given))
          .forEach(near::add);
    }
    return prefix
        + given
        + " is not a known key"
        + (near.isEmpty()
            ? "; known here: " + String.join(", ", names)
            : "; did you mean " + String.join(" or ", near) + "?");
  }
}
