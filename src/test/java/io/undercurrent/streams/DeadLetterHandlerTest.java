package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.streams.internals.KeyStateFormat;
import io.undercurrent.streams.internals.RefusedRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.apache.kafka.streams.errors.ProductionExceptionHandler.SerializationExceptionOrigin;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.internals.DefaultErrorHandlerContext;
import org.apache.kafka.streams.errors.internals.ExceptionHandlerUtils;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLetterHandlerTest {

  private static final byte[] KEY = {(byte) 0xff, 1};
  private static final byte[] VALUE = "{".getBytes(StandardCharsets.UTF_8);
  private static final Record<byte[], byte[]> RECORD = new Record<>(KEY, VALUE, 5);
  private static final BadRecordException BAD =
      new BadRecordException(DeadLetterReason.MALFORMED_JSON, "the value must be JSON, found {");

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void shouldWriteTheSameHeadersAsKafkasHandlers() {
    Headers headers = new RecordHeaders().add("trace", new byte[] {1}).add("none", null);
    ErrorHandlerContext context = context(headers, KEY, VALUE, 5);

    // Without DeadLetterHandler.settings there is no header that reports the state.
    DeadLetterHandler handler = configured(Map.of("errors.dead.letter.queue.topic.name", "dead"));

    ProducerRecord<byte[], byte[]> letter = processed(handler, context, BAD);

    assertThat(letter)
        .isEqualTo(
            ExceptionHandlerUtils.maybeBuildDeadLetterQueueRecords("dead", KEY, VALUE, context, BAD)
                .get(0));
    assertThat(text(letter, "__streams.errors.exception"))
        .isEqualTo("io.undercurrent.enrich.BadRecordException");
    assertThat(text(letter, "__streams.errors.message"))
        .isEqualTo("malformed-json: the value must be JSON, found {");
    assertThat(text(letter, "__streams.errors.topic")).isEqualTo("messages");
    assertThat(text(letter, "__streams.errors.partition")).isEqualTo("3");
    assertThat(text(letter, "__streams.errors.offset")).isEqualTo("42");
  }

  @Test
  void shouldReturnSettingsToMergeIntoTheConfiguration() {
    Map<String, Object> configs = new HashMap<>();
    configs.put("application.id", "mine");
    configs.put("bootstrap.servers", "localhost:9092");

    configs.putAll(DeadLetterHandler.settings("dead", registry));

    StreamsConfig merged = new StreamsConfig(configs);
    assertThat(merged.processingExceptionHandler()).isInstanceOf(DeadLetterHandler.class);
    assertThat(merged.deserializationExceptionHandler()).isInstanceOf(DeadLetterHandler.class);
    assertThat(merged.productionExceptionHandler()).isInstanceOf(DeadLetterHandler.class);
    assertThat(merged.getString("errors.dead.letter.queue.topic.name")).isEqualTo("dead");
    assertThat(registry.get(MeterNames.DEAD_LETTERS).counters())
        .as("exported as 0 from the start")
        .hasSize(DeadLetterReason.values().length);
  }

  @Test
  void shouldCountUnknownErrorsAsOther() {
    ProducerRecord<byte[], byte[]> letter =
        processed(
            handler(Map.of()), context(), new IllegalArgumentException("number must be finite"));

    assertThat(text(letter, "__streams.errors.message")).isEqualTo("other: number must be finite");
    assertThat(text(letter, "__streams.errors.stacktrace")).contains("DeadLetterHandlerTest");
    assertThat(count("other")).isEqualTo(1);
  }

  static Stream<Exception> notAboutTheRecord() {
    return Stream.of(
        new StreamsException("any"),
        new InvalidStateStoreException("closed"),
        new ProcessorStateException("rocksdb"),
        new TopicAuthorizationException("messages"),
        new TimeoutException("broker"),
        new IllegalStateException(
            new ExecutionException(new java.util.concurrent.TimeoutException("no answer"))),
        new SerializationException("no schema", new ConnectException("refused")),
        new UncheckedIOException(new IOException("disk full")),
        new RuntimeException(new OutOfMemoryError()),
        new RuntimeException(new StreamsException("wrapped")),
        new RuntimeException(sendingOutsideOfATransaction()),
        stateFormat());
  }

  /** As after a commit that timed out: the producer refuses every record. */
  private static Exception sendingOutsideOfATransaction() {
    try (MockProducer<byte[], byte[]> producer = new MockProducer<>()) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.beginTransaction();
      throw new AssertionError("a transaction has begun already");
    } catch (IllegalStateException e) {
      return e;
    }
  }

  private static Exception stateFormat() {
    try {
      new KeyStateFormat(LetterModel.of(1)).deserialize(new byte[1]);
      throw new AssertionError("one byte is no state");
    } catch (RuntimeException e) {
      return e;
    }
  }

  @ParameterizedTest
  @MethodSource("notAboutTheRecord")
  void shouldStopAtErrorsThatTheRecordDidNotCause(Exception exception) {
    DeadLetterHandler handler = handler(Map.of());

    var processing = handler.handleError(context(), RECORD, exception);
    assertThat(processing.result()).isEqualTo(ProcessingExceptionHandler.Result.FAIL);
    assertThat(processing.deadLetterQueueRecords()).isEmpty();
    var deserialization = handler.handleError(context(), consumed(), exception);
    assertThat(deserialization.result()).isEqualTo(DeserializationExceptionHandler.Result.FAIL);
    assertThat(registry.get(MeterNames.DEAD_LETTERS).counters()).allMatch(c -> c.count() == 0);
  }

  @Test
  void shouldStopAtAnErrorOfAPunctuator() {
    var response = handler(Map.of()).handleError(context(), (Record<?, ?>) null, BAD);

    assertThat(response.result()).isEqualTo(ProcessingExceptionHandler.Result.FAIL);
  }

  @Test
  void shouldCountSerialisationAndDeserialisationErrorsSeparately() {
    DeadLetterHandler handler = handler(Map.of());
    Exception exception = new SerializationException("4 bytes expected");

    var read = handler.handleError(context(), consumed(), exception);
    var written =
        handler.handleSerializationError(
            context(), produced("enriched"), exception, SerializationExceptionOrigin.VALUE);

    assertThat(read.result()).isEqualTo(DeserializationExceptionHandler.Result.RESUME);
    ProducerRecord<byte[], byte[]> unread = read.deadLetterQueueRecords().get(0);
    assertThat(unread.value()).isEqualTo(VALUE);
    assertThat(text(unread, "__streams.errors.message"))
        .isEqualTo("deserialization: 4 bytes expected");
    assertThat(count("deserialization")).isEqualTo(1);
    assertThat(written.result()).isEqualTo(ProductionExceptionHandler.Result.RESUME);
    assertThat(text(written.deadLetterQueueRecords().get(0), "__streams.errors.message"))
        .isEqualTo("serialization: 4 bytes expected");
    assertThat(count("serialization")).isEqualTo(1);
  }

  /** The stream thread ends. A new one reads the record again, and it becomes a dead letter. */
  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once_v2"})
  void shouldStopAtARefusedRecordAndRememberItIfItWasEnriched(String guarantee) {
    Map<String, Object> configs = settings(Map.of("processing.guarantee", guarantee));
    DeadLetterHandler handler = configured(configs);
    RefusedRecords refused = RefusedRecords.from(configs);
    ProducerRecord<byte[], byte[]> tombstone =
        new ProducerRecord<>("enriched", null, 5L, KEY, null, List.of());
    assertFails(handler, tombstone, new RecordTooLargeException("too large"));
    assertThat(refused.takeAttempt()).as("not enriched").isFalse();

    tombstone.headers().add("undercurrent-model", new byte[1]);
    assertFails(handler, tombstone, new TopicAuthorizationException("enriched"));
    assertThat(refused.takeAttempt()).as("not refused").isFalse();
    for (String topic : List.of("dead", "app-s-changelog")) {
      ProducerRecord<byte[], byte[]> other =
          new ProducerRecord<>(topic, null, 5L, KEY, null, tombstone.headers());
      assertFails(handler, other, new RecordTooLargeException("too large"));
      assertThat(refused.takeAttempt()).as(topic).isFalse();
    }
    List<Exception> refusals =
        List.of(
            new RecordTooLargeException("too large"),
            new InvalidTimestampException("too far ahead"),
            new InvalidRecordException("no key"));
    for (int i = 0; i < refusals.size(); i++) {
      ProducerRecord<byte[], byte[]> another =
          new ProducerRecord<>("enriched", null, 6L + i, KEY, null, tombstone.headers());
      assertFails(handler, another, refusals.get(i));
      assertThat(refused.takeAttempt()).isTrue();
    }
    assertThat(registry.get(MeterNames.DEAD_LETTERS).counters()).allMatch(c -> c.count() == 0);
  }

  private static void assertFails(
      DeadLetterHandler handler, ProducerRecord<byte[], byte[]> record, Exception exception) {
    assertThat(handler.handleError(context(), record, exception).result())
        .isEqualTo(ProductionExceptionHandler.Result.FAIL);
  }

  /** The refused record's own exception ends the stream thread before it commits. */
  @ParameterizedTest
  @ValueSource(strings = {"at_least_once", "exactly_once_v2"})
  void shouldPassOverRecordsOfABatchInWhichAnotherWasRefused(String guarantee) {
    Exception exception =
        new KafkaException(
            "Failed to append record because it was part of a batch which had one more more"
                + " invalid records");

    assertThat(
            handler(Map.of("processing.guarantee", guarantee))
                .handleError(context(), produced("enriched"), exception)
                .result())
        .isEqualTo(ProductionExceptionHandler.Result.RESUME);
  }

  @Test
  void shouldGiveALetterTheTimeItIsSentIfItsTopicWouldRefuseTheRecords() {
    long ahead = System.currentTimeMillis() + 7_200_000;
    Headers old = new RecordHeaders().add(DeadLetterHandler.TIMESTAMP_HEADER, KEY);

    ProducerRecord<byte[], byte[]> letter =
        processed(handler(Map.of()), context(old, KEY, VALUE, ahead), BAD);
    assertThat(letter.timestamp()).isNull();
    assertThat(text(letter, DeadLetterHandler.TIMESTAMP_HEADER)).isEqualTo(Long.toString(ahead));
    assertThat(letter.headers().headers(DeadLetterHandler.TIMESTAMP_HEADER)).hasSize(1);

    Map<String, String> limits =
        Map.of(
            DeadLetterHandler.TIMESTAMP_AFTER_MAX_MS_CONFIG, "8000000",
            DeadLetterHandler.TIMESTAMP_BEFORE_MAX_MS_CONFIG, "86400000");
    ProducerRecord<byte[], byte[]> accepted =
        processed(handler(limits), context(old, KEY, VALUE, ahead), BAD);
    assertThat(accepted.timestamp()).isEqualTo(ahead);
    assertThat(accepted.headers().lastHeader(DeadLetterHandler.TIMESTAMP_HEADER)).isNull();
    ProducerRecord<byte[], byte[]> late =
        processed(handler(limits), context(old, KEY, VALUE, 0), BAD);
    assertThat(late.timestamp()).isNull();
    assertThat(text(late, DeadLetterHandler.TIMESTAMP_HEADER)).isEqualTo("0");
  }

  /** A topic without a leader, for example: it says nothing about the record. */
  @Test
  void shouldNotRememberAnEnrichedRecordThatCouldNotBeSentForNow() {
    Map<String, Object> configs = settings(Map.of());
    DeadLetterHandler handler = configured(configs);
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>("enriched", 0, (Long) 5L, KEY, (byte[]) null);
    record.headers().add("undercurrent-model", VALUE);
    for (Exception passing :
        List.of(
            new TimeoutException("slow"),
            new NotLeaderOrFollowerException(),
            new NotEnoughReplicasException("one of two"),
            new CorruptRecordException("on its way"))) {
      assertThat(handler.handleError(context(), record, passing).result())
          .isEqualTo(ProductionExceptionHandler.Result.RETRY);
    }
    assertThat(RefusedRecords.from(configs).takeAttempt()).isFalse();
    handler.handleError(context(), record, new InvalidTimestampException("refused"));
    assertThat(RefusedRecords.from(configs).takeAttempt()).as("the record can be found").isTrue();
  }

  @Test
  void shouldRetryRetriableProducerErrorsAndStopAtOthers() {
    DeadLetterHandler handler = handler(Map.of());

    assertThat(handler.handleError(context(), produced("e"), new TimeoutException("slow")).result())
        .isEqualTo(ProductionExceptionHandler.Result.RETRY);
    assertThat(
            handler
                .handleError(context(), produced("e"), new TopicAuthorizationException("e"))
                .result())
        .isEqualTo(ProductionExceptionHandler.Result.FAIL);
  }

  @Test
  void shouldLeaveOutARecordThatIsTooLargeForTheProducer() {
    DeadLetterHandler handler = handler(Map.of("producer.max.request.size", "10000"));
    byte[] large = new byte[9_900];
    Arrays.fill(large, (byte) 'x');

    ProducerRecord<byte[], byte[]> fits =
        processed(handler, context(new RecordHeaders(), KEY, new byte[1_000], 5), BAD);
    ProducerRecord<byte[], byte[]> letter =
        processed(handler, context(new RecordHeaders().add("h", KEY), KEY, large, 5), BAD);

    assertThat(fits.value()).hasSize(1_000);
    assertThat(letter.value()).isNull();
    assertThat(letter.key()).isNull();
    assertThat(text(letter, "__streams.errors.offset")).isEqualTo("42");
    assertThat(text(letter, "__streams.errors.message"))
        .startsWith("malformed-json: ")
        .endsWith(" bytes left out: a dead letter must fit 10000 bytes)");
  }

  @Test
  void shouldLeaveOutARecordThatIsTooLargeForTheTopic() {
    DeadLetterHandler handler = handler(Map.of(DeadLetterHandler.MAX_BYTES_CONFIG, "10000"));

    ProducerRecord<byte[], byte[]> letter =
        processed(handler, context(new RecordHeaders(), KEY, new byte[9_900], 5), BAD);

    assertThat(letter.value()).isNull();
    assertThat(text(letter, "__streams.errors.message"))
        .endsWith(" bytes left out: a dead letter must fit 10000 bytes)");
  }

  @Test
  void shouldSendRecordsWithoutATimestamp() {
    ProducerRecord<byte[], byte[]> letter =
        processed(handler(Map.of()), context(new RecordHeaders(), null, null, -1), BAD);

    assertThat(letter.timestamp()).isNull();
    assertThat(letter.key()).isNull();
  }

  @Test
  void shouldRequireATopic() {
    assertThatThrownBy(() -> new DeadLetterHandler().configure(Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "errors.dead.letter.queue.topic.name must name the topic of dead letters, found nothing");
  }

  private DeadLetterHandler handler(Map<String, String> settings) {
    return configured(settings(settings));
  }

  private Map<String, Object> settings(Map<String, String> others) {
    Map<String, Object> configs = new HashMap<>(DeadLetterHandler.settings("dead", registry));
    configs.put("application.id", "desk");
    configs.putAll(others);
    return configs;
  }

  private static DeadLetterHandler configured(Map<String, Object> configs) {
    DeadLetterHandler handler = new DeadLetterHandler();
    handler.configure(configs);
    return handler;
  }

  private static ProducerRecord<byte[], byte[]> processed(
      DeadLetterHandler handler, ErrorHandlerContext context, Exception exception) {
    var response = handler.handleError(context, RECORD, exception);
    assertThat(response.result()).isEqualTo(ProcessingExceptionHandler.Result.RESUME);
    List<ProducerRecord<byte[], byte[]>> letters = response.deadLetterQueueRecords();
    assertThat(letters).hasSize(1);
    return letters.get(0);
  }

  private static ErrorHandlerContext context() {
    return context(new RecordHeaders(), KEY, VALUE, 5);
  }

  private static ErrorHandlerContext context(
      Headers headers, byte[] key, byte[] value, long timestampMs) {
    return new DefaultErrorHandlerContext(
        null, "messages", 3, 42, headers, "decode", new TaskId(0, 3), timestampMs, key, value);
  }

  private static ConsumerRecord<byte[], byte[]> consumed() {
    return new ConsumerRecord<>("messages", 3, 42, KEY, VALUE);
  }

  private static ProducerRecord<byte[], byte[]> produced(String topic) {
    return new ProducerRecord<>(topic, KEY, VALUE);
  }

  private double count(String reason) {
    return registry.get(MeterNames.DEAD_LETTERS).tag(MeterNames.REASON, reason).counter().count();
  }

  private static String text(ProducerRecord<byte[], byte[]> letter, String header) {
    return new String(letter.headers().lastHeader(header).value(), StandardCharsets.UTF_8);
  }
}
