package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizerJsonTest {

  private static final String SPECIALS =
      "\"" + String.join("\",\"", Special.tokens(Normalizer.NONE)) + "\"";

  private static byte[] json(String tokens) {
    return bytes("{\"type\":\"word\",\"version\":1,\"tokens\":[" + tokens + "]}");
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertRefused(byte[] json, String message) {
    assertThatThrownBy(() -> WordTokenizer.read(json))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(
            e -> assertThat(e.getMessage()).startsWith("tokenizer.json").doesNotContain("\n"))
        .hasMessageContaining(message);
  }

  @Test
  void shouldReadWhatItWrote() throws IOException {
    WordTokenizer written = WordTokenizer.of(List.of("good", "😂", "\"", "\\", "é"));
    WordTokenizer read = WordTokenizer.read(new ByteArrayInputStream(written.toJson()));
    assertThat(read.size()).isEqualTo(written.size());
    for (int id = 0; id < read.size(); id++) {
      assertThat(read.token(id)).isEqualTo(written.token(id));
    }
  }

  @Test
  void shouldListSpecialTokensFirst() {
    WordTokenizer tokenizer = WordTokenizer.read(json(SPECIALS + ",\"good\""));
    assertThat(tokenizer.token(0)).isEqualTo("<end>");
    assertThat(tokenizer.token(Special.count(Normalizer.NONE))).isEqualTo("good");
  }

  @Test
  void shouldNameTheTokenThatIsWrong() {
    int first = Special.count(Normalizer.NONE);
    assertRefused(json(SPECIALS + ",7"), "tokens[" + first + "] must be a string, found 7");
    assertRefused(json(SPECIALS + ",null"), "tokens[" + first + "] must be a string, found null");
    assertRefused(
        json(SPECIALS + ",\"\""), "tokens[" + first + "] must be 1 to 64 chars long, found \"\"");
    assertRefused(
        json(SPECIALS + ",\"a\",\"b\",\"a\""),
        "tokens["
            + (first + 2)
            + "] must be a token not listed before, found \"a\", which is tokens["
            + first
            + "]");
    assertRefused(json(SPECIALS + ",\"<unk>\""), "which is tokens[1]");
    assertRefused(json(SPECIALS + ",\"\\ud83d\""), "must be well-formed text");
    assertRefused(
        json(SPECIALS.replace("\"<unk>\"", "\"<oov>\"")),
        "tokens[1] must be the special token <unk>, found \"<oov>\"");
    assertRefused(json(SPECIALS + ",\"" + "x".repeat(65) + "\""), "must be 1 to 64 chars long");
  }

  @Test
  void shouldNameTheKeyThatIsWrong() {
    assertRefused(json("\"<end>\""), "tokens must be at least");
    assertRefused(bytes("[]"), "the file must be a JSON object, found []");
    assertRefused(bytes("{}"), "type must be \"word\", found nothing");
    assertRefused(bytes("{\"type\":\"bpe\"}"), "type must be \"word\", found \"bpe\"");
    assertRefused(bytes("{\"type\":\"word\",\"version\":2}"), "version must be 1, found 2");
    assertRefused(bytes("{\"type\":\"word\",\"version\":\"1\"}"), "version must be 1, found \"1\"");
    assertRefused(
        bytes("{\"type\":\"word\",\"version\":1}"),
        "tokens must be an array of strings, found nothing");
    assertRefused(
        bytes("{\"type\":\"word\",\"version\":1,\"tokens\":{}}"),
        "tokens must be an array of strings");
    assertRefused(bytes("{\"type\":\"word\",\"merges\":[1]}"), "merges must be left out");
    assertRefused(
        bytes("{\"type\":\"word\",\"version\":1,\"spelling\":2,\"tokens\":[]}"),
        "spelling must be 1 or left out, found 2");
    assertRefused(
        bytes("{\"type\":\"word\",\"version\":1,\"spelling\":true,\"tokens\":[]}"),
        "spelling must be 1 or left out, found true");
    assertRefused(bytes("{\"type\":\"word\",\"type\":\"word\"}"), "must be JSON");
  }

  @Test
  void shouldRefuseAFileThatIsNotJson() {
    assertRefused(bytes(""), "tokenizer.json");
    assertRefused(bytes("{\"type\":"), "must be JSON");
    assertRefused(bytes("{} {}"), "must be JSON");
    assertRefused(bytes("\u0000\u0001"), "must be JSON");
    assertRefused(new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"', '}'}, "tokenizer.json");
    assertRefused(bytes("[".repeat(100_000)), "must be JSON");
  }

  @Test
  void shouldRefuseBadWords() {
    assertThatThrownBy(() -> WordTokenizer.of(List.of("a", "a")))
        .hasMessageContaining("not listed before");
    assertThatThrownBy(() -> WordTokenizer.of(List.of("<end>")))
        .hasMessageContaining("not listed before");
    assertThatThrownBy(() -> WordTokenizer.of(List.of(""))).hasMessageContaining("1 to 64 chars");
  }
}
