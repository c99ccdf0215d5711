package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.app.AppException;
import io.undercurrent.io.Json;
import io.undercurrent.io.Lines;
import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.MalformedJsonException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads the earlier records of one key from a file of JSON lines (as {@code enrich} reads and
 * writes them) or of plain lines. As for {@code demo}, lines are JSON if most of them start with a
 * brace.
 */
final class History {

  private History() {}

  /**
   * The key's texts in order. A null text is a tombstone: the texts before it are dropped.
   *
   * @param key the key; null if all records have the same key
   * @throws AppException if a line is invalid, or if {@code key} is null and there are several keys
   */
  static List<String> read(Path file, String key) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      Lines all = new Lines(in);
      for (Line line = all.next(); line != null; line = all.next()) {
        lines.add(line);
      }
    }
    long braces = lines.stream().filter(line -> line.firstByte() == '{').count();
    if (2 * braces > lines.size()) {
      return json(file, lines, key);
    }
    if (key != null) {
      throw new AppException(file + ": must be JSON lines if --key is given, found plain lines");
    }
    List<String> texts = new ArrayList<>();
    for (Line line : lines) {
      texts.add(text(file, line));
    }
    return texts;
  }

  private static String text(Path file, Line line) {
    try {
      return line.text();
    } catch (CharacterCodingException e) {
      throw new AppException(
          file + ": line " + line.number() + ": must be UTF-8, found other bytes", e);
    }
  }

  private static List<String> json(Path file, List<Line> lines, String wanted) {
    List<String> texts = new ArrayList<>();
    String only = wanted;
    boolean found = false;
    for (Line line : lines) {
      String where = file + ": line " + line.number() + ": ";
      JsonNode json = parse(where, text(file, line));
      JsonNode key = json.path("key");
      JsonNode text = json.path("text");
      require(where, json.isObject(), "must be a JSON object", json);
      require(where, key.isTextual() || key.isMissingNode(), "key must be a string", key);
      require(where, text.isTextual() || text.isNull(), "text must be a string or null", text);
      if (wanted == null && found && !key.asText().equals(only)) {
        throw new AppException(
            where
                + "must have the same key as the lines before, found another: choose one with --key");
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

  private static JsonNode parse(String where, String line) {
    try {
      return Json.fields(line, Set.of("key", "text"));
    } catch (MalformedJsonException e) {
      throw new AppException(where + e.getMessage(), e);
    }
  }

  private static void require(String where, boolean holds, String expectation, JsonNode found) {
    if (!holds) {
      throw new AppException(where + expectation + ", found " + Json.found(found));
    }
  }
}
