package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.app.AppException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlayedMessageTest {

  @TempDir private Path folder;

  @Test
  void shouldPlayJsonLinesUnchangedWithTheirKeys() throws IOException {
    List<PlayedMessage> messages =
        read(
            "\n"
                + "{\"key\": \"a\",  \"text\":\"x\", \"timestamp\": 1790000000000}\n"
                + "  {\"key\":\"b\",\"text\":\"ü\"}\n"
                + "{\"key\":5,\"text\":\"z\"}");

    assertThat(keys(messages)).containsExactly("a", "b", "5");
    assertThat(values(messages))
        .containsExactly(
            "{\"key\": \"a\",  \"text\":\"x\", \"timestamp\": 1790000000000}",
            "  {\"key\":\"b\",\"text\":\"ü\"}",
            "{\"key\":5,\"text\":\"z\"}");
    assertThat(messages)
        .extracting(PlayedMessage::timestampMs)
        .containsExactly(1790000000000L, null, null);
  }

  @Test
  void shouldReadTheKeyBesideFieldsThatOccurTwice() throws IOException {
    List<PlayedMessage> messages =
        read("{\"m\":{\"a\":1,\"a\":2},\"key\":\"a\",\"n\":1,\"n\":2,\"timestamp\":5}\n");

    assertThat(keys(messages)).containsExactly("a");
    assertThat(messages).extracting(PlayedMessage::timestampMs).containsExactly(5L);
  }

  @Test
  void shouldPlayAMessageWithoutKeyWithoutKey() throws IOException {
    List<PlayedMessage> messages =
        read(
            """
            {"text":"x"}
            {"key":null,"text":"x"}
            {"key":["a"],"text":"x"}
            """);

    assertThat(messages).extracting(PlayedMessage::key).containsExactly(null, null, null);
  }

  @Test
  void shouldGiveMalformedLinesTheFilesNameAsKey() throws IOException {
    List<PlayedMessage> messages =
        read(
            "words\n[1]\n\u0000\u0001\n{\"key\":\"a\",\n"
                + "{\"key\":\"a\",\"text\":\"x\"}\n".repeat(3));

    assertThat(keys(messages).subList(0, 4)).containsOnly("messages.txt");
    assertThat(keys(messages).subList(4, 7)).containsOnly("a");
    assertThat(values(messages).subList(0, 5))
        .containsExactly(
            "words", "[1]", "\u0000\u0001", "{\"key\":\"a\",", "{\"key\":\"a\",\"text\":\"x\"}");
  }

  @Test
  void shouldSkipAByteOrderMark() throws IOException {
    assertThat(values(read("\uFEFF{\"key\":\"a\"}\n"))).containsExactly("{\"key\":\"a\"}");
  }

  @Test
  void shouldPlayPlainLinesThatAreNotUtf8Unchanged() throws IOException {
    byte[] line = {'s', 'o', (byte) 0xff};
    Path file = folder.resolve("messages.txt");
    Files.write(file, line);

    assertThat(all(PlayedMessages.of(file)).get(0).value()).isEqualTo(line);
  }

  @Test
  void shouldKeepBytesThatAreNotUtf8() throws IOException {
    byte[] line = {'{', '"', 'k', 'e', 'y', '"', ':', '"', (byte) 0xff, '"', '}'};
    Path file = folder.resolve("messages.txt");
    Files.write(file, line);

    List<PlayedMessage> messages = all(PlayedMessages.of(file));

    assertThat(messages).hasSize(1);
    assertThat(messages.get(0).value()).isEqualTo(line);
  }

  @Test
  void shouldIgnoreAnInvalidTimestamp() throws IOException {
    assertThat(
            read(
                """
                {"key":"a","timestamp":-1}
                {"key":"a","timestamp":"1790000000000"}
                {"key":"a","timestamp":1e300}
                {"key":"a","timestamp":1.5}
                {"key":"a","timestamp":0}
                """))
        .extracting(PlayedMessage::timestampMs)
        .containsExactly(null, null, null, null, 0L);
  }

  @Test
  void shouldPlayPlainLinesWithTheFilesNameAsKey() throws IOException {
    List<PlayedMessage> messages = read("it \"works\"\r\n\r\n \t\n  so\tit {seems}\r\nlast");

    assertThat(keys(messages)).containsOnly("messages.txt");
    assertThat(messages)
        .extracting(message -> json(message.value()).path("text").asText())
        .containsExactly("it \"works\"", "  so\tit {seems}", "last");
    assertThat(messages).extracting(PlayedMessage::timestampMs).containsOnlyNulls();
  }

  @Test
  void shouldDropWindowsLineEndsOfJsonLines() throws IOException {
    assertThat(values(read("{\"key\":\"a\"}\r\n\r\n{\"key\":\"b\"}\r\n")))
        .containsExactly("{\"key\":\"a\"}", "{\"key\":\"b\"}");
  }

  @Test
  void shouldPlayNothingFromAnEmptyFile() throws IOException {
    assertThat(read("")).isEmpty();
    assertThat(read("\n \r\n")).isEmpty();
  }

  @Test
  void shouldShipOnlyValidConversations() throws IOException {
    List<PlayedMessage> own = all(PlayedMessages.own());

    assertThat(own).hasSizeGreaterThan(100);
    assertThat(own)
        .allSatisfy(
            message -> {
              assertThat(message.key()).isNotEmpty();
              assertThat(json(message.value()).path("text").isTextual()).isTrue();
            });
  }

  private List<PlayedMessage> read(String content) throws IOException {
    return all(PlayedMessages.of(Files.writeString(folder.resolve("messages.txt"), content)));
  }

  private static List<PlayedMessage> all(PlayedMessages messages) throws IOException {
    List<PlayedMessage> all = new ArrayList<>();
    try (PlayedMessages.Reader reader = messages.open()) {
      for (PlayedMessage next = reader.next(); next != null; next = reader.next()) {
        all.add(next);
      }
    }
    assertThat(messages.count()).isEqualTo(all.size());
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\n{\"key\":\"a\"},\n{\"key\":\"b\"}\n]\n",
        "[{\"key\":\"a\"},\n{\"key\":\"b\"},\n{\"key\":\"c\"}]",
        "[{\"key\":\"a\"},{\"key\":\"b\"}]",
        "{\n  \"key\": \"a\",\n  \"text\": \"b\"\n}\n"
      })
  void shouldRefuseJsonThatIsNotLines(String document) {
    assertThatThrownBy(() -> read(document))
        .isInstanceOf(AppException.class)
        .hasMessageMatching(
            ".*messages.txt: must be JSON lines or plain lines, found one JSON document: .*");
  }

  @Test
  void shouldRefuseEncodingsOtherThanUtf8() throws IOException {
    Path file = folder.resolve("messages.jsonl");
    Files.write(file, "{\"key\":\"a\"}\n".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> PlayedMessages.of(file))
        .hasMessageContaining("messages.jsonl: must be UTF-8, found UTF-16");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"key\":\"a\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThatThrownBy(() -> PlayedMessages.of(file))
        .hasMessageContaining("messages.jsonl: must be lines of text, found gzip");
  }

  private static List<String> keys(List<PlayedMessage> messages) {
    return messages.stream().map(m -> new String(m.key(), StandardCharsets.UTF_8)).toList();
  }

  private static List<String> values(List<PlayedMessage> messages) {
    return messages.stream().map(m -> new String(m.value(), StandardCharsets.UTF_8)).toList();
  }

  private static JsonNode json(byte[] value) {
    try {
      return new ObjectMapper().readTree(value);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
