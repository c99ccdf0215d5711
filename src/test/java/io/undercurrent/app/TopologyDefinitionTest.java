package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.enrich.KeyEncoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyDefinitionTest {

  private static final String JSON =
      """
      name: tickets
      source:
        topics: [tickets, chats]
        value: json
        text: /message/text
        key: /customer/id
      model: models/mine
      next: 0
      store: hidden-state
      sinks:
        enriched: tickets-enriched
        deadLetters: tickets-dead-letters
      """;

  @TempDir Path folder;

  @Test
  void shouldReadEveryKey() throws IOException {
    TopologyDefinition definition = load(JSON);

    assertThat(definition.name()).isEqualTo("tickets");
    assertThat(definition.topics()).containsExactly("tickets", "chats");
    assertThat(definition.text()).isEqualTo(JsonPointer.compile("/message/text"));
    assertThat(definition.key()).isEqualTo(JsonPointer.compile("/customer/id"));
    assertThat(definition.model()).isEqualTo("models/mine");
    assertThat(definition.nextTokens()).isZero();
    assertThat(definition.store()).isEqualTo("hidden-state");
    assertThat(definition.enriched()).isEqualTo("tickets-enriched");
    assertThat(definition.deadLetters()).isEqualTo("tickets-dead-letters");
  }

  @Test
  void shouldReadTheEncodingOfTheRecordsKeys() throws IOException {
    String yaml = JSON.replace("key: /customer/id", "key: record\n  keyEncoding: long");
    assertThat(load(yaml).keyEncoding()).isEqualTo(KeyEncoding.LONG);
    assertThat(load(yaml).withTopics(List.of("a"), "b", "c").keyEncoding())
        .isEqualTo(KeyEncoding.LONG);
  }

  @Test
  void shouldReadTheDefinitionThatShips() {
    TopologyDefinition definition = TopologyDefinition.load(Path.of("topology", "enrich.yaml"));

    assertThat(definition.topics()).containsExactly("messages");
    assertThat(definition.text()).hasToString("/text");
    assertThat(definition.key()).isNull();
    assertThat(definition.keyEncoding()).isEqualTo(KeyEncoding.TEXT);
    assertThat(TopologyDefinition.shipped()).isEqualTo(definition);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name: tickets | name: 7 | name must be a string that is not blank, found 7",
        "name: tickets | nom: x | keys of the file must be among [model, name, next, sinks, source,"
            + " store], found nom",
        "name: tickets | name: | name must be a string that is not blank, found null",
        "[tickets, chats] | tickets | source.topics must be a list of topic names, found"
            + " \"tickets\"",
        "[tickets, chats] | [] | source.topics must be a list of topic names, found []",
        "[tickets, chats] | [tickets, 3] | source.topics must be a string that is not blank, found"
            + " 3",
        "[tickets, chats] | [tickets, ti ckets] | source.topics must be 1 to 249 of a-z, A-Z, 0-9,"
            + " '.', '_' and '-', found \"ti ckets\"",
        "[tickets, chats] | [tickets, tickets] | the topics of source and sinks must all differ, found"
            + " tickets twice",
        "enriched: tickets-enriched | enriched: chats | the topics of source and sinks must all differ,"
            + " found chats twice",
        "value: json | value: avro | source.value must be text or json, found \"avro\"",
        "value: json | value: text | source.text must be left out unless source.value is json,"
            + " found \"/message/text\"",
        "text: /message/text | text: message | source.text must be a JSON pointer such as"
            + " /message/text, found \"message\"",
        "key: /customer/id | key: customer | source.key must be record or a JSON pointer such as"
            + " /message/text, found \"customer\"",
        "key: /customer/id | keys: record | keys of source must be among [key, keyEncoding, text,"
            + " topics, value], found keys",
        "key: /customer/id | keyEncoding: hex | source.key must be record or a JSON pointer such as"
            + " /message/text, found nothing",
        "key: /customer/id | key: record\\n  keyEncoding: hex | source.keyEncoding must be text or"
            + " base64 or long or integer or short or uuid, found \"hex\"",
        "key: /customer/id | key: /customer/id\\n  keyEncoding: long | source.keyEncoding must be"
            + " left out unless source.key is record, found \"long\"",
        "next: 0 | next: 101 | next must be an integer from 0 to 100, found 101",
        "next: 0 | next: '5' | next must be an integer from 0 to 100, found \"5\"",
        "next: 0 | next: 1.5 | next must be an integer from 0 to 100, found 1.5",
        "store: hidden-state | store: a/b | store must be 1 to 249 of a-z, A-Z, 0-9, '.', '_' and"
            + " '-', found \"a/b\"",
        "  deadLetters: tickets-dead-letters |  | sinks.deadLetters must be a string that is not"
            + " blank, found nothing"
      })
  void shouldSayInOneLineWhatIsWrong(String line, String instead, String message) {
    String yaml = JSON.replace(line, instead == null ? "" : instead.replace("\\n", "\n"));

    assertThatThrownBy(() -> load(yaml))
        .isInstanceOf(DefinitionException.class)
        .hasMessage(folder.resolve("t.yaml") + ": " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "next: 0 | next: 0\\nnext: 1 | Duplicate field 'next'",
        "next: 0 | next: [0 | line",
        "next: 0 | \\tnext: 0 | line"
      })
  void shouldNameTheLineThatIsNotYaml(String line, String instead, String message) {
    String yaml = JSON.replace(line, instead.replace("\\n", "\n").replace("\\t", "\t"));

    assertThatThrownBy(() -> load(yaml))
        .isInstanceOf(DefinitionException.class)
        .hasMessageStartingWith(folder.resolve("t.yaml") + ": must be YAML, found in line ")
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void shouldSayThatAFileIsMissingOrEmpty() {
    assertThatThrownBy(() -> TopologyDefinition.load(folder.resolve("none.yaml")))
        .isInstanceOf(DefinitionException.class)
        .hasMessageContaining("must be a file that can be read");
    assertThatThrownBy(() -> load(""))
        .hasMessageContaining("the file must be an object with [model, name,");
  }

  @Test
  void shouldRefuseAFileThatIsTooLarge() throws IOException {
    String largest = JSON + "#".repeat((1 << 20) - JSON.length());

    assertThat(load(largest)).isEqualTo(load(JSON));
    assertThatThrownBy(() -> load(largest + "#"))
        .isInstanceOf(DefinitionException.class)
        .hasMessage(folder.resolve("t.yaml") + ": must have at most 1,048,576 bytes, found more");
    assertThatThrownBy(() -> TopologyDefinition.load(Path.of("/dev/zero")))
        .hasMessage("/dev/zero: must have at most 1,048,576 bytes, found more");
  }

  /** Aliases of aliases could stand for any number of values, and one alone for another text. */
  @Test
  void shouldRefuseAliases() {
    String yaml = JSON.replace("name: tickets", "name: &n tickets").replace("models/mine", "*n");
    assertThatThrownBy(() -> load(yaml))
        .isInstanceOf(DefinitionException.class)
        .hasMessageEndingWith("t.yaml: YAML aliases are not supported, found *n in line 7");
  }

  @Test
  void shouldRefuseDeepNesting() {
    for (String deep : List.of("[".repeat(50_000), "{a: ".repeat(50_000), "- ".repeat(50_000))) {
      assertThatThrownBy(() -> load("name:\n  " + deep))
          .isInstanceOf(DefinitionException.class)
          .hasMessageContaining("must be YAML, found in line ")
          .hasMessageContaining("nesting depth (1001)");
    }
  }

  @Test
  void shouldShortenWhatItFound() {
    String name = "a".repeat(1_000);
    for (String yaml : List.of(JSON.replace("tickets, chats", name), JSON + name + ": 1\n")) {
      assertThatThrownBy(() -> load(yaml))
          .message()
          .contains(", found ")
          .contains("aaa...")
          .hasSizeLessThan(400);
    }
  }

  @Test
  void shouldQuoteLittleOfALongFile() {
    assertThatThrownBy(() -> load("? \"" + "a\\n".repeat(10_000) + "\"\n: 1\n"))
        .hasMessageContaining("keys of the file must be among [model, name,")
        .message()
        .hasLineCount(1)
        .hasSizeLessThan(600);
    assertThatThrownBy(() -> load("name: n\nsource: " + "a".repeat(10_000)))
        .message()
        .contains("source must be an object with [key, ")
        .hasSizeLessThan(600);
  }

  @Test
  void shouldRefuseBytesThatAreNotUtf8() throws IOException {
    Path file = Files.write(folder.resolve("t.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff});

    assertThatThrownBy(() -> TopologyDefinition.load(file))
        .hasMessageEndingWith("t.yaml: must be UTF-8, found other bytes");
  }

  private TopologyDefinition load(String yaml) throws IOException {
    return TopologyDefinition.load(Files.writeString(folder.resolve("t.yaml"), yaml));
  }
}
