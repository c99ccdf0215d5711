package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.io.IOException;

/**
 * The value at a JSON pointer in a text. The text is read as a stream, so a number keeps its digits
 * as written, and values off the pointer's path may have any size ({@link Json#TOKENS} has the
 * bounds).
 *
 * @param text a string's text, or a number or boolean as written; null for other kinds
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

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private static final JsonField MISSING = new JsonField(Kind.MISSING, null);

  /**
   * Finds a value, and checks that all of {@code json} is one JSON value. If an object on the
   * pointer's path has the same field twice, the text is malformed, because the pointer is
   * ambiguous. Other fields may occur twice.
   */
  static JsonField find(String json, JsonPointer pointer) throws MalformedJsonException {
    try (JsonParser parser = Json.TOKENS.createParser(withoutByteOrderMark(json))) {
      if (parser.nextToken() == null) {
        throw new MalformedJsonException("must be JSON, found nothing");
      }
      JsonField found = find(parser, pointer);
      Json.requireEnd(parser);
      return found;
    } catch (JsonProcessingException e) {
      throw Json.malformed(e);
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
  }

  /** Reads the value that starts at the current token, to its end. */
  private static JsonField find(JsonParser parser, JsonPointer pointer)
      throws IOException, MalformedJsonException {
    if (pointer.matches()) {
      JsonField found = current(parser);
      parser.skipChildren();
      return found;
    }
    JsonField found = null;
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean named = pointer.matchesProperty(parser.currentName());
        Json.requireFirst(parser.currentName(), !named || found == null);
        parser.nextToken();
        found = next(parser, pointer, named, found);
      }
    } else if (parser.currentToken() == JsonToken.START_ARRAY) {
      for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
        found = next(parser, pointer, pointer.matchesElement(i), found);
      }
    }
    return found == null ? MISSING : found;
  }

  private static JsonField next(
      JsonParser parser, JsonPointer pointer, boolean named, JsonField found)
      throws IOException, MalformedJsonException {
    if (named) {
      return find(parser, pointer.tail());
    }
    parser.skipChildren();
    return found;
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
}
