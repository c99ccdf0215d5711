package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** The texts of those conversations. */
  static List<String> ownTexts() throws IOException {
    List<String> texts = new ArrayList<>();
    for (PlayedMessage message : own()) {
      texts.add(JSON.readTree(message.value).path("text").asText());
    }
    return texts;
  }

  /**
   * A file's messages. It holds JSON lines if most of its lines start with a brace, and otherwise a
   * plain text a line, all under the file's name as their key.
   */
  static List<PlayedMessage> of(Path file) throws IOException {
    return messages(Files.readAllBytes(file), file.getFileName().toString());
  }

  private static List<PlayedMessage> messages(byte[] bytes, String name) throws IOException {
    List<byte[]> lines = lines(withoutByteOrderMark(bytes));
    boolean json = 2 * lines.stream().filter(line -> firstChar(line) == '{').count() > lines.size();
    List<PlayedMessage> messages = new ArrayList<>();
    for (byte[] line : lines) {
      messages.add(json ? jsonLine(line, name) : plainLine(line, name));
    }
    return messages;
  }

  private static byte[] withoutByteOrderMark(byte[] bytes) {
    boolean marked =
        bytes.length >= 3
            && (bytes[0] & 0xff) == 0xef
            && (bytes[1] & 0xff) == 0xbb
            && (bytes[2] & 0xff) == 0xbf;
    return marked ? Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }

  /** Bytes that are no text are played as they are: JSON could not hold them. */
  private static PlayedMessage plainLine(byte[] line, String name) throws IOException {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      return new PlayedMessage(
          key, JSON.writeValueAsBytes(JSON.createObjectNode().put("text", text)), null);
    } catch (CharacterCodingException e) {
      return new PlayedMessage(key, line, null);
    }
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
        byte[] line = Arrays.copyOfRange(bytes, start, end);
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
