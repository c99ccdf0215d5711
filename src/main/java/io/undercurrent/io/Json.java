package io.undercurrent.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** The project's JSON readers. Thread-safe. */
public final class Json {

  private static final char BYTE_ORDER_MARK = '\uFEFF';
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
   * The deepest nesting of records. It bounds what a hostile record costs: each level takes some
   * bytes of heap while the record is read.
   */
  public static final int MAX_NESTING = 10_000;

  /**
   * The streaming reader, for texts (not bytes) of which most tokens are skipped. As in the JSON
   * standard, fields may have the same name. Numbers, names and strings may have any length: what
   * is skipped is never converted or kept, so a record costs no more than its own size. Values may
   * be nested up to {@link #MAX_NESTING} deep.
   */
  public static final JsonFactory TOKENS =
      JsonFactory.builder()
          .disable(
              JsonFactory.Feature.INTERN_FIELD_NAMES) // names come from users, so none is cached
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNestingDepth(MAX_NESTING)
                  .build())
          .build();

  private Json() {}

  /**
   * The text of JSON's bytes, without a byte order mark. Jackson's own reader of bytes takes some
   * that are not UTF-8: it leaves 0xFF out of the names of fields, so that other bytes would mean
   * the same name.
   *
   * @throws MalformedJsonException if they are not UTF-8
   */
  public static String text(byte[] bytes) throws MalformedJsonException {
    return text(bytes, 0, bytes.length);
  }

  private static String text(byte[] bytes, int offset, int length) throws MalformedJsonException {
    try {
      CharBuffer text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, offset, length));
      if (text.hasRemaining() && text.charAt(0) == BYTE_ORDER_MARK) {
        text.get();
      }
      return text.toString();
    } catch (CharacterCodingException e) {
      throw new MalformedJsonException("must be UTF-8, found other bytes");
    }
  }

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
    return parse(text(bytes, offset, length));
  }

  /** Reads one value from a text. */
  public static JsonNode parse(String text) throws MalformedJsonException {
    try {
      return STRICT.readTree(text);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    }
  }

  /**
   * Reads some fields of a record. They are read strictly. The record's other fields are skipped:
   * they may be any JSON, with the same name twice or longer numbers than {@link #STRICT} reads.
   *
   * @return an object that has only these fields; another kind of value as it is; a missing node if
   *     there is no value
   * @throws MalformedJsonException if the text is not one JSON value, or has one of the fields
   *     twice
   */
  public static JsonNode fields(String json, Set<String> names) throws MalformedJsonException {
    try (JsonParser parser = TOKENS.createParser(json)) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        return STRICT.readTree(json);
      }
      ObjectNode fields = STRICT.createObjectNode();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        long start = parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        if (names.contains(name)) {
          parser.finishToken();
          requireFirst(name, !fields.has(name));
          long end = parser.currentLocation().getCharOffset();
          fields.set(name, STRICT.readTree(json.substring((int) start, (int) end)));
        }
      }
      requireEnd(parser);
      return fields;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
  }

  /** Refuses the second field of a name, of which it is not known which one is meant. */
  public static void requireFirst(String name, boolean first) throws MalformedJsonException {
    if (!first) {
      throw new MalformedJsonException(
          "must name field %s once, found it twice".formatted(shortened(name, MAX_FOUND_CHARS)));
    }
  }

  /** Refuses a second value after the one that {@code parser} has read. */
  public static void requireEnd(JsonParser parser) throws IOException, MalformedJsonException {
    if (parser.nextToken() != null) {
      throw new MalformedJsonException("must be JSON, found: more after the first value");
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
    return shortened(reason, MAX_REASON_CHARS)
        + (location == null
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr()));
  }

  /**
   * A value for an error message: {@code nothing} if it is missing, otherwise its first 60
   * characters.
   */
  public static String found(JsonNode value) {
    return shortened(value.isMissingNode() ? "nothing" : value.toString());
  }

  /** A text for an error message: its first 60 characters. */
  public static String shortened(String text) {
    return shortened(text, MAX_FOUND_CHARS);
  }

  private static String shortened(String text, int chars) {
    return text.length() <= chars ? text : text.substring(0, chars) + "...";
  }
}
