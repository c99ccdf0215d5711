package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlayedMessageTest {

  @TempDir private Path folder;

  @Test
  void shouldPlayJsonLinesAsTheyAreUnderTheirOwnKeys() throws IOException {
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
  void shouldKeepMalformedLinesUnderTheFilesName() throws IOException {
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
  void shouldReadPastAByteOrderMark() throws IOException {
    assertThat(values(read("\uFEFF{\"key\":\"a\"}\n"))).containsExactly("{\"key\":\"a\"}");
  }

  @Test
  void shouldPlayPlainLinesThatAreNotUtf8AsTheyAre() throws IOException {
    byte[] line = {'s', 'o', (byte) 0xff};
    Path file = folder.resolve("messages.txt");
    Files.write(file, line);

    assertThat(PlayedMessage.of(file).get(0).value()).isEqualTo(line);
  }

  @Test
  void shouldKeepBytesThatAreNotUtf8() throws IOException {
    byte[] line = {'{', '"', 'k', 'e', 'y', '"', ':', '"', (byte) 0xff, '"', '}'};
    Path file = folder.resolve("messages.txt");
    Files.write(file, line);

    List<PlayedMessage> messages = PlayedMessage.of(file);

    assertThat(messages).hasSize(1);
    assertThat(messages.get(0).value()).isEqualTo(line);
  }

  @Test
  void shouldNotTakeATimestampThatIsNone() throws IOException {
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
  void shouldPlayPlainLinesAsTextsUnderTheFilesName() throws IOException {
    List<PlayedMessage> messages = read("it \"works\"\r\n\r\n \t\n  so\tit {seems}\r\nlast");

    assertThat(keys(messages)).containsOnly("messages.txt");
    assertThat(messages)
        .extracting(message -> json(message.value()).path("text").asText())
        .containsExactly("it \"works\"", "  so\tit {seems}", "last");
    assertThat(messages).extracting(PlayedMessage::timestampMs).containsOnlyNulls();
  }

  @Test
  void shouldTakeWindowsLineEndsOffJsonLines() throws IOException {
    assertThat(values(read("{\"key\":\"a\"}\r\n\r\n{\"key\":\"b\"}\r\n")))
        .containsExactly("{\"key\":\"a\"}", "{\"key\":\"b\"}");
  }

  @Test
  void shouldPlayNothingFromAnEmptyFile() throws IOException {
    assertThat(read("")).isEmpty();
    assertThat(read("\n \r\n")).isEmpty();
  }

  @Test
  void shouldShipConversationsThatAreAllGood() throws IOException {
    List<PlayedMessage> own = PlayedMessage.own();

    assertThat(own).hasSizeGreaterThan(100);
    assertThat(own)
        .allSatisfy(
            message -> {
              assertThat(message.key()).isNotEmpty();
              assertThat(json(message.value()).path("text").isTextual()).isTrue();
            });
  }

  private List<PlayedMessage> read(String content) throws IOException {
    return PlayedMessage.of(Files.writeString(folder.resolve("messages.txt"), content));
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
