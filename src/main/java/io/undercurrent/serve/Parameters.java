package io.undercurrent.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.io.Json;
import java.util.List;
import java.util.Map.Entry;
import java.util.Set;

/**
 * Reads and checks parameters; every error names the parameter, the expectation and the finding.
 */
final class Parameters {

  private static final String KEY_ENCODING = "keyEncoding";

  private Parameters() {}

  /** Refuses unknown query parameters, which are mostly misspelt. */
  static void only(Context ctx, Set<String> names) {
    for (String name : ctx.queryParamMap().keySet()) {
      if (!names.contains(name)) {
        throw Problem.badRequest(
            "there is no parameter %s here, but %s"
                .formatted(shortened(name), names.stream().sorted().toList()));
      }
    }
  }

  /**
   * The path's key, as the stream's enriched records write it.
   *
   * @param encoding of the stream; the path may use another one and name it in {@code keyEncoding}
   */
  static KeyText key(Context ctx, KeyEncoding encoding) {
    String key = ctx.pathParam("key");
    KeyEncoding written = keyEncoding(ctx.queryParam(KEY_ENCODING), encoding);
    String text =
        written == KeyEncoding.BASE64 ? key.replace('-', '+').replace('_', '/') : key; // URL-safe
    byte[] bytes = bytes(text, written);
    try {
      return KeyText.of(bytes, encoding);
    } catch (IllegalArgumentException e) {
      throw Problem.badRequest(e.getMessage());
    }
  }

  private static KeyEncoding keyEncoding(String code, KeyEncoding otherwise) {
    if (code == null) {
      return otherwise;
    }
    List<String> codes = KeyEncoding.codes();
    if (!codes.contains(code)) {
      throw Problem.badRequest(
          "keyEncoding must be one of %s, found %s"
              .formatted(String.join(", ", codes), shortened(code)));
    }
    return KeyEncoding.ofCode(code);
  }

  /** A body's key, in the encoding of the stream. */
  static KeyText key(String key, KeyEncoding encoding) {
    return KeyText.of(bytes(key, encoding), encoding);
  }

  private static byte[] bytes(String key, KeyEncoding encoding) {
    try {
      return encoding.bytes(key);
    } catch (IllegalArgumentException e) {
      throw Problem.badRequest(
          "the key must be of encoding %s, found %s".formatted(encoding.code(), shortened(key)));
    }
  }

  static boolean flag(Context ctx, String name) {
    String value = ctx.queryParam(name);
    if (value == null || value.equals("false")) {
      return false;
    }
    if (!value.equals("true")) {
      throw Problem.badRequest(
          "%s must be true or false, found %s".formatted(name, shortened(value)));
    }
    return true;
  }

  static long integer(Context ctx, String name, long defaultValue, long min, long max) {
    String value = ctx.queryParam(name);
    if (value == null) {
      return defaultValue;
    }
    try {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw Problem.badRequest(
        "%s must be an integer from %d to %d, found %s"
            .formatted(name, min, max, shortened(value)));
  }

  /** Refuses unknown fields of a body. */
  static void onlyFields(ObjectNode body, Set<String> names) {
    for (Entry<String, JsonNode> field : body.properties()) {
      String name = field.getKey();
      if (!names.contains(name)) {
        throw Problem.badRequest(
            "there is no field %s here, but %s"
                .formatted(shortened(name), names.stream().sorted().toList()));
      }
    }
  }

  static String string(ObjectNode body, String name) {
    JsonNode value = body.path(name);
    if (!value.isTextual()) {
      throw Problem.badRequest("%s must be a string, found %s".formatted(name, Json.found(value)));
    }
    return value.textValue();
  }

  static Long integerOrNull(ObjectNode body, String name) {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw Problem.badRequest(
          "%s must be an integer, found %s".formatted(name, Json.found(value)));
    }
    return value.longValue();
  }

  static String shortened(String value) {
    return value.length() <= 60 ? value : value.substring(0, 60) + "...";
  }
}
