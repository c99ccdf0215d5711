package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.config.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenTest {

  private static final String SECRET = "0123456789abcdef";

  @TempDir Path folder;

  @Test
  void shouldComeFromAFileOrTheEnvironment() throws IOException {
    assertThat(Token.of("", null)).isNull();
    assertThat(Token.of("", "")).isNull();
    assertThat(Token.of("", SECRET).header()).isEqualTo("Bearer " + SECRET);
    assertThat(Token.of(file(SECRET + "\n"), null).header()).isEqualTo("Bearer " + SECRET);
  }

  @Test
  void shouldBeTwoWhileItIsChanged() throws IOException {
    String next = "fedcba9876543210";
    for (String separator : List.of("\n", "\r\n")) {
      Token both = Token.of(file(SECRET + separator + next + separator), null);
      assertThat(both.header()).isEqualTo("Bearer " + SECRET);
      assertThat(both.equalsHeader("Bearer " + SECRET)).isTrue();
      assertThat(both.equalsHeader("Bearer " + next)).isTrue();
      assertThat(both.equalsHeader("Bearer " + SECRET + next)).isFalse();
      assertThat(both.equalsHeader("Bearer " + SECRET + separator + next)).isFalse();
      assertThat(both.equalsHeader("Bearer ")).isFalse();
    }
    String three = file(SECRET + "\n" + next + "\n" + next);
    assertThatThrownBy(() -> Token.of(three, null))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("one in each line, found 3 lines")
        .hasMessageNotContaining(SECRET);
    String wrong = file(SECRET + "\nshort");
    assertThatThrownBy(() -> Token.of(wrong, null))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("found 5 chars");
  }

  @Test
  void shouldBeGivenOnce() throws IOException {
    String file = file(SECRET);
    assertThatThrownBy(() -> Token.of(file, SECRET))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "the token must be given once, found undercurrent.http.token.file and the variable"
                + " UNDERCURRENT_HTTP_TOKEN");
  }

  @ParameterizedTest
  @CsvSource({
    "'', found 0 chars",
    "0123456789abcde, found 15 chars",
    "0123456789 abcdef, found other characters",
    "0123456789abcdef\u00e4, found other characters"
  })
  void shouldNotBeGuessedEasilyNorBreakAHeader(String secret, String found) throws IOException {
    String file = file(secret);
    assertThatThrownBy(() -> Token.of(file, null))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(
            "undercurrent.http.token.file " + file + " must contain 16 to 1024 letters")
        .hasMessageContaining(found)
        .hasMessageNotContaining("0123456789");
  }

  @Test
  void shouldSayThatItsFileIsMissing() {
    assertThatThrownBy(() -> Token.of(folder.resolve("none").toString(), null))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("found none that can be read")
        .hasMessageContaining("none");
  }

  private String file(String text) throws IOException {
    return Files.writeString(folder.resolve("token"), text).toString();
  }
}
