package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.app.AppException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HistoryTest {

  private static final String TWO_KEYS =
      """
      {"key":"a","text":"one"}
      {"key":"b","text":"two","timestamp":5}

      {"key":"a","text":"three"}
      """;

  @TempDir private Path folder;

  @Test
  void shouldReadPlainLines() throws IOException {
    assertThat(History.read(file("\uFEFFone\r\n\n { two\nthree"), null))
        .containsExactly("one", " { two", "three");
    assertThat(History.read(file(""), null)).isEmpty();
  }

  @Test
  void shouldReadJsonLinesOfOneKey() throws IOException {
    assertThat(History.read(file(TWO_KEYS), "a")).containsExactly("one", "three");
    assertThat(History.read(file(TWO_KEYS), "b")).containsExactly("two");
    assertThat(History.read(file("{\"text\":\"one\",\"m\":1,\"m\":2}\n{\"text\":\"\"}\n"), null))
        .containsExactly("one", "");
  }

  @Test
  void shouldDropTextsBeforeATombstone() throws IOException {
    String lines =
        "{\"key\":\"a\",\"text\":\"one\"}\n{\"key\":\"a\",\"text\":null}\n{\"key\":\"a\",\"text\":\"two\"}\n";
    assertThat(History.read(file(lines), null)).containsExactly("two");
  }

  @Test
  void shouldNotMixTheRecordsOfSeveralKeys() throws IOException {
    assertRefused(
        TWO_KEYS,
        null,
        ": line 2: must have the same key as the lines before, found another: choose one with --key");
    assertRefused(TWO_KEYS, "c", ": must have a record of key c, found none");
    assertRefused("one\n", "a", ": must be JSON lines if --key is given, found plain lines");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"text\":        | must be JSON, found: ",
        "[1]               | must be a JSON object, found [1]",
        "{\"texts\":\"a\"} | text must be a string or null, found nothing",
        "{\"text\":5}      | text must be a string or null, found 5",
        "{\"text\":\"a\",\"key\":5} | key must be a string, found 5",
        "{\"text\":\"a\",\"text\":\"b\"} | must name field text once, found it twice",
      })
  void shouldNameTheLineThatIsWrong(String line, String message) throws IOException {
    String good = "{\"text\":\"a\"}\n\n";
    assertRefused(good + good + line + "\n", null, ": line 5: " + message);
  }

  @Test
  void shouldRefuseBytesThatAreNotUtf8() throws IOException {
    Path file = folder.resolve("history");
    Files.write(file, new byte[] {'a', '\n', (byte) 0xff});
    assertThatThrownBy(() -> History.read(file, null))
        .isInstanceOf(AppException.class)
        .hasMessage(file + ": line 2: must be UTF-8, found other bytes");
  }

  private void assertRefused(String content, String key, String message) throws IOException {
    Path file = file(content);
    assertThatThrownBy(() -> History.read(file, key))
        .isInstanceOf(AppException.class)
        .hasMessageStartingWith(file + message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("history"), content);
  }
}
