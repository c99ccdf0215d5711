package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.MalformedJsonException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A message that {@code demo} or {@code play} sends. Lines are sent as they are, good or bad: the
 * topology judges them.
 *
 * @param key of the record, or null
 * @param value of the record
 * @param timestampMs of the record, or null for the time it is sent
 */
record PlayedMessage(byte[] key, byte[] value, Long timestampMs) {

  /** Bytes that are no text are sent as they are: JSON could not hold them. */
  static PlayedMessage ofText(Line line, String name) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    try {
      JsonNode value = Json.STRICT.createObjectNode().put("text", line.text());
      return new PlayedMessage(key, value.toString().getBytes(StandardCharsets.UTF_8), null);
    } catch (CharacterCodingException e) {
      return new PlayedMessage(key, line.bytes(), null);
    }
  }

  /**
   * The whole line is the value; where no key can be read from it, it goes under the file's name.
   */
  static PlayedMessage ofJson(Line line, String name) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    Long timestampMs = null;
    try {
      JsonNode json = Json.parse(line.bytes());
      if (json.isObject()) {
        JsonNode own = json.path("key");
        boolean hasKey = own.isValueNode() && !own.isNull();
        key = hasKey ? own.asText().getBytes(StandardCharsets.UTF_8) : null;
      }
      JsonNode timestamp = json.path("timestamp");
      boolean hasTime =
          timestamp.isIntegralNumber() && timestamp.canConvertToLong() && timestamp.asLong() >= 0;
      timestampMs = hasTime ? timestamp.asLong() : null;
    } catch (MalformedJsonException e) {
      // Sent all the same: the topology puts it among the dead letters.
    }
    return new PlayedMessage(key, line.bytes(), timestampMs);
  }
}
