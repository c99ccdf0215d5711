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

/** How this project reads JSON. Thread-safe. */
public final class Json {

  private static final int MAX_REASON_CHARS = 200;
  private static final int MAX_FOUND_CHARS = 60;

  /**
   * Strict: an object names each field once, and nothing follows the value. For what is read as a
   * whole.
   */
  public static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * For texts (not bytes) whose tokens are mostly passed over: fields may have the same name, and
   * numbers any number of digits, as JSON allows.
   */
  public static final JsonFactory TOKENS =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES) // names are anybody's: none is kept
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).build())
          .build();

  private Json() {}

  /**
   * Reads one value.
   *
   * @param bytes in UTF-8
   * @return a missing node where there is none
   */
  public static JsonNode parse(byte[] bytes) throws MalformedJsonException {
    return parse(bytes, 0, bytes.length);
  }

  /** The same of a part of the bytes. */
  public static JsonNode parse(byte[] bytes, int offset, int length) throws MalformedJsonException {
    try {
      return STRICT.readTree(bytes, offset, length);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new MalformedJsonException("must be JSON, found other bytes");
    }
  }

  /** The same of a text. */
  public static JsonNode parse(String text) throws MalformedJsonException {
    try {
      return STRICT.readTree(text);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    }
  }

  /** What Jackson did not understand, and where. */
  public static MalformedJsonException malformed(JsonProcessingException e) {
    return new MalformedJsonException("must be JSON, found: " + reason(e));
  }

  /** The same without what was expected; one line. */
  public static String reason(JsonProcessingException e) {
    String reason = e.getOriginalMessage().replaceAll("[\\s\\p{Cc}]+", " ");
    JsonLocation at = e.getLocation();
    return (reason.length() <= MAX_REASON_CHARS
            ? reason
            : reason.substring(0, MAX_REASON_CHARS) + "...")
        + (at == null ? "" : " at line %d, column %d".formatted(at.getLineNr(), at.getColumnNr()));
  }

  /** A value for a message: {@code nothing} for a missing one, otherwise its first chars. */
  public static String found(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= MAX_FOUND_CHARS ? text : text.substring(0, MAX_FOUND_CHARS) + "...";
  }
}
