package io.undercurrent.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** The project's JSON readers. Thread-safe. */
public final class Json {

  private static final int MAX_REASON_CHARS = 200;
  private static final int MAX_FOUND_CHARS = 60;

  /**
   * The strict reader, for values that are read as a whole: an object has each field once, and
   * nothing follows the value.
   */
  public static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * The streaming reader, for texts (not bytes) of which most tokens are skipped. As in the JSON
   * standard, fields may have the same name and numbers may have any number of digits.
   */
  public static final JsonFactory TOKENS =
      JsonFactory.builder()
          .disable(
              JsonFactory.Feature.INTERN_FIELD_NAMES) // names come from users, so none is cached
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).build())
          .build();

  private Json() {}

  /**
   * Reads one value.
   *
   * @param bytes UTF-8
   * @return the value; a missing node if there is none
   */
  public static JsonNode parse(byte[] bytes) throws MalformedJsonException {
    return parse(bytes, 0, bytes.length);
  }

  /** Reads one value from a part of the bytes. */
  public static JsonNode parse(byte[] bytes, int offset, int length) throws MalformedJsonException {
    try {
      return STRICT.readTree(bytes, offset, length);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new MalformedJsonException("must be JSON, found other bytes");
    }
  }

  /** Reads one value from a text. */
  public static JsonNode parse(String text) throws MalformedJsonException {
    try {
      return STRICT.readTree(text);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    }
  }

  /** The error with Jackson's reason and its position. */
  public static MalformedJsonException malformed(JsonProcessingException e) {
    return new MalformedJsonException("must be JSON, found: " + reason(e));
  }

  /** Jackson's reason and its position, in one line. */
  public static String reason(JsonProcessingException e) {
    String reason = e.getOriginalMessage().replaceAll("[\\s\\p{Cc}]+", " ");
    JsonLocation location = e.getLocation();
    return (reason.length() <= MAX_REASON_CHARS
            ? reason
            : reason.substring(0, MAX_REASON_CHARS) + "...")
        + (location == null
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr()));
  }

  /**
   * A value for an error message: {@code nothing} if it is missing, otherwise its first 60
   * characters.
   */
  public static String found(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= MAX_FOUND_CHARS ? text : text.substring(0, MAX_FOUND_CHARS) + "...";
  }
}
