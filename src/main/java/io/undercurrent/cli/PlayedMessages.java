package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.io.Json;
import io.undercurrent.io.Lines;
import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.Lines.LineTooLongException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The messages that {@code demo} and {@code play} send: the demo's conversations, or a user's file
 * of JSON lines or plain lines. A file is read twice, first to count its lines, and is not kept in
 * memory. Immutable; each reader is used by one thread.
 */
final class PlayedMessages {

  private static final String OWN = "/demo/conversations.jsonl";

  /** Matches the first line of a JSON document of several lines. */
  private static final Pattern DOCUMENT =
      Pattern.compile("\\{\\s*|\\[\\s*([{\\[\"].*)?", Pattern.DOTALL);

  private final Input input;
  private final String name;
  private final long count;
  private final boolean json;

  private interface Input {
    InputStream open() throws IOException;
  }

  private PlayedMessages(Input input, String name, long count, boolean json) {
    this.input = input;
    this.name = name;
    this.count = count;
    this.json = json;
  }

  /** The demo's conversations, which were written for this project. */
  static PlayedMessages own() throws IOException {
    return of(() -> PlayedMessages.class.getResourceAsStream(OWN), OWN, "demo");
  }

  /** The texts of the demo's conversations. */
  static List<String> ownTexts() throws IOException {
    List<String> texts = new ArrayList<>();
    try (Reader reader = own().open()) {
      for (PlayedMessage message = reader.next(); message != null; message = reader.next()) {
        texts.add(Json.STRICT.readTree(message.value()).path("text").asText());
      }
    }
    return texts;
  }

  /**
   * The messages of a file. Lines are JSON if most of them start with a brace. Otherwise each line
   * is a plain text, and the file's name is the key of all.
   *
   * @throws AppException if the file is one JSON document, UTF-16 or compressed
   */
  static PlayedMessages of(Path file) throws IOException {
    return of(() -> Files.newInputStream(file), file.toString(), file.getFileName().toString());
  }

  private static PlayedMessages of(Input input, String file, String name) throws IOException {
    long count = 0;
    long braces = 0;
    Line first = null;
    try (InputStream in = new BufferedInputStream(input.open())) {
      Lines lines = new Lines(in);
      for (Line line = lines.next(); line != null; line = lines.next()) {
        if (first == null) {
          first = line;
          checkEncoding(file, line.bytes());
        }
        count++;
        braces += line.firstByte() == '{' ? 1 : 0;
      }
    } catch (LineTooLongException e) {
      throw new AppException(file + ": " + e.getMessage(), e);
    }
    boolean json = 2 * braces > count;
    if (first != null && (!json || first.firstByte() == '[') && isDocument(first)) {
      throw new AppException(
          file
              + ": must be JSON lines or plain lines, found one JSON document:"
              + " jq -c '.[]' writes the elements of an array as lines, jq -c . one object");
    }
    return new PlayedMessages(input, name, count, json);
  }

  private static boolean isDocument(Line first) throws IOException {
    try {
      return DOCUMENT.matcher(first.text().strip()).matches();
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static void checkEncoding(String file, byte[] start) {
    int a = start.length < 2 ? 0 : start[0] & 0xff;
    int b = start.length < 2 ? 0 : start[1] & 0xff;
    if (a == 0xff && b == 0xfe || a == 0xfe && b == 0xff) {
      throw new AppException(
          file + ": must be UTF-8, found UTF-16: iconv -f UTF-16 -t UTF-8 converts it");
    }
    if (a == 0x1f && b == 0x8b) {
      throw new AppException(file + ": must be lines of text, found gzip: gunzip unpacks it");
    }
  }

  long count() {
    return count;
  }

  /** Opens a reader at the first message. */
  Reader open() throws IOException {
    return new Reader(new BufferedInputStream(input.open()));
  }

  /** Reads the messages in order. Used by one thread. */
  final class Reader implements AutoCloseable {
    private final InputStream in;
    private final Lines lines;

    private Reader(InputStream in) {
      this.in = in;
      lines = new Lines(in);
    }

    /** The next message; null after the last. */
    PlayedMessage next() throws IOException {
      Line line = lines.next();
      if (line == null) {
        return null;
      }
      return json ? PlayedMessage.ofJson(line, name) : PlayedMessage.ofText(line, name);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
