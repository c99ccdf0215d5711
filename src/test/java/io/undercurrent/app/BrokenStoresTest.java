package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.query.internals.StreamsQueries.KeyLocation;
import io.undercurrent.streams.internals.MemoryStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;

/**
 * Damages stores and changelogs between two runs, and compares the output of both with that of an
 * undisturbed run.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BrokenStoresTest {

  private static final int KEYS = 40;
  private static final Model MODEL = LetterModel.looking(1);

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;
  private static int tests;

  @TempDir Path stateFolder;
  private String name;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Map<String, KeyState> states = new HashMap<>();
  private final List<String> expected = new ArrayList<>();
  private Enrichment enrichment;
  private int sent;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void nameEverythingAfterTheTest(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName() + "-" + ++tests;
    broker.createTopics(
        List.of(
            new NewTopic(name, 1, (short) 1),
            new NewTopic(name + "-enriched", 1, (short) 1),
            new NewTopic(name + "-dead", 1, (short) 1)));
  }

  /** What happens to the files of a store while the application is stopped. */
  private enum Damage {
    /** In the largest table, of the states; noticed when it is read. */
    FLIPPED_BLOCK {
      @Override
      void to(Path store) throws IOException {
        Path table =
            files(store, ".sst").stream().max(comparing(file -> file.toFile().length())).get();
        byte[] bytes = Files.readAllBytes(table);
        bytes[bytes.length / 3] ^= 4;
        Files.write(table, bytes);
      }
    },
    /** In every table; noticed when the store is opened, because it reads offsets then. */
    FLIPPED_BLOCKS {
      @Override
      void to(Path store) throws IOException {
        for (Path table : files(store, ".sst")) {
          byte[] bytes = Files.readAllBytes(table);
          bytes[bytes.length / 3] ^= 4;
          Files.write(table, bytes);
        }
      }
    },
    NO_MANIFEST {
      @Override
      void to(Path store) throws IOException {
        for (Path manifest : files(store, "MANIFEST-")) {
          Files.delete(manifest);
        }
      }
    },
    NO_CURRENT {
      @Override
      void to(Path store) throws IOException {
        Files.delete(store.resolve("CURRENT"));
      }
    };

    abstract void to(Path store) throws IOException;

    static List<Path> files(Path store, String part) throws IOException {
      try (Stream<Path> all = Files.list(store)) {
        List<Path> found =
            all.filter(file -> file.getFileName().toString().contains(part)).toList();
        assertThat(found).isNotEmpty();
        return found;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FLIPPED_BLOCK, hidden-state, exactly_once_v2, true",
    "FLIPPED_BLOCK, hidden-state, at_least_once, false",
    "FLIPPED_BLOCK, hidden-state-memory, exactly_once_v2, true",
    "FLIPPED_BLOCKS, hidden-state, exactly_once_v2, true",
    "NO_MANIFEST, hidden-state-memory, at_least_once, false",
    "NO_CURRENT, hidden-state, exactly_once_v2, true",
  })
  void shouldRestoreAStoreWithBrokenFiles(
      Damage damage, String store, String guarantee, String transactional) throws Exception {
    Map<String, String> settings =
        Map.of(
            "processing.guarantee", guarantee, "enable.transactional.statestores", transactional);
    run(settings, () -> send(6));

    damage.to(files(store));

    run(settings, () -> send(3));
    if (guarantee.equals("exactly_once_v2")) {
      assertSame(received());
    } else {
      assertThat(offsets(received())).containsAll(offsets(expected)); // some are read twice
    }
    assertThat(brokenStates()).isZero();
  }

  /** The local store is damaged and the changelog is not. */
  @Test
  void shouldRestoreAStateAndAnEntryThatAreBrokenOnlyInTheStore() throws Exception {
    run(Map.of(), () -> send(3));

    flip(files("hidden-state"), Bytes.wrap("key-3".getBytes(UTF_8)));
    flip(files("hidden-state-memory"), MemoryStore.at(Bytes.wrap("key-5".getBytes(UTF_8)), 3));

    run(Map.of(), () -> send(2));
    assertSame(received());
    assertThat(brokenStates()).isZero();
  }

  private static void flip(Path store, Bytes key) throws Exception {
    List<ColumnFamilyHandle> families = new ArrayList<>();
    try (DBOptions options = new DBOptions();
        RocksDB db =
            RocksDB.open(
                options,
                store.toString(),
                List.of(
                    new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
                    new ColumnFamilyDescriptor("offsets".getBytes(UTF_8))),
                families)) {
      byte[] value = db.get(key.get());
      value[value.length / 2] ^= 16;
      db.put(key.get(), value);
      families.forEach(ColumnFamilyHandle::close);
    }
  }

  /** Something else has written into the changelogs. A restore cannot heal that. */
  @Test
  void shouldStartKeysAgainThatAreBrokenInTheChangelog() throws Exception {
    run(Map.of(), () -> send(3));

    byte[] random = new byte[97];
    new SplittableRandom(1).nextBytes(random);
    Map<Bytes, byte[]> states =
        Map.of(
            key(1),
            new byte[0],
            key(2),
            new byte[] {2, 1, 0},
            key(3),
            random,
            Bytes.wrap("nobody".getBytes(UTF_8)),
            random);
    Map<Bytes, byte[]> entries =
        Map.of(
            MemoryStore.at(key(6), 3), random,
            MemoryStore.at(key(7), 9), new byte[3], // of a record that never came: it is ignored
            Bytes.wrap(new byte[] {0}), random);
    write(name + "-hidden-state-changelog", states);
    write(name + "-hidden-state-memory-changelog", entries);
    delete(stateFolder.resolve(name));
    for (int k : List.of(1, 2, 3, 6)) {
      this.states.remove("key-" + k);
    }

    run(
        Map.of(),
        app -> {
          assertThat(app.awaitRunning()).isTrue();
          byte[] broken = key(3).get();
          KeyLocation location = locate(app, broken);
          assertThatThrownBy(() -> app.queries().read(location, broken, false, new HashSet<>()))
              .isInstanceOf(NotAvailableException.class)
              .hasMessageStartingWith("the state of the key is broken here; ");
          send(2);
        });
    assertSame(received());
    double broken = brokenStates();
    assertThat(broken).isBetween(4.0, 6.0); // an aborted transaction's count again
    delete(stateFolder.resolve(name));
    run(Map.of(), () -> send(1)); // what the changelogs have now is whole
    assertSame(received());
    assertThat(brokenStates()).isEqualTo(broken);
  }

  /** Waits until the application has looked up how many partitions there are. */
  private static KeyLocation locate(StreamsApp app, byte[] key) throws InterruptedException {
    while (true) {
      try {
        return app.queries().locate(key);
      } catch (NotAvailableException e) {
        Thread.sleep(50);
      }
    }
  }

  private static Bytes key(int number) {
    return Bytes.wrap(("key-" + number).getBytes(UTF_8));
  }

  /** Writes records from the year 2100. */
  private static void write(String topic, Map<Bytes, byte[]> records) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (Map.Entry<Bytes, byte[]> record : records.entrySet()) {
        producer
            .send(
                new ProducerRecord<>(
                    topic, 0, 4_102_444_800_000L, record.getKey().get(), record.getValue()))
            .get();
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Compares without a message of a megabyte. */
  private void assertSame(List<String> found) {
    assertThat(offsets(found)).isEqualTo(offsets(expected));
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i)).isEqualTo(expected.get(i));
    }
  }

  private static List<Long> offsets(List<String> records) {
    return records.stream()
        .map(record -> EnrichedRecordJson.fromJson(record.getBytes(UTF_8)).source().offset())
        .toList();
  }

  private interface Step {
    void run(StreamsApp app) throws Exception;
  }

  private interface Sending {
    void run() throws Exception;
  }

  private void run(Map<String, String> settings, Sending step) throws Exception {
    run(settings, app -> step.run());
  }

  /** Runs the application until it has written all that is expected by then. */
  private void run(Map<String, String> settings, Step step) throws Exception {
    try (StreamsApp app = app(settings)) {
      if (enrichment == null) {
        enrichment = new Enrichment(app.model(), app.enrichment());
      }
      app.checkTopics(false);
      app.start();
      step.run(app);
      long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (!offsets(received()).contains((long) sent - 1) && System.nanoTime() < deadline) {
        app.throwIfFailed();
        Thread.sleep(100);
      }
    }
  }

  private Path files(String store) throws IOException {
    return stateFolder.resolve(name).resolve("0_0").resolve("rocksdb").resolve(store);
  }

  private double brokenStates() {
    Counter counter = registry.find(MeterNames.BROKEN_STATES).counter();
    return counter == null ? 0 : counter.count();
  }

  /** Sends records of each key in turn, and computes what is to come of them. */
  private void send(int rounds) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int round = 0; round < rounds; round++) {
        for (int k = 0; k < KEYS; k++) {
          String key = "key-" + k;
          String text = "a " + (char) ('b' + sent % 20) + " c " + (char) ('d' + k % 7);
          long timestampMs = 1_790_000_000_000L + sent;
          byte[] bytes = key.getBytes(UTF_8);
          producer.send(new ProducerRecord<>(name, 0, timestampMs, bytes, text.getBytes(UTF_8)));
          expect(key, text, timestampMs);
          sent++;
        }
      }
    }
  }

  private void expect(String key, String text, long timestampMs) {
    byte[] bytes = key.getBytes(UTF_8);
    Enrichment.Outcome outcome =
        enrichment.enrich(
            states.getOrDefault(key, enrichment.fresh()),
            new Message(
                ByteBuffer.wrap(bytes), text, timestampMs, new Source(name, 0, sent, timestampMs)));
    states.put(key, outcome.after());
    expected.add(
        new String(
            EnrichedRecordJson.toJson(
                outcome.record().withKey(KeyText.of(bytes, KeyEncoding.TEXT))),
            UTF_8));
  }

  /** The committed records of the enriched topic. */
  private List<String> received() {
    return committed(name + "-enriched");
  }

  private static List<String> committed(String topic) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker.bootstrapServers(),
            "isolation.level", "read_committed",
            "auto.offset.reset", "earliest");
    List<String> values = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(
                record ->
                    values.add(record.value() == null ? null : new String(record.value(), UTF_8)));
      }
    }
    return values;
  }

  private StreamsApp app(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>();
    all.put("application.id", name);
    all.put("bootstrap.servers", broker.bootstrapServers());
    all.put("state.dir", stateFolder.toString());
    all.put("commit.interval.ms", "100");
    all.putAll(settings);
    return new StreamsApp(definition(), UndercurrentConfig.of(all), MODEL, registry);
  }

  private TopologyDefinition definition() {
    return new TopologyDefinition(
        name,
        List.of(name),
        null,
        null,
        "unused",
        5,
        "hidden-state",
        name + "-enriched",
        name + "-dead");
  }
}
