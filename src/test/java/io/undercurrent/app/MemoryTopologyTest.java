package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.internals.MemoryStore;
import io.undercurrent.streams.internals.StoredEnrichment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memories in the topology are stored, restored, bounded and exact. */
class MemoryTopologyTest {

  private static final TopologyDefinition DEFINITION =
      new TopologyDefinition(
          "test",
          List.of("messages"),
          null,
          null,
          KeyEncoding.BASE64, // for keys of any bytes
          "unused",
          5,
          "hidden-state",
          "messages-enriched",
          "messages-dead-letters");

  @TempDir private Path folder;

  private Model model = LetterModel.looking(1);
  private EnrichmentSettings settings = EnrichmentSettings.DEFAULTS;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> messages;
  private TestOutputTopic<byte[], byte[]> enriched;

  @AfterEach
  void close() {
    if (driver != null) {
      driver.close();
    }
  }

  /** Keys that are prefixes of one another, empty texts, long ones, and tombstones. */
  @ParameterizedTest
  @CsvSource({"LSTM, 1, 3, 7", "LSTM, 1, 2, 0", "GRU, 1, 0, 1", "RNN, 1, 1, 30", "FFNN, 3, 3, 7"})
  void shouldGiveTheBytesOfEnrichingRecordByRecord(
      CellType kind, int window, int records, int tokens) {
    model =
        LetterModel.of(
            kind,
            window,
            records == 0 ? Attention.NONE : new Attention(records, 5),
            tokens == 0 ? Cache.NONE : new Cache(tokens, 0.8f, 0.25f),
            1);
    start();
    StoredEnrichment alone = new StoredEnrichment(model, settings, DEFINITION.keyEncoding());
    Map<Bytes, byte[]> states = new HashMap<>();
    Map<Bytes, SortedMap<Long, byte[]>> memories = new HashMap<>();
    byte[][] keys = {{}, {0}, {0, 0}, new byte[12], {(byte) 0xff}, {0, 0, 0, 1}};
    SplittableRandom random = new SplittableRandom(records);
    for (int i = 0; i < 300; i++) {
      byte[] key = keys[random.nextInt(keys.length)];
      String text = random.nextInt(25) == 0 ? null : letters(random);
      messages.pipeInput(key, text == null ? null : bytes(text), i);

      Bytes of = Bytes.wrap(key);
      if (text == null) {
        states.remove(of);
        memories.remove(of);
        assertThat(enriched.readValue()).isNull();
        assertThat(entries(key)).isEmpty();
        continue;
      }
      SortedMap<Long, byte[]> memory = memories.computeIfAbsent(of, k -> new TreeMap<>());
      StoredEnrichment.Outcome outcome =
          alone.enrich(
              states.get(of), memory, key, text, (long) i, new Source("messages", 0, i, (long) i));
      states.put(of, outcome.state());
      outcome.forgotten().forEach(memory::remove);
      if (outcome.entry() != null) {
        memory.put(outcome.record(), outcome.entry());
      }
      assertThat(new String(enriched.readValue(), UTF_8))
          .isEqualTo(new String(EnrichedRecordJson.toJson(outcome.enriched()), UTF_8));
      assertThat(states().get(of)).isEqualTo(outcome.state());
      SortedMap<Long, byte[]> stored = entries(key);
      assertThat(stored.keySet()).isEqualTo(memory.keySet());
      stored.forEach((number, entry) -> assertThat(entry).isEqualTo(memory.get(number)));
      assertThat(stored.size()).isLessThanOrEqualTo(Math.max(records, (tokens + 1) / 2 + 1));
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 7", "3, 0", "0, 7"})
  void shouldGiveTheSameBytesWithRestoredStores(int records, int tokens) {
    model =
        LetterModel.of(
            CellType.LSTM,
            1,
            records == 0 ? Attention.NONE : new Attention(records, 5),
            tokens == 0 ? Cache.NONE : new Cache(tokens, 0.8f, 0.25f),
            1);
    SplittableRandom random = new SplittableRandom(9);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      texts.add(letters(random));
    }
    start();
    texts.forEach(text -> send("k", text));
    List<byte[]> undisturbed = enriched.readValuesToList();
    Map<String, byte[]> lastStates = contents(states());
    Map<String, byte[]> lastMemories = contents(memories());
    driver.close();

    Map<String, byte[]> states = Map.of();
    Map<String, byte[]> memories = Map.of();
    for (int i = 0; i < texts.size(); i++) {
      start();
      restore(states(), states);
      restore(memories(), memories);
      send("k", texts.get(i));
      assertThat(withoutSource(enriched.readValue())).isEqualTo(withoutSource(undisturbed.get(i)));
      states = contents(states());
      memories = contents(memories());
      driver.close();
      driver = null;
    }
    assertSame(states, lastStates);
    assertSame(memories, lastMemories);
  }

  @Test
  void shouldListTheRecordsAndTokensItLookedBackAt() {
    start();
    send("k", "a b c");
    send("k", "");
    send("k", "d e");
    send("k", "f");
    List<EnrichedRecord> records =
        enriched.readValuesToList().stream().map(EnrichedRecordJson::fromJson).toList();

    assertThat(records.get(0).attention().records()).isEmpty();
    assertThat(records.get(0).attention().nothing()).isEqualTo(1.0);
    assertThat(records.get(0).attention().tokens())
        .extracting(PastToken::token)
        .containsExactlyInAnyOrder("a", "b", "c");
    assertThat(records.get(1).attention()).isNull();
    assertThat(records.get(3).attention().records())
        .extracting(PastRecord::record)
        .containsExactlyInAnyOrder(1L, 3L);
    assertThat(records.get(3).conversation().records()).isEqualTo(4);
    for (PastRecord past : records.get(3).attention().records()) {
      String text = records.get((int) past.record() - 1).text();
      assertThat(past.text().replace(" ", "")).isEqualTo(text.replace(" ", ""));
    }
    for (PastToken past : records.get(3).attention().tokens()) {
      assertThat(records.get((int) past.record() - 1).text().split(" ")[past.position() - 1])
          .isEqualTo(past.token());
    }
    double all =
        records.get(3).attention().nothing()
            + records.get(3).attention().records().stream().mapToDouble(PastRecord::weight).sum();
    assertThat(all).isCloseTo(1, within(1e-6));
  }

  @Test
  void shouldShowOnlyTheStartOfALongRecord() {
    start();
    send("k", "a ".repeat(300));
    send("k", "b");
    enriched.readValue();

    String text =
        EnrichedRecordJson.fromJson(enriched.readValue()).attention().records().get(0).text();

    assertThat(text.replace(" ", "")).isEqualTo("a".repeat(64) + "\u2026");
  }

  @Test
  void shouldRemoveTheMemoryOfAnotherModelUnread() {
    start();
    send("k", "d");
    byte[] alone = enriched.readValue();
    driver.close();
    StoredEnrichment other = new StoredEnrichment(LetterModel.looking(2), settings);
    StoredEnrichment.Outcome foreign = other.enrich(null, bytes("k"), "a b c", null, null);

    start();
    states().put(key("k"), foreign.state());
    memories().put(MemoryStore.at(key("k"), 1), foreign.entry());
    memories().put(MemoryStore.at(key("k"), 2), foreign.entry());
    send("k", "d");

    assertThat(withoutSource(enriched.readValue())).isEqualTo(withoutSource(alone));
    assertThat(entries(bytes("k"))).containsOnlyKeys(1L);
    assertThat(entries(bytes("k")).get(1L)).isNotEqualTo(foreign.entry());
  }

  @Test
  void shouldRemoveAMemoryThatTheStateDoesNotKnow() {
    start();
    send("k", "a b c");
    send("k", "d");
    byte[] state = states().get(key("k"));
    byte[] last = entries(bytes("k")).get(2L);
    send("k", "e f");
    String undisturbed = withoutSource(enriched.readValuesToList().get(2));

    states().put(key("k"), state);
    memories().put(MemoryStore.at(key("k"), 3), last);
    memories().put(MemoryStore.at(key("k"), 77), last);
    send("k", "e f");

    assertThat(withoutSource(enriched.readValue())).isEqualTo(undisturbed);
    assertThat(entries(bytes("k"))).containsOnlyKeys(1L, 2L, 3L);
  }

  @Test
  void shouldAskForARestoreOfABrokenEntryAndThenStartItsKeyAgain() {
    start();
    send("k", "a b c");
    send("k", "d");
    send("other", "e f");
    String alone = withoutSource(enriched.readValuesToList().get(2)).replace("b3RoZXI=", "aw==");
    memories().put(MemoryStore.at(key("k"), 1), new byte[5]);

    assertThatThrownBy(() -> send("k", "e f")).isInstanceOf(TaskMigratedException.class);
    send("k", "e f"); // the restore did not help

    assertThat(withoutSource(enriched.readValue())).isEqualTo(alone);
    assertThat(entries(bytes("k"))).containsOnlyKeys(1L);
  }

  /** Such a key is in no key's memory; another program must have written it into the changelog. */
  @Test
  void shouldIgnoreAnEntryWithAKeyThatIsNotOurs() {
    start();
    send("k", "a b c");
    send("other", "a b c");
    byte[] odd = Arrays.copyOf(MemoryStore.at(key("k"), 1).get(), 14);
    memories().put(Bytes.wrap(odd), new byte[5]);

    send("k", "d");
    send("other", "d");

    List<byte[]> records = enriched.readValuesToList();
    assertThat(withoutSource(records.get(2)))
        .isEqualTo(withoutSource(records.get(3)).replace("b3RoZXI=", "aw=="));
  }

  @Test
  void shouldSendRecordsThatAreTooLargeToRememberToTheDeadLetters() {
    model = LetterModel.of(CellType.LSTM, 1, Attention.NONE, new Cache(16_384, 0.8f, 0.25f), 1);
    settings = settings.withMaxTokens(3000).withMaxRecordBytes(50_000);
    start();
    send("k", "a b c");
    Map<String, byte[]> states = contents(states());
    Map<String, byte[]> memories = contents(memories());

    send("k", "a ".repeat(2900)); // 2,901 rows of 16 bytes, and ids

    assertThat(enriched.getQueueSize()).isEqualTo(1);
    assertSame(contents(states()), states);
    assertSame(contents(memories()), memories);
    var letter =
        driver
            .createOutputTopic(
                "messages-dead-letters", new ByteArrayDeserializer(), new ByteArrayDeserializer())
            .readRecord();
    assertThat(new String(letter.headers().lastHeader("__streams.errors.message").value(), UTF_8))
        .startsWith("too-large: the record's memory entry must fit 50000 bytes");
  }

  @Test
  void shouldWriteRecordsThatMatchTheSchema() throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(VersionFlag.V202012)
            .getSchema(Files.readString(Path.of("topology", "enriched-record.schema.json")));
    start();
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 20; i++) {
      send("k", letters(random));
    }
    List<byte[]> records = enriched.readValuesToList();
    for (byte[] json : records) {
      assertThat(schema.validate(new String(json, UTF_8), InputFormat.JSON))
          .as(new String(json, UTF_8))
          .isEmpty();
    }
    send("k", "a b");
    String record = new String(enriched.readValue(), UTF_8);
    for (String wrong :
        List.of(
            record.replace("\"nothing\"", "\"nowhere\""),
            record.replace("\"position\":1,", "\"position\":0,"),
            record.replaceFirst(
                "\"attention\":\\{\"records\":\\[.*?]", "\"attention\":{\"entries\":[]"),
            record.replaceFirst("\"weight\"", "\"share\""))) {
      assertThat(wrong).isNotEqualTo(record);
      assertThat(schema.validate(wrong, InputFormat.JSON)).as(wrong).isNotEmpty();
    }
  }

  private static String letters(SplittableRandom random) {
    int n = random.nextInt(10) == 0 ? 60 : random.nextInt(7);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < n; i++) {
      text.append((char) ('a' + random.nextInt(6))).append(' ');
    }
    return text.toString();
  }

  private void start() {
    Properties properties = new Properties();
    properties.putAll(
        UndercurrentConfig.of(
                Map.of(
                    "application.id", "test",
                    "bootstrap.servers", "localhost:1",
                    "state.dir", folder.toString()))
            .streams(DeadLetterHandler.settings(DEFINITION.deadLetters())));
    driver =
        new TopologyTestDriver(
            EnrichmentTopology.build(DEFINITION, model, settings, new SimpleMeterRegistry()),
            properties);
    messages =
        driver.createInputTopic("messages", new ByteArraySerializer(), new ByteArraySerializer());
    enriched =
        driver.createOutputTopic(
            "messages-enriched", new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void send(String key, String text) {
    messages.pipeInput(bytes(key), bytes(text), 7);
  }

  private KeyValueStore<Bytes, byte[]> states() {
    return driver.getKeyValueStore("hidden-state");
  }

  private KeyValueStore<Bytes, byte[]> memories() {
    return driver.getKeyValueStore("hidden-state-memory");
  }

  private SortedMap<Long, byte[]> entries(byte[] key) {
    return new MemoryStore(memories()).entries(Bytes.wrap(key));
  }

  /** The entries that a changelog would hold. */
  private static Map<String, byte[]> contents(KeyValueStore<Bytes, byte[]> store) {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<Bytes, byte[]> entry = all.next();
        contents.put(new String(entry.key.get(), ISO_8859_1), entry.value.clone());
      }
    }
    return contents;
  }

  private static void restore(KeyValueStore<Bytes, byte[]> store, Map<String, byte[]> contents) {
    contents.forEach((key, value) -> store.put(Bytes.wrap(key.getBytes(ISO_8859_1)), value));
  }

  private static void assertSame(Map<String, byte[]> found, Map<String, byte[]> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    found.forEach((key, value) -> assertThat(value).isEqualTo(expected.get(key)));
  }

  private static String withoutSource(byte[] json) {
    return new String(json, UTF_8).replaceFirst(",\"source\".*", "");
  }

  private static Bytes key(String key) {
    return Bytes.wrap(bytes(key));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
