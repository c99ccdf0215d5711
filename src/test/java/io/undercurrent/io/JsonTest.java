package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
