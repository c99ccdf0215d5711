package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonPointer;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.internals.KeyStateFormat;
import io.undercurrent.streams.internals.NewerStateException;
import io.undercurrent.streams.internals.SourceRecords;
import io.undercurrent.streams.internals.StoredEnrichment;
import io.undercurrent.streams.internals.TimestampRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.zip.CRC32C;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnrichmentTopologyTest {

  private static final TopologyDefinition TEXT = definition(null, null);
  private static final TopologyDefinition JSON = definition("/message/text", null);
  private static final TopologyDefinition BY_POINTER = definition("/message/text", "/customer/id");

  @TempDir Path folder;

  private Model model = LetterModel.of(1);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> messages;
  private TestOutputTopic<byte[], byte[]> enriched;
  private TestOutputTopic<byte[], byte[]> deadLetters;

  @AfterEach
  void close() {
    driver.close();
  }

  @ParameterizedTest
  @CsvSource({"LSTM, 1", "GRU, 1", "RNN, 1", "FFNN, 1", "FFNN, 3"})
  void shouldCarryTheStateOfAKeyFromRecordToRecord(CellType kind, int window) {
    model = LetterModel.of(kind, window, 1);
    start(TEXT);
    Inference inference = new Inference(model, 512, 5, true);
    HiddenState hidden = model.initialState();
    for (String text : List.of("a b c", "d", "e f zz h", "a b c")) {
      send("k", text);

      EnrichedRecord record = receive();
      assertThat(record.sentiment().score())
          .isEqualTo(nineDigits(inference.read(text, hidden).score(Labels.SENTIMENT)));
    }
    assertThat(new KeyStateFormat(model).deserialize(state("k")).orElseThrow().hidden())
        .isEqualTo(hidden);
  }

  @ParameterizedTest
  @CsvSource({"LSTM, 1", "GRU, 1", "RNN, 1", "FFNN, 1", "FFNN, 3"})
  void shouldGiveTheSameBytesWithARestoredStore(CellType kind, int window) {
    model = LetterModel.of(kind, window, 1);
    List<String> texts = List.of("a b c", "d", "", "e f zz h", "a b c");
    start(TEXT);
    texts.forEach(text -> send("k", text));
    List<byte[]> undisturbed = enriched.readValuesToList();
    byte[] lastState = state("k");
    driver.close();

    for (int i = 0; i < texts.size(); i++) {
      byte[] state = i == 0 ? null : state("k");
      if (i > 0) {
        driver.close();
      }
      start(TEXT);
      store().put(Bytes.wrap(bytes("k")), state);
      send("k", texts.get(i));
      assertThat(withoutSource(enriched.readValue())).isEqualTo(withoutSource(undisturbed.get(i)));
    }
    assertThat(state("k")).isEqualTo(lastState);
  }

  @Test
  void shouldKeepStatesOfDifferentKeysApart() {
    start(TEXT);
    send("x", "a b c");
    byte[] alone = enriched.readValue();
    send("x", "d e");
    byte[] aloneNext = enriched.readValue();
    driver.close();

    start(TEXT);
    send("y", "q r s");
    send("x", "a b c");
    send("z", "t u");
    send("y", "q r s");
    send("x", "d e");
    List<byte[]> mixed = enriched.readValuesToList();
    assertThat(withoutSource(mixed.get(1))).isEqualTo(withoutSource(alone));
    assertThat(withoutSource(mixed.get(4))).isEqualTo(withoutSource(aloneNext));
  }

  @Test
  void shouldWriteTheSourceAndKeepKeyHeadersAndTimestamp() {
    start(TEXT);
    Headers headers = new RecordHeaders().add("trace", new byte[] {7}).add("trace", null);
    messages.pipeInput(new TestRecord<>(bytes("k"), bytes("a b"), headers, 1_790_000_000_000L));

    TestRecord<byte[], byte[]> record = enriched.readRecord();
    assertThat(record.key()).isEqualTo(bytes("k"));
    assertThat(record.timestamp()).isEqualTo(1_790_000_000_000L);
    assertThat(record.headers())
        .isEqualTo(
            new RecordHeaders()
                .add("trace", new byte[] {7})
                .add("trace", null)
                .add("undercurrent-model", bytes("tiny@000000000001")));
    EnrichedRecord value = EnrichedRecordJson.fromJson(record.value());
    assertThat(value.source()).isEqualTo(new Source("messages", 0, 0, 1_790_000_000_000L));
    assertThat(value.model()).isEqualTo(new EnrichedRecord.ModelIdentity("tiny", "000000000001"));
  }

  @Test
  void shouldForgetAKeyAtATombstoneAndForwardIt() {
    start(TEXT);
    send("k", "a b c");
    send("k", (byte[]) null);
    send("k", "a b c");

    List<TestRecord<byte[], byte[]>> records = enriched.readRecordsToList();
    assertThat(records.get(1).key()).isEqualTo(bytes("k"));
    assertThat(records.get(1).value()).isNull();
    assertThat(withoutSource(records.get(2).value()))
        .isEqualTo(withoutSource(records.get(0).value()));
    assertThat(count(MeterNames.TOMBSTONES)).isEqualTo(1);
    assertThat(count(MeterNames.FRESH_STATES)).isEqualTo(2);

    send("k", (byte[]) null);
    assertThat(state("k")).isNull();
  }

  @Test
  void shouldAcceptKeysOfAnyBytes() {
    start(withKeys(KeyEncoding.BASE64));
    byte[][] keys = {{}, {0}, {(byte) 0xff}, {(byte) 0xff, 0}, bytes("caf\u00e9"), new byte[300]};
    for (byte[] key : keys) {
      messages.pipeInput(key, bytes("a b"));
      messages.pipeInput(key, bytes("c"));
    }

    List<TestRecord<byte[], byte[]>> records = enriched.readRecordsToList();
    for (int i = 0; i < keys.length; i++) {
      TestRecord<byte[], byte[]> second = records.get(2 * i + 1);
      EnrichedRecord value = EnrichedRecordJson.fromJson(second.value());
      assertThat(second.key()).isEqualTo(keys[i]);
      assertThat(value.keyBytes()).isEqualTo(keys[i]);
      assertThat(value.conversation().records()).isEqualTo(2);
    }
  }

  @Test
  void shouldWriteKeysInTheEncodingOfTheDefinition() {
    start(withKeys(KeyEncoding.LONG));
    messages.pipeInput(new byte[] {0, 0, 0, 0, 0, 0, 0, 103}, bytes("a"));
    messages.pipeInput(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}, bytes("a"));
    EnrichedRecord first = receive();
    assertThat(first.key()).isEqualTo("103");
    assertThat(first.keyEncoding()).isEqualTo("long");
    assertThat(first.keyBytes()).isEqualTo(new byte[] {0, 0, 0, 0, 0, 0, 0, 103});
    assertThat(receive().key()).isEqualTo("-1");

    send("short", "a");
    assertDeadLetter(bytes("short"), bytes("a"), "invalid-key", 2);
  }

  /** All keys of a stream have one encoding: a key that is not text is not written as base64. */
  @Test
  void shouldSendKeysThatAreNotTextToTheDeadLetters() {
    start(TEXT);
    byte[] key = {(byte) 0xff};
    messages.pipeInput(key, bytes("a"));
    assertDeadLetter(key, bytes("a"), "invalid-key", 0);
    messages.pipeInput(key, (byte[]) null);
    assertDeadLetter(key, null, "invalid-key", 1);
    assertThat(enriched.isEmpty()).isTrue();
    assertThat(store().all().hasNext()).isFalse();
  }

  @Test
  void shouldStartFreshAndCountStatesOfAnotherModel() {
    start(TEXT);
    byte[] foreign =
        new StoredEnrichment(LetterModel.of(2), EnrichmentSettings.DEFAULTS)
            .enrich(null, bytes("k"), "a b c", null, null)
            .state();
    store().put(Bytes.wrap(bytes("k")), foreign);

    send("k", "d");

    assertThat(receive().conversation().records()).isEqualTo(1);
    assertThat(count(MeterNames.FOREIGN_STATES)).isEqualTo(1);
    assertThat(count(MeterNames.FRESH_STATES)).isZero();
  }

  @Test
  void shouldAskForARestoreOfABrokenStateAndThenStartItsKeyAgain() {
    start(TEXT);
    send("k", "a b c");
    receive();
    byte[] broken = state("k");
    broken[50] ^= 1;
    store().put(Bytes.wrap(bytes("k")), broken);

    assertThatThrownBy(() -> send("k", "d")).isInstanceOf(TaskMigratedException.class);
    send("k", "d"); // the restore did not help

    EnrichedRecord again = receive();
    assertThat(again.conversation().records()).isEqualTo(1);
    send("other", "d");
    assertThat(receive().sentiment()).isEqualTo(again.sentiment());
    assertThat(count(MeterNames.BROKEN_STATES)).isEqualTo(1);
    assertThat(count(MeterNames.FOREIGN_STATES)).isZero();
    send("k", "e");
    assertThat(receive().conversation().records()).isEqualTo(2);
    assertThat(count(MeterNames.BROKEN_STATES)).isEqualTo(1);
    assertThat(deadLetters.isEmpty()).isTrue();
  }

  /** Its key would lose the state that the later version can read. */
  @Test
  void shouldStopAtAStateOfALaterVersion() {
    start(TEXT);
    send("k", "a b c");
    byte[] later = state("k").clone();
    later[0] = 3;
    CRC32C sum = new CRC32C();
    sum.update(later, 0, later.length - 4);
    ByteBuffer.wrap(later).putInt(later.length - 4, (int) sum.getValue());
    store().put(Bytes.wrap(bytes("k")), later);

    assertThatThrownBy(() -> send("k", "d")).hasRootCauseInstanceOf(NewerStateException.class);
    assertThat(deadLetters.isEmpty()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"message\": {\"text\": \"a\"} | malformed-json",
        "{\"message\": {\"text\": \"a\"}} {} | malformed-json",
        "{\"message\": {\"text\": \"a\", \"text\": \"b\"}} | malformed-json",
        "'' | malformed-json",
        "{\"message\": {\"body\": \"a\"}} | missing-text",
        "[] | missing-text",
        "{\"message\": {\"text\": 7}} | text-not-a-string",
        "{\"message\": {\"text\": null}} | text-not-a-string",
        "{\"message\": {\"text\": {}}} | text-not-a-string"
      })
  void shouldSendRecordsWithoutTextToTheDeadLetters(String value, String reason) {
    start(JSON);
    send("k", "{\"message\": {\"text\": \"a b\"}}");
    byte[] before = state("k");

    send("k", value);

    assertDeadLetter(bytes("k"), bytes(value), reason, 1);
    assertThat(state("k")).isEqualTo(before);
    send("k", "{\"message\": {\"text\": \"a b\"}}");
    assertThat(enriched.getQueueSize()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"message\": {\"text\": \"a\"}} | missing-key",
        "{\"message\": {\"text\": \"a\"}, \"customer\": {\"id\": null}} | missing-key",
        "{\"message\": {\"text\": \"a\"}, \"customer\": {\"id\": [1]}} | key-not-scalar",
        "{\"message\": {\"text\": \"a\"}, \"customer\": {\"id\": {}}} | key-not-scalar",
        " | tombstone-without-key"
      })
  void shouldSendRecordsWithoutAKeyInTheValueToTheDeadLetters(String value, String reason) {
    start(BY_POINTER);

    send("k", value == null ? null : bytes(value));

    assertDeadLetter(bytes("k"), value == null ? null : bytes(value), reason, 0);
  }

  @Test
  void shouldSendRecordsWithoutARecordKeyOrUtf8ToTheDeadLetters() {
    start(TEXT);
    byte[] notUtf8 = HexFormat.of().parseHex("61ff62");

    send(null, "a b");
    assertDeadLetter(null, bytes("a b"), "null-key", 0);
    send("k", notUtf8);
    assertDeadLetter(bytes("k"), notUtf8, "invalid-utf8", 1);
    send(null, (byte[]) null);
    assertDeadLetter(null, null, "null-key", 2);
    assertThat(enriched.isEmpty()).isTrue();
  }

  @Test
  void shouldSurviveHostileJson() {
    start(JSON);

    send("k", "[".repeat(500_000));
    send("k", "{\"a\":".repeat(500_000));
    assertThat(deadLetters.readRecordsToList())
        .extracting(record -> header(record, "__streams.errors.message"))
        .allMatch(message -> message.startsWith("malformed-json: "));
    send("k", "{\"message\": {\"text\": \"a\"}}");
    assertThat(enriched.getQueueSize()).isEqualTo(1);
  }

  @Test
  void shouldReadValidJsonWithAnyOtherFields() {
    start(JSON);

    send("k", "{\"message\": {\"text\": \"a\"}, \"n\": " + "9".repeat(500_000) + "}");
    send("k", "{\"a\": 1, \"a\": 2, \"message\": {\"text\": \"a\"}}");

    assertThat(deadLetters.isEmpty()).isTrue();
    assertThat(enriched.getQueueSize()).isEqualTo(2);
  }

  @Test
  void shouldReadLoneSurrogatesOfJsonEscapesAsReplacementCharacters() {
    start(BY_POINTER);

    send(null, "{\"message\": {\"text\": \"a \\ud83d b\"}, \"customer\": {\"id\": \"\\ude00\"}}");

    EnrichedRecord record = receive();
    assertThat(record.text()).isEqualTo("a \ufffd b");
    assertThat(record.key()).isEqualTo("\ufffd");
  }

  @ParameterizedTest
  @CsvSource({"'\"c-17\"', c-17", "17, 17", "1.0, 1.0", "1e3, 1e3", "true, true", "'\"\"', ''"})
  void shouldKeepStateByTheKeyInTheValue(String json, String key) {
    start(BY_POINTER);
    String value = "{\"customer\": {\"id\": %s}, \"message\": {\"text\": \"%s\"}}";

    messages.pipeInput(bytes("x"), bytes(value.formatted(json, "a b")), 5);
    messages.pipeInput(null, bytes(value.formatted(json, "c")), 6);

    List<TestRecord<byte[], byte[]>> records = enriched.readRecordsToList();
    assertThat(records).allMatch(record -> Arrays.equals(record.key(), bytes(key)));
    EnrichedRecord second = EnrichedRecordJson.fromJson(records.get(1).value());
    assertThat(second.key()).isEqualTo(key);
    assertThat(second.conversation().records()).isEqualTo(2);
    assertThat(second.source()).isEqualTo(new Source("messages", 0, 1, 6L));
    assertThat(driver.producedTopicNames()).contains("test-by-key-repartition");
  }

  /** A record may wait in the repartition topic until a topic would refuse it. */
  @Test
  void shouldCheckTheTimestampAgainBehindTheRepartition() {
    start(BY_POINTER, EnrichmentSettings.DEFAULTS, new TimestampRange(60_000, Long.MAX_VALUE));
    var waiting =
        driver.createInputTopic(
            "test-by-key-repartition",
            new ByteArraySerializer(),
            new MessageSerde(null).serializer());
    long now = System.currentTimeMillis();
    Source source = new Source("messages", 0, 3, now - 60_000);

    waiting.pipeInput(bytes("k"), new TextAndSource("a b", source), now - 60_000);
    waiting.pipeInput(bytes("k"), new TextAndSource("c", source), now);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(header(letter, "__streams.errors.message"))
        .startsWith("timestamp-out-of-range: the timestamp must not be more than 50000 ms before");
    assertThat(header(letter, "undercurrent-state")).isEqualTo("unchanged");
    assertThat(header(letter, "__streams.errors.topic"))
        .as("a message of an earlier snapshot does not carry its record")
        .isEqualTo("test-by-key-repartition");
    assertThat(receive().text()).isEqualTo("c");
    assertThat(enriched.isEmpty()).isTrue();
  }

  @Test
  void shouldWriteTheSourcesRecordToTheDeadLettersBehindTheRepartition() {
    start(BY_POINTER, EnrichmentSettings.DEFAULTS.withMaxRecordBytes(20_000), TimestampRange.ANY);
    String value = "{\"customer\": {\"id\": 7}, \"message\": {\"text\": \"%s\"}, \"more\": \"%s\"}";
    byte[] large = bytes(value.formatted("x".repeat(19_400), ""));
    Headers own = new RecordHeaders().add("own", bytes("header"));
    send("k", value.formatted("a", ""));
    messages.pipeInput(new TestRecord<>(bytes("raw"), large, own, 6L));
    messages.pipeInput(new TestRecord<>(null, large, new RecordHeaders(), 7L));

    for (int offset = 1; offset <= 2; offset++) {
      TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
      assertThat(header(letter, "__streams.errors.message")).startsWith("too-large: ");
      assertThat(letter.key()).isEqualTo(offset == 1 ? bytes("raw") : null);
      assertThat(letter.value()).isEqualTo(large);
      assertThat(letter.timestamp()).isEqualTo(5 + offset);
      assertThat(letter.headers().lastHeader("own") != null).isEqualTo(offset == 1);
      assertThat(header(letter, "__streams.errors.topic")).isEqualTo("messages");
      assertThat(header(letter, "__streams.errors.partition")).isEqualTo("0");
      assertThat(header(letter, "__streams.errors.offset")).isEqualTo("" + offset);
      assertThat(header(letter, "undercurrent-state")).isEqualTo("unchanged");
    }
    assertThat(receive().text()).isEqualTo("a");
    send("k", value.formatted("b", "x".repeat(30_000)));
    assertThat(receive().text()).as("its record is not carried").isEqualTo("b");
  }

  @Test
  void shouldGiveTheSameRecordWithAndWithoutARepartition() {
    String value = "{\"customer\": {\"id\": \"k\"}, \"message\": {\"text\": \"a b c\"}}";
    start(JSON);
    send("k", value);
    byte[] direct = enriched.readValue();
    driver.close();
    start(BY_POINTER);
    send("k", value);

    assertThat(enriched.readValue()).isEqualTo(direct);
  }

  @Test
  void shouldAcceptRecordsWithoutATimestamp() {
    start(TEXT);
    Headers none = new RecordHeaders();
    messages.pipeInput(new TestRecord<>(bytes("k"), bytes("a"), none, 5L));
    MissingTimestamps extractor = new MissingTimestamps();
    var record = new ConsumerRecord<Object, Object>("messages", 0, 1, bytes("k"), bytes("a"));
    assertThat(extractor.extract(record, -1)).isZero();
    assertThat(extractor.extract(record, 9)).isEqualTo(9);

    messages.pipeInput(new TestRecord<>(bytes("k"), bytes("b"), record.headers(), 9L));

    List<TestRecord<byte[], byte[]>> records = enriched.readRecordsToList();
    assertThat(records.get(1).headers().toArray()).hasSize(1);
    Source source = EnrichedRecordJson.fromJson(records.get(1).value()).source();
    assertThat(source.timestampMs()).isNull();
    assertThat(new KeyStateFormat(model).deserialize(state("k")).orElseThrow().lastTimestampMs())
        .isEqualTo(5);
  }

  @Test
  void shouldCutLongTexts() {
    start(TEXT);

    send("k", "a ".repeat(600));

    assertThat(receive().text()).isEqualTo("a ".repeat(512));
    assertThat(count(MeterNames.TRUNCATED_RECORDS)).isEqualTo(1);
  }

  @Test
  void shouldRejectARecordThatIsTooLargeBeforeItChangesTheState() {
    start(TEXT, EnrichmentSettings.DEFAULTS.withMaxRecordBytes(6_000));
    send("k", "a b");
    byte[] before = state("k");

    send("k", "\u0001".repeat(1_000));
    assertDeadLetter(bytes("k"), bytes("\u0001".repeat(1_000)), "too-large", 1);
    assertThat(state("k")).isEqualTo(before);

    send("k", "x".repeat(1_000));
    assertThat(enriched.getQueueSize()).isEqualTo(2);
  }

  @Test
  void shouldRejectARecordThatIsTooLargeToRepartition() {
    start(BY_POINTER, EnrichmentSettings.DEFAULTS.withMaxRecordBytes(10_000));
    String json = "{\"customer\": {\"id\": 1}, \"message\": {\"text\": \"%s\"}}";

    send("k", json.formatted("\u20ac".repeat(4_000)));
    assertDeadLetter(bytes("k"), bytes(json.formatted("\u20ac".repeat(4_000))), "too-large", 0);
    send("k", json.formatted("x".repeat(4_000)));
    assertThat(enriched.getQueueSize()).isEqualTo(1);
  }

  @Test
  void shouldWriteRecordsThatMatchTheSchema() throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(VersionFlag.V202012)
            .getSchema(Files.readString(Path.of("topology", "enriched-record.schema.json")));
    start(TEXT);
    send("empty", "");
    send("k", "a b c");
    send("k", "");
    send("k", "\u0000 \"quoted\" \ud83d\ude00 zz");
    send("k", "a ".repeat(600));
    messages.pipeInput(new byte[] {(byte) 0xff}, bytes("a"));
    for (byte[] json : enriched.readValuesToList()) {
      assertThat(schema.validate(new String(json, UTF_8), InputFormat.JSON))
          .as(new String(json, UTF_8))
          .isEmpty();
    }
    send("k", "a");
    String record = new String(enriched.readValue(), UTF_8);
    for (String wrong :
        List.of(
            record.replace("\"text\"", "\"texts\""),
            record.replace("\"unknown\":0", "\"unknown\":0,\"more\":1"),
            record.replace("\"records\":5", "\"records\":0"),
            record.replace("\"source\":", "\"sources\":"))) {
      assertThat(wrong).isNotEqualTo(record);
      assertThat(schema.validate(wrong, InputFormat.JSON)).as(wrong).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldWriteTheModelsOwnLabels(boolean scored) throws IOException {
    List<String> names = List.of("book", "cancel", "refund", "other");
    Labels labels =
        scored ? new Labels(names, List.of(1f, -0.5f, -1f, 0f)) : Labels.unscored(names);
    model = LetterModel.with(labels, 1);
    JsonSchema schema =
        JsonSchemaFactory.getInstance(VersionFlag.V202012)
            .getSchema(Files.readString(Path.of("topology", "enriched-record.schema.json")));
    start(TEXT);
    List<EnrichedRecord> records = new ArrayList<>();
    for (String text : List.of("a b c", "", "d")) {
      send("k", text);
      byte[] json = enriched.readValue();
      assertThat(schema.validate(new String(json, UTF_8), InputFormat.JSON))
          .as(new String(json, UTF_8))
          .isEmpty();
      records.add(EnrichedRecordJson.fromJson(json));
    }

    assertThat(deadLetters.isEmpty()).isTrue();
    EnrichedRecord first = records.get(0);
    assertThat(List.copyOf(first.sentiment().probabilities().keySet())).isEqualTo(names);
    assertThat(names).contains(first.sentiment().label());
    assertThat(registry.get(MeterNames.SENTIMENT).tag(MeterNames.LABEL, "cancel").counter())
        .isNotNull();
    Double after = records.get(2).conversation().score();
    if (scored) {
      assertThat(first.conversation().score()).isEqualTo(first.sentiment().score());
      // a plain mean over the first tokens, of scores of which each is rounded to nine digits
      assertThat(after)
          .isCloseTo(
              (3 * first.sentiment().score() + records.get(2).sentiment().score()) / 4,
              within(1e-7));
      assertThat(registry.find(MeterNames.SCORE).counters()).hasSize(10);
    } else {
      assertThat(records).extracting(record -> record.conversation().score()).containsOnlyNulls();
      assertThat(first.sentiment().score()).isNull();
      assertThat(registry.find(MeterNames.SCORE).counters()).isEmpty();
    }
    assertThat(new KeyStateFormat(model).deserialize(state("k")).orElseThrow().conversationScore())
        .satisfies(score -> assertThat(score == null).isEqualTo(!scored));
  }

  @Test
  void shouldCountRecordsAndTokens() {
    start(TEXT);
    send("k", "a b zz");
    send("k", "");
    send("l", "c");

    assertThat(count(MeterNames.RECORDS)).isEqualTo(3);
    assertThat(count(MeterNames.TOKENS)).isEqualTo(4);
    assertThat(count(MeterNames.UNKNOWN_TOKENS)).isEqualTo(1);
    assertThat(count(MeterNames.EMPTY_RECORDS)).isEqualTo(1);
    assertThat(count(MeterNames.FRESH_STATES)).isEqualTo(2);
    assertThat(
            registry.get(MeterNames.SENTIMENT).counters().stream()
                .mapToDouble(c -> c.count())
                .sum())
        .isEqualTo(2);
    assertThat(registry.get(MeterNames.RECORD_DURATION).timer().count()).isEqualTo(3);
  }

  @Test
  void shouldCountRecordsWithAnUncertainSentiment() {
    start(TEXT);
    send("k", "a b zz");
    send("k", "a zz");
    assertThat(count(MeterNames.UNCERTAIN)).isEqualTo(1);
  }

  @Test
  void shouldCountSearchedAndSkippedClustersOfRareWords() {
    Model letters = LetterModel.of(1);
    ModelConfig full = letters.config();
    ModelConfig config =
        new ModelConfig(
            full.name(),
            full.kind(),
            full.vocabSize(),
            full.embeddingSize(),
            full.hiddenSize(),
            full.numLayers(),
            full.window(),
            full.pooling(),
            new NextToken(List.of(10, 18), 2, false));
    Parameters zeros = new Parameters(config.tensors()); // so all frequent words are equally likely
    int bias = zeros.offset("next_token.head.bias") + 10;
    zeros.values()[bias] = 20; // almost all probability is in the first cluster
    Network network = new Network(config, zeros, Kernels.best());
    model = new Model(config, letters.tokenizer(), network, letters.fingerprint());
    start(TEXT);
    send("k", "a b");
    send("k", "");
    send("l", "c");

    assertThat(count(MeterNames.SEARCHED_CLUSTERS)).isEqualTo(4);
    assertThat(count(MeterNames.SKIPPED_CLUSTERS))
        .isEqualTo(4); // at a word and at the end of each record
  }

  private void start(TopologyDefinition definition) {
    start(definition, EnrichmentSettings.DEFAULTS);
  }

  private void start(TopologyDefinition definition, EnrichmentSettings settings) {
    start(definition, settings, TimestampRange.ANY);
  }

  private void start(
      TopologyDefinition definition, EnrichmentSettings settings, TimestampRange timestamps) {
    Properties properties = new Properties();
    properties.putAll(
        UndercurrentConfig.of(
                Map.of(
                    "application.id", "test",
                    "bootstrap.servers", "localhost:1",
                    "state.dir", folder.toString()))
            .streams(DeadLetterHandler.settings(definition.deadLetters(), registry)));
    properties.put(SourceRecords.CONFIG, new MessageSerde(definition.text()));
    driver =
        new TopologyTestDriver(
            EnrichmentTopology.build(
                definition,
                model,
                settings,
                timestamps,
                registry,
                new TopologyConfig(new StreamsConfig(properties)),
                null),
            properties);
    messages =
        driver.createInputTopic("messages", new ByteArraySerializer(), new ByteArraySerializer());
    enriched = output("messages-enriched");
    deadLetters = output("messages-dead-letters");
  }

  private TestOutputTopic<byte[], byte[]> output(String topic) {
    return driver.createOutputTopic(
        topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void send(String key, String value) {
    send(key, bytes(value));
  }

  private void send(String key, byte[] value) {
    messages.pipeInput(key == null ? null : bytes(key), value, 7);
  }

  private EnrichedRecord receive() {
    return EnrichedRecordJson.fromJson(enriched.readValue());
  }

  private void assertDeadLetter(byte[] key, byte[] value, String reason, long offset) {
    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.key()).isEqualTo(key);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(header(letter, "__streams.errors.message")).startsWith(reason + ": ");
    assertThat(header(letter, "__streams.errors.exception"))
        .isEqualTo(BadRecordException.class.getName());
    assertThat(header(letter, "__streams.errors.topic")).isEqualTo("messages");
    assertThat(header(letter, "__streams.errors.partition")).isEqualTo("0");
    assertThat(header(letter, "__streams.errors.offset")).isEqualTo(Long.toString(offset));
    assertThat(
            registry.get(MeterNames.DEAD_LETTERS).tag(MeterNames.REASON, reason).counter().count())
        .isGreaterThan(0);
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  private double count(String meter) {
    return registry.get(meter).counter().count();
  }

  private KeyValueStore<Bytes, byte[]> store() {
    return driver.getKeyValueStore("hidden-state");
  }

  private byte[] state(String key) {
    return store().get(Bytes.wrap(bytes(key)));
  }

  private static double nineDigits(double value) {
    return new java.math.BigDecimal(value).round(new java.math.MathContext(9)).doubleValue();
  }

  private static String withoutSource(byte[] json) {
    return new String(json, UTF_8).replaceFirst(",\"source\".*", "");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static TopologyDefinition withKeys(KeyEncoding encoding) {
    return new TopologyDefinition(
        "test",
        List.of("messages"),
        null,
        null,
        encoding,
        "unused",
        5,
        "hidden-state",
        "messages-enriched",
        "messages-dead-letters");
  }

  private static TopologyDefinition definition(String text, String key) {
    return new TopologyDefinition(
        "test",
        List.of("messages"),
        text == null ? null : JsonPointer.compile(text),
        key == null ? null : JsonPointer.compile(key),
        "unused",
        5,
        "hidden-state",
        "messages-enriched",
        "messages-dead-letters");
  }
}
