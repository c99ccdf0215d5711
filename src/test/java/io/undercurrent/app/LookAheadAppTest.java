package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.streams.internals.OneByOne;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The whole app with look-ahead on a real broker. Instances and threads stop and start, and still
 * each key's enriched records and state have the same bytes as when records are read one by one.
 */
class LookAheadAppTest {

  private static final int RECORDS = 900;
  private static final int KEYS = 40;

  private static EmbeddedBroker broker;

  @TempDir static Path brokerFolder;
  @TempDir Path stateFolder;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1, 7, classic, exactly_once_v2, false",
    "GRU, 2, 1, 32, streams, exactly_once_v2, false",
    "RNN, 2, 1, 64, classic, at_least_once, true",
    "FFNN, 1, 2, 32, classic, exactly_once_v2, true"
  })
  void shouldGiveTheBytesOfReadingRecordByRecord(
      CellType kind,
      int threads,
      int instances,
      int batch,
      String protocol,
      String guarantee,
      boolean keyInValue)
      throws Exception {
    String name = "app-" + kind + "-" + threads + "-" + instances;
    Model model =
        kind == CellType.LSTM
            ? LetterModel.looking(1)
            : LetterModel.of(kind, kind == CellType.FFNN ? 3 : 1, 2);
    TopologyDefinition definition =
        new TopologyDefinition(
            name,
            List.of(name),
            keyInValue ? JsonPointer.compile("/text") : null,
            keyInValue ? JsonPointer.compile("/key") : null,
            "unused",
            5,
            "hidden-state",
            name + "-enriched",
            name + "-dead");
    Map<String, String> settings = new HashMap<>();
    settings.put("application.id", name);
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put("num.stream.threads", String.valueOf(threads));
    settings.put("group.protocol", protocol);
    settings.put("processing.guarantee", guarantee);
    settings.put("commit.interval.ms", "100");
    settings.put("max.poll.records", "20");
    settings.put("undercurrent.batch.records", String.valueOf(batch));
    SplittableRandom random = new SplittableRandom(batch);
    int restarts = 2;
    for (int round = 1; round <= restarts; round++) {
      List<StreamsApp> apps = new ArrayList<>();
      try {
        for (int i = 0; i < instances; i++) {
          settings.put("state.dir", stateFolder.resolve("of-" + i).toString());
          StreamsApp app =
              new StreamsApp(definition, UndercurrentConfig.of(settings), model, registry);
          apps.add(app);
          app.checkTopics(true);
        }
        if (round == 1) {
          send(name, 0, RECORDS / 2, random, keyInValue); // written before any instance reads
        } else {
          send(name, RECORDS / 2, RECORDS, random, keyInValue);
        }
        for (StreamsApp app : apps) {
          app.start();
        }
        // In every round but the last it is stopped in the middle.
        int wanted = round == restarts ? sent : sent - random.nextInt(RECORDS / 4);
        receive(name + "-enriched", wanted);
      } finally {
        apps.forEach(StreamsApp::close);
      }
    }

    List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", sent);
    assertThat(enriched).hasSize(sent);
    assertOneByOne(model, batch, enriched);
    assertThat(registry.get(MeterNames.AHEAD_USED).counter().count()).isPositive();
  }

  /**
   * One or two instances of one or two threads are stopped and started at random places while the
   * others continue, until all records are read.
   */
  @ParameterizedTest
  @CsvSource({"LSTM, fp32, 1", "GRU, fp16, 2"})
  void shouldGiveTheSameBytesWhileInstancesStopAndStart(CellType kind, String precision, long seed)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    int batch = 1 + random.nextInt(64);
    String name = "moving-" + kind;
    Model model = kind == CellType.LSTM ? LetterModel.looking(seed) : LetterModel.of(kind, 1, seed);
    TopologyDefinition definition =
        new TopologyDefinition(
            name,
            List.of(name),
            null,
            null,
            "unused",
            5,
            "hidden-state",
            name + "-enriched",
            name + "-dead");
    Map<String, String> settings = new HashMap<>();
    settings.put("application.id", name);
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put("undercurrent.state.precision", precision); // not the default of the kind
    settings.put("heartbeat.interval.ms", "300"); // so that a member that leaves is noticed soon
    settings.put("max.poll.records", "20");
    settings.put("undercurrent.batch.records", String.valueOf(batch));
    StreamsApp[] apps = new StreamsApp[2];
    try {
      int moves = 6;
      for (int move = 0; move < moves; move++) {
        int i = move == 0 ? 0 : random.nextInt(2);
        if (apps[i] == null) {
          settings.put("state.dir", stateFolder.resolve("moving-" + i).toString());
          settings.put("num.stream.threads", String.valueOf(1 + random.nextInt(2)));
          apps[i] = new StreamsApp(definition, UndercurrentConfig.of(settings), model, registry);
          apps[i].checkTopics(true);
          apps[i].start();
        } else if (apps[1 - i] != null) {
          apps[i].close();
          apps[i] = null;
        }
        send(name, move * 150, (move + 1) * 150, random, false);
        receive(name + "-enriched", sent - random.nextInt(150)); // the others come after the move
      }
      receive(name + "-enriched", sent);
    } finally {
      for (StreamsApp app : apps) {
        if (app != null) {
          app.close();
        }
      }
    }

    List<ConsumerRecord<byte[], byte[]>> enriched = receive(name + "-enriched", sent);
    assertThat(enriched).hasSize(sent);
    assertOneByOne(model.withStatePrecision(StatePrecision.of(precision)), batch, enriched);
  }

  private int sent;

  private void send(String topic, int from, int to, SplittableRandom random, boolean keyInValue) {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        byte[] key = bytes("k" + random.nextInt(KEYS));
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(20); n > 0; n--) {
          text.append((char) ('a' + random.nextInt(26))).append(' ');
        }
        byte[] value =
            keyInValue
                ? bytes("{\"key\":\"" + new String(key, UTF_8) + "\",\"text\":\"" + text + "\"}")
                : bytes(text.toString());
        producer.send(new ProducerRecord<>(topic, null, (long) i, key, value));
        sent++;
      }
    }
  }

  /** Enriches each key's records one by one, in the order of its enriched records, and compares. */
  private void assertOneByOne(
      Model model, int batch, List<ConsumerRecord<byte[], byte[]>> enriched) {
    OneByOne expected = new OneByOne(model, EnrichmentSettings.DEFAULTS.withBatch(batch, 4_096));
    for (ConsumerRecord<byte[], byte[]> record : enriched) {
      EnrichedRecord found = EnrichedRecordJson.fromJson(record.value());
      String again =
          expected.read(record.key(), found.text(), found.source().timestampMs(), found.source());
      assertThat(new String(record.value(), UTF_8)).isEqualTo(again);
    }
    String application = enriched.get(0).topic().replace("-enriched", "");
    Map<Bytes, byte[]> states = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> change :
        receive(application + "-hidden-state-changelog", 0)) {
      states.put(Bytes.wrap(change.key()), change.value());
    }
    assertThat(strings(states)).isEqualTo(strings(expected.states));
  }

  private static List<String> strings(Map<Bytes, byte[]> states) {
    return states.entrySet().stream()
        .map(e -> e.getKey() + "=" + HexFormat.of().formatHex(e.getValue()))
        .toList();
  }

  /** Waits for at least {@code min} committed records and returns all, each partition in order. */
  private List<ConsumerRecord<byte[], byte[]>> receive(String topic, int min) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", broker.bootstrapServers(),
            "isolation.level", "read_committed",
            "auto.offset.reset", "earliest");
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
      boolean all = false;
      while (System.nanoTime() < deadline && !(all && records.size() >= min)) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        all = partitions.stream().allMatch(p -> consumer.position(p) >= ends.get(p));
      }
    }
    assertThat(records).hasSizeGreaterThanOrEqualTo(min);
    return records;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
