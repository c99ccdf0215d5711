package io.undercurrent.config;

import java.util.Locale;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.NonEmptyString;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;

/**
 * One of our settings, for {@code describe} and the documentation.
 *
 * @param type Kafka's name of the type, in lower case
 * @param defaultValue the default as written in a file
 * @param validValues the valid values, in words
 * @param importance high, medium or low
 */
public record Setting(
    String name,
    String type,
    String defaultValue,
    String validValues,
    String importance,
    String documentation) {

  static Setting of(ConfigKey key) {
    return new Setting(
        key.name,
        key.type.toString().toLowerCase(Locale.ROOT),
        String.valueOf(key.defaultValue),
        validValues(key),
        key.importance.toString().toLowerCase(Locale.ROOT),
        key.documentation);
  }

  private static String validValues(ConfigKey key) {
    if (key.type == Type.BOOLEAN) {
      return "true or false";
    }
    if (key.validator instanceof Range range) { // [1,...,65536]
      return range.toString().replaceAll("\\[(.*),\\.\\.\\.,(.*)]", "$1 to $2");
    }
    if (key.validator instanceof NonEmptyString) {
      return "not empty";
    }
    return key.validator == null ? "any" : key.validator.toString();
  }
}
