package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  private static final Set<String> FIELDS = Set.of("a", "b");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'a': 'x\\u00e9', 'c': {'d': 1, 'd': 2}}       | {'a':'xé'}",
        "{'c': 1, 'a': null ,'c': 2, 'b':true}         | {'a':null,'b':true}",
        " {'a':{'b' : [1, 'z']}, 'b':[ ] } \t           | {'a':{'b':[1,'z']},'b':[]}",
        "{'c': 11e999, 'b':-1.50,'a':  7}              | {'b':-1.5,'a':7}",
        "{}                                            | {}",
        "[1]                                           | [1]",
        "'a'                                           | 'a'",
      })
  void shouldReadSomeFieldsAndSkipTheOthers(String json, String expected) throws Exception {
    assertThat(Json.fields(json.replace('\'', '"'), FIELDS).toString())
        .isEqualTo(expected.replace('\'', '"'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'a':1, 'a':1}          | must name field a once, found it twice",
        "{'a':{'c':1, 'c':2}}    | must be JSON, found: Duplicate field 'c'",
        "{'a':1} {}              | must be JSON, found: more after the first value",
        "{'a':1                  | must be JSON, found: Unexpected end-of-input",
        "{'c':nope}              | must be JSON, found: Unrecognized token 'nope'",
        "[1] 2                   | must be JSON, found: Trailing token",
        "nope                    | must be JSON, found: Unrecognized token 'nope'",
      })
  void shouldRefuseATextThatIsNotOneValueWithItsFieldsOnce(String json, String message) {
    assertThatThrownBy(() -> Json.fields(json.replace('\'', '"'), FIELDS))
        .isInstanceOf(MalformedJsonException.class)
        .hasMessageStartingWith(message);
  }

  /** Jackson's reader of bytes would read the first one as {"a":1}. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"\u00ffa\":1}", "[\"\u00c0\u0080\"]", "[\"\u00ed\u00a0\u0080\"]"})
  void shouldRefuseBytesThatAreNotUtf8(String chars) {
    byte[] bytes = chars.getBytes(StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> Json.parse(bytes))
        .isInstanceOf(MalformedJsonException.class)
        .hasMessage("must be UTF-8, found other bytes");
  }

  @Test
  void shouldReadBytesBehindAByteOrderMark() throws Exception {
    byte[] bytes = "\ufeff{\"é\":1}".getBytes(StandardCharsets.UTF_8);

    assertThat(Json.parse(bytes).toString()).isEqualTo("{\"é\":1}");
    assertThat(Json.parse(bytes, 3, bytes.length - 3).toString()).isEqualTo("{\"é\":1}");
  }
}
