package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceTopicTest {

  private static final String TEXT = "say \"hi\"\n\u00fc \ud83d\ude00";

  private final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());

  private static TopologyDefinition definition(String text, String key) {
    return new TopologyDefinition(
        "d",
        List.of("first", "second"),
        text == null ? null : JsonPointer.compile(text),
        key == null ? null : JsonPointer.compile(key),
        "unused",
        5,
        "store",
        "out",
        "dead");
  }

  private SourceTopic topic(String text, String key) {
    return new SourceTopic(definition(text, key), producer);
  }

  @Test
  void shouldSendToTheFirstTopicAndReturnThePosition() throws Exception {
    CompletableFuture<Source> sent = topic(null, null).send("k\u00fc", TEXT, null);
    assertThat(sent).isNotDone();
    producer.completeNext();
    ProducerRecord<byte[], byte[]> record = producer.history().get(0);
    assertThat(record.topic()).isEqualTo("first");
    assertThat(record.key()).isEqualTo("k\u00fc".getBytes(UTF_8));
    assertThat(record.value()).isEqualTo(TEXT.getBytes(UTF_8));
    assertThat(sent.get()).isEqualTo(new Source("first", 0, 0, record.timestamp()));
  }

  @Test
  void shouldSendKeysInTheEncodingOfTheDefinition() {
    TopologyDefinition longs =
        new TopologyDefinition(
            "d", List.of("t"), null, null, KeyEncoding.LONG, "unused", 5, "store", "out", "dead");
    SourceTopic topic = new SourceTopic(longs, producer);
    topic.send("103", TEXT, null);
    assertThat(producer.history().get(0).key()).isEqualTo(new byte[] {0, 0, 0, 0, 0, 0, 0, 103});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> topic.send("you", TEXT, null))
        .withMessage("the key must be of encoding long, found you");
  }

  /** The text and key that the definition reads from the value are those that were sent. */
  @ParameterizedTest
  @CsvSource({
    "/text,",
    "/message/text,",
    "/text, /id",
    "/message/text, /message/from/id",
    "/a~1b/c~0d, /a~1b/e",
    "/0/text, /0/id"
  })
  void shouldWriteTextAndKeyWhereTheDefinitionReadsThem(String text, String key) throws Exception {
    topic(text, key).send("7", TEXT, null);
    JsonNode value = new JsonMapper().readTree(producer.history().get(0).value());
    assertThat(value.at(text).textValue()).isEqualTo(TEXT);
    if (key != null) {
      assertThat(value.at(key).textValue()).isEqualTo("7");
    }
    assertThat(producer.history().get(0).key()).isEqualTo("7".getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "/a, /a, must differ",
    "/a, /a/b, must not contain each other",
    "/a/b, /a, must differ"
  })
  void shouldRefuseADefinitionThatNoValueCanMatch(String text, String key, String why) {
    assertThatThrownBy(() -> topic(text, key))
        .isInstanceOf(DefinitionException.class)
        .hasMessageStartingWith("d: ")
        .hasMessageContaining(why);
  }

  @Test
  void shouldFailWithKafkasExceptionAtOnceOrLater() {
    SourceTopic topic = topic(null, null);
    CompletableFuture<Source> later = topic.send("k", "a", null);
    producer.errorNext(new TimeoutException("too slow"));
    assertThatThrownBy(later::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("too slow");
    producer.sendException = new TimeoutException("no such topic");
    assertThatThrownBy(topic.send("k", "a", null)::get).hasRootCauseMessage("no such topic");
  }

  @Test
  void shouldCloseItsProducer() {
    topic(null, null).close();
    assertThat(producer.closed()).isTrue();
  }
}
