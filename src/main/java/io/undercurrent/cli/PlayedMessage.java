package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.MalformedJsonException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * A message that {@code demo} or {@code play} sends. Lines are sent unchanged, also invalid ones,
 * because the topology checks them.
 *
 * @param key the record's key; may be null
 * @param value the record's value
 * @param timestampMs the record's timestamp; null for the time at which it is sent
 */
record PlayedMessage(byte[] key, byte[] value, Long timestampMs) {

  /**
   * Makes a message of a plain line. A line that is not UTF-8 is sent unchanged, because JSON
   * cannot hold it.
   */
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
   * Makes a message of a JSON line, which is the value. If no key can be read from it, the key is
   * the file's name.
   */
  static PlayedMessage ofJson(Line line, String name) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    Long timestampMs = null;
    try {
      JsonNode json = Json.fields(line.text(), Set.of("key", "timestamp"));
      if (json.isObject()) {
        JsonNode ownKey = json.path("key");
        boolean hasKey = ownKey.isValueNode() && !ownKey.isNull();
        key = hasKey ? ownKey.asText().getBytes(StandardCharsets.UTF_8) : null;
      }
      JsonNode timestamp = json.path("timestamp");
      boolean hasTime =
          timestamp.isIntegralNumber() && timestamp.canConvertToLong() && timestamp.asLong() >= 0;
      timestampMs = hasTime ? timestamp.asLong() : null;
    } catch (MalformedJsonException | CharacterCodingException e) {
      // It is sent anyway: the topology sends it to the dead letters.
    }
    return new PlayedMessage(key, line.bytes(), timestampMs);
  }
}
