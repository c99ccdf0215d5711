package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.app.JsonField.Kind;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.text.Utf8;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFieldTest {

  private static final String DOCUMENT =
      """
      {"skip": {"text": "no", "list": [[1], {"a": 2}]},
       "message": {"text": "yes", "n": 1e3, "one": 1.0, "big": 12345678901234567890123, "t": true,
                   "nothing": null, "o": {}, "list": ["x", {"y": "z"}], "a/b": 1, "c~d": 2, "": 3}}
      """;

  @ParameterizedTest
  @CsvSource({
    "/message/text, STRING, yes",
    "/message/n, NUMBER, 1e3",
    "/message/one, NUMBER, 1.0",
    "/message/big, NUMBER, 12345678901234567890123",
    "/message/t, BOOLEAN, true",
    "/message/nothing, NULL,",
    "/message/o, OBJECT,",
    "/message/list, ARRAY,",
    "/message/list/0, STRING, x",
    "/message/list/1/y, STRING, z",
    "/message/list/2, MISSING,",
    "/message/list/1/x, MISSING,",
    "/message/text/deeper, MISSING,",
    "/message/a~1b, NUMBER, 1",
    "/message/c~0d, NUMBER, 2",
    "/message/, NUMBER, 3",
    "/skip/list/1/a, NUMBER, 2",
    "/text, MISSING,"
  })
  void shouldFindTheValueAtThePointer(String pointer, Kind kind, String text) throws Exception {
    assertThat(JsonField.find(DOCUMENT, JsonPointer.compile(pointer)))
        .isEqualTo(new JsonField(kind, text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "{",
        "[1",
        "{\"a\": \"x\"",
        "{\"a\": \"x\"} {}",
        "{\"a\": \"x\"} x",
        "{\"a\": \"x\", \"a\": \"y\"}",
        "{'a': 1}",
        "{\"a\": NaN}",
        "{\"a\": 01}",
        "{\"a\": \"\\q\"}",
        "nope"
      })
  void shouldRefuseATextThatIsNotOneJsonValue(String json) {
    assertThatThrownBy(() -> JsonField.find(json, JsonPointer.compile("/a")))
        .isInstanceOf(MalformedJsonException.class)
        .message()
        .startsWith("must ")
        .hasLineCount(1)
        .hasSizeLessThan(350);
  }

  @Test
  void shouldSayThatASecondValueFollows() {
    assertThatThrownBy(() -> JsonField.find("{\"a\": \"x\"} {}", JsonPointer.compile("/a")))
        .hasMessage("must be JSON, found: more after the first value");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\": {\"text\": \"x\"}, \"b\": {\"c\": 1, \"c\": 2}}",
        "{\"b\": 1, \"b\": 2, \"a\": {\"text\": \"x\"}}",
        "{\"a\": {\"b\": 1, \"text\": \"x\", \"b\": 2}}",
        "{\"a\": {\"text\": \"x\"}, \"text\": \"y\", \"text\": \"z\"}"
      })
  void shouldSkipRepeatedFieldsOffThePath(String json) throws Exception {
    assertThat(JsonField.find(json, JsonPointer.compile("/a/text")))
        .isEqualTo(new JsonField(Kind.STRING, "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\": {\"text\": \"x\"}, \"a\": {}}",
        "{\"a\": 1, \"a\": {\"text\": \"x\"}}",
        "{\"a\": {\"text\": \"x\", \"text\": \"x\"}}"
      })
  void shouldRefuseRepeatedFieldsOnThePath(String json) {
    assertThatThrownBy(() -> JsonField.find(json, JsonPointer.compile("/a/text")))
        .isInstanceOf(MalformedJsonException.class)
        .hasMessageMatching("must name field (a|text) once, found it twice");
  }

  @Test
  void shouldSkipNumbersOfAnyLength() throws Exception {
    String digits = "1".repeat(12_000);
    String json = "{\"n\": %s, \"x\": %s.%1$se-5, \"a\": \"x\"}".formatted(digits, digits);
    assertThat(JsonField.find(json, JsonPointer.compile("/a")))
        .isEqualTo(new JsonField(Kind.STRING, "x"));
    assertThat(JsonField.find(json, JsonPointer.compile("/n")).text()).isEqualTo(digits);
  }

  @Test
  void shouldSkipNamesAndStringsOfAnyLength() throws Exception {
    String json =
        "{\"%s\": \"%s\", \"a\": \"x\"}".formatted("n".repeat(60_000), "s".repeat(21_000_000));
    assertThat(JsonField.find(json, JsonPointer.compile("/a")))
        .isEqualTo(new JsonField(Kind.STRING, "x"));
  }

  @Test
  void shouldSkipNestedValues() throws Exception {
    int inner = Json.MAX_NESTING - 1; // the object is one more
    String json = "{\"n\": %s1%s, \"a\": \"x\"}".formatted("[".repeat(inner), "]".repeat(inner));
    assertThat(JsonField.find(json, JsonPointer.compile("/a")))
        .isEqualTo(new JsonField(Kind.STRING, "x"));
  }

  @Test
  void shouldRefuseDeepNestingWithoutAStackOverflow() {
    for (String open : new String[] {"[", "{\"a\":"}) {
      String deep = open.repeat(1_000_000);
      assertThatThrownBy(() -> JsonField.find(deep, JsonPointer.compile("/a/a")))
          .isInstanceOf(MalformedJsonException.class)
          .hasMessageContaining("nesting depth");
    }
  }

  @Test
  void shouldSkipAByteOrderMark() throws Exception {
    assertThat(JsonField.find("\uFEFF{\"a\": \"x\"}", JsonPointer.compile("/a")).text())
        .isEqualTo("x");
  }

  @Test
  void shouldKeepLoneSurrogatesOfEscapes() throws Exception {
    String text = JsonField.find("{\"a\": \"x\\ud83d y\"}", JsonPointer.compile("/a")).text();

    assertThat(text).isEqualTo("x\ud83d y");
    assertThat(Utf8.withoutLoneSurrogates(text)).isEqualTo("x\uFFFD y");
  }
}
