package io.undercurrent.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.app.AppException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The earlier records of one key, from a file of JSON lines (as {@code enrich} reads and writes
 * them) or of plain lines: JSON if most of its lines start with a brace, as for {@code demo}.
 */
final class History {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private History() {}

  /**
   * The texts in order; a text of null forgets those before it.
   *
   * @param key whose records are wanted, or null where all have the same
   * @throws AppException if a line is not as it must be, or there are several keys and none is
   *     named
   */
  static List<String> read(Path file, String key) throws IOException {
    String content;
    try {
      content =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
              .toString();
    } catch (CharacterCodingException e) {
      throw new AppException(file + ": must be UTF-8, found other bytes", e);
    }
    if (content.startsWith(BYTE_ORDER_MARK)) {
      content = content.substring(1);
    }
    List<String> lines = List.of(content.split("\r?\n"));
    long texts = lines.stream().filter(line -> !line.isBlank()).count();
    long braces = lines.stream().filter(line -> line.stripLeading().startsWith("{")).count();
    if (2 * braces > texts) {
      return json(file, lines, key);
    }
    if (key != null) {
      throw new AppException(file + ": must be JSON lines where a key is named, found plain lines");
    }
    return lines.stream().filter(line -> !line.isBlank()).toList();
  }

  private static List<String> json(Path file, List<String> lines, String wanted) {
    List<String> texts = new ArrayList<>();
    String only = wanted;
    boolean found = false;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      String place = file + ": line " + (i + 1) + ": ";
      JsonNode json = parse(place, lines.get(i));
      JsonNode key = json.path("key");
      JsonNode text = json.path("text");
      require(place, json.isObject(), "must be a JSON object", json);
      require(place, key.isTextual() || key.isMissingNode(), "key must be a string", key);
      require(place, text.isTextual() || text.isNull(), "text must be a string or null", text);
      if (wanted == null && found && !key.asText().equals(only)) {
        throw new AppException(
            place + "must have the key of the lines before where --key names none, found another");
      }
      only = wanted == null ? key.asText() : wanted;
      if (!key.asText().equals(only)) {
        continue;
      }
      found = true;
      if (text.isNull()) {
        texts.clear();
      } else {
        texts.add(text.asText());
      }
    }
    if (!found) {
      throw new AppException(file + ": must have a record of key " + wanted + ", found none");
    }
    return texts;
  }

  private static JsonNode parse(String place, String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      String why = e.getOriginalMessage().replace('\n', ' ');
      throw new AppException(place + "must be JSON, found: " + why, e);
    }
  }

  private static void require(String place, boolean holds, String expectation, JsonNode found) {
    if (!holds) {
      String text = found.isMissingNode() ? "nothing" : found.toString();
      throw new AppException(
          place
              + expectation
              + ", found "
              + (text.length() <= 60 ? text : text.substring(0, 60) + "..."));
    }
  }
}
