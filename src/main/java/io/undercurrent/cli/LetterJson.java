package io.undercurrent.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Base64;
import org.apache.kafka.common.header.Header;

/** Writes letters as JSON in ASCII, so that no terminal obeys what a record contains. */
final class LetterJson {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private LetterJson() {}

  /** What {@code list} says of a letter, in one line. */
  static String line(Letter letter, String replayedTo) {
    return text(summary(letter, replayedTo));
  }

  /** A whole letter, in one line. Bytes that are not UTF-8 are in base64. */
  static String whole(Letter letter, String replayedTo, String replay) {
    ObjectNode json = summary(letter, replayedTo).put("replay", replay);
    put(json, "key", letter.record().key());
    put(json, "value", letter.record().value());
    var headers = json.putArray("headers");
    for (Header header : letter.record().headers()) {
      put(headers.addObject().put("name", header.key()), "value", header.value());
    }
    return text(json);
  }

  private static ObjectNode summary(Letter letter, String replayedTo) {
    return JSON.createObjectNode()
        .put("place", letter.place().toString())
        .put("time", Instant.ofEpochMilli(letter.timeMs()).toString())
        .put("reason", letter.reason())
        .put("topic", letter.topic())
        .put("partition", letter.partition())
        .put("offset", letter.offset())
        .put("state", letter.state().toString())
        .put("replayed", replayedTo != null)
        .put("replayedTo", replayedTo == null || replayedTo.isEmpty() ? null : replayedTo)
        .put("replayOf", letter.replayOf())
        .put("message", letter.message());
  }

  private static void put(ObjectNode json, String name, byte[] bytes) {
    String text = bytes == null ? null : LetterBytes.textOrNull(bytes);
    json.put(name, text);
    if (bytes != null && text == null) {
      json.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  private static String text(ObjectNode json) {
    try {
      return JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree cannot fail to be written", e);
    }
  }
}
