package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;

/**
 * What a JSON pointer finds in a text. Read as a stream, so that a number keeps the digits it was
 * written with, and so that nesting and size cost no memory.
 *
 * @param text of a string or, as it is written, of a number or boolean; otherwise null
 */
record JsonField(Kind kind, String text) {

  enum Kind {
    MISSING,
    NULL,
    STRING,
    NUMBER,
    BOOLEAN,
    OBJECT,
    ARRAY
  }

  /** The text is not one JSON value; the message says why in one line. */
  static final class MalformedJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedJsonException(String message) {
      super(message, null, false, false);
    }
  }

  private static final int MAX_REASON_CHARS = 200;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  /** Field names are anybody's: they must not fill the JVM's table of strings. */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private static final JsonField MISSING = new JsonField(Kind.MISSING, null);

  /**
   * Finds a value, and checks that all of {@code json} is one JSON value whose objects name each
   * field once.
   */
  static JsonField find(String json, JsonPointer pointer) throws MalformedJsonException {
    try (JsonParser parser = JSON.createParser(withoutByteOrderMark(json))) {
      if (parser.nextToken() == null) {
        throw new MalformedJsonException("the value must be JSON, found nothing");
      }
      JsonField found = find(parser, pointer);
      while (!parser.getParsingContext().inRoot()) {
        parser.nextToken();
      }
      if (parser.nextToken() != null) {
        throw new MalformedJsonException("the value must be one JSON value, found more after it");
      }
      return found;
    } catch (JsonProcessingException e) {
      throw new MalformedJsonException("the value must be JSON, found: " + reason(e));
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
  }

  private static JsonField find(JsonParser parser, JsonPointer pointer) throws IOException {
    JsonPointer rest = pointer;
    while (!rest.matches()) {
      if (!enter(parser, rest)) {
        return MISSING;
      }
      rest = rest.tail();
    }
    return current(parser);
  }

  /** Moves on to the member that the pointer's first segment names, if there is one. */
  private static boolean enter(JsonParser parser, JsonPointer pointer) throws IOException {
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean named = pointer.matchesProperty(parser.currentName());
        parser.nextToken();
        if (named) {
          return true;
        }
        parser.skipChildren();
      }
    } else if (parser.currentToken() == JsonToken.START_ARRAY) {
      for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
        if (pointer.matchesElement(i)) {
          return true;
        }
        parser.skipChildren();
      }
    }
    return false;
  }

  private static JsonField current(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> new JsonField(Kind.OBJECT, null);
      case START_ARRAY -> new JsonField(Kind.ARRAY, null);
      case VALUE_STRING -> new JsonField(Kind.STRING, parser.getText());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonField(Kind.NUMBER, parser.getText());
      case VALUE_TRUE, VALUE_FALSE -> new JsonField(Kind.BOOLEAN, parser.getText());
      case VALUE_NULL -> new JsonField(Kind.NULL, null);
      default -> throw new IllegalStateException("unexpected token " + parser.currentToken());
    };
  }

  private static String withoutByteOrderMark(String json) {
    return !json.isEmpty() && json.charAt(0) == BYTE_ORDER_MARK ? json.substring(1) : json;
  }

  private static String reason(JsonProcessingException e) {
    String reason = e.getOriginalMessage().replaceAll("\\s+", " ");
    String where =
        e.getLocation() == null
            ? ""
            : " at line %d, column %d"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return reason.length() <= MAX_REASON_CHARS
        ? reason + where
        : reason.substring(0, MAX_REASON_CHARS) + "..." + where;
  }
}
