package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The messages that {@code demo} plays: its own conversations, or a user's file of JSON lines or of
 * plain lines. Lines are played as they are, good or bad: judging them is the topology's work.
 *
 * @param key of the record, or null
 * @param value of the record
 * @param timestampMs of the record, or null for the time it is played
 */
record PlayedMessage(byte[] key, byte[] value, Long timestampMs) {

  private static final String OWN = "/demo/conversations.jsonl";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The conversations written for this project. */
  static List<PlayedMessage> own() throws IOException {
    try (InputStream in = PlayedMessage.class.getResourceAsStream(OWN)) {
      return messages(in.readAllBytes(), "demo");
    }
  }

  /**
   * A file's messages. It holds JSON lines if its first line with anything on it starts with a
   * brace, and otherwise a plain text a line, all under the file's name as their key.
   */
  static List<PlayedMessage> of(Path file) throws IOException {
    return messages(Files.readAllBytes(file), file.getFileName().toString());
  }

  private static List<PlayedMessage> messages(byte[] bytes, String name) throws IOException {
    List<byte[]> lines = lines(bytes);
    boolean json = !lines.isEmpty() && firstChar(lines.get(0)) == '{';
    List<PlayedMessage> messages = new ArrayList<>();
    for (byte[] line : lines) {
      messages.add(json ? jsonLine(line, name) : plainLine(line, name));
    }
    return messages;
  }

  private static PlayedMessage plainLine(byte[] line, String name) throws IOException {
    String text = new String(line, StandardCharsets.UTF_8);
    byte[] value = JSON.writeValueAsBytes(JSON.createObjectNode().put("text", text));
    return new PlayedMessage(name.getBytes(StandardCharsets.UTF_8), value, null);
  }

  /**
   * The whole line is the value; where no key can be read from it, it goes under the file's name.
   */
  private static PlayedMessage jsonLine(byte[] line, String name) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    Long timestampMs = null;
    try {
      JsonNode json = JSON.readTree(line);
      JsonNode own = json.path("key");
      if (json.isObject()) {
        key =
            own.isValueNode() && !own.isNull()
                ? own.asText().getBytes(StandardCharsets.UTF_8)
                : null;
      }
      JsonNode timestamp = json.path("timestamp");
      timestampMs =
          timestamp.isIntegralNumber() && timestamp.canConvertToLong() && timestamp.asLong() >= 0
              ? timestamp.asLong()
              : null;
    } catch (IOException e) {
      // Played all the same: the topology puts it among the dead letters.
    }
    return new PlayedMessage(key, line, timestampMs);
  }

  private static List<byte[]> lines(byte[] bytes) {
    List<byte[]> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '\n') {
        int end = i > start && bytes[i - 1] == '\r' ? i - 1 : i;
        byte[] line = java.util.Arrays.copyOfRange(bytes, start, end);
        if (firstChar(line) >= 0) {
          lines.add(line);
        }
        start = i + 1;
      }
    }
    return lines;
  }

  /** The first byte that is no space, or -1. */
  private static int firstChar(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return b & 0xff;
      }
    }
    return -1;
  }
}
