package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.LetterModel;
import io.undercurrent.app.AppException;
import io.undercurrent.app.Connection;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.broker.EmbeddedBroker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DeadLettersCommandTest {

  private static final JsonMapper JSON = new JsonMapper();
  private static final long TIME = 1_750_000_000_000L; // 2025-06-15T15:06:40Z

  @TempDir private static Path brokerFolder;
  private static EmbeddedBroker broker;
  private static KafkaProducer<byte[], byte[]> producer;

  @TempDir private Path folder;
  private String source;
  private String dead;
  private Path topology;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
    producer = producer(Map.of());
  }

  @AfterAll
  static void stopBroker() {
    producer.close();
    broker.close();
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> configs) {
    Map<String, Object> all = new HashMap<>(configs);
    all.put("bootstrap.servers", broker.bootstrapServers());
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @BeforeEach
  void nameTopics(TestInfo test) throws IOException {
    source = test.getTestMethod().orElseThrow().getName();
    dead = source + "-dead";
    topology =
        Files.writeString(
            folder.resolve("topology.yaml"),
            """
            name: letters
            source: {topics: [%s, %s-gone], value: text, key: record}
            model: unused
            next: 5
            store: hidden-state
            sinks: {enriched: %1$s-out, deadLetters: %s}
            """
                .formatted(source, source, dead));
  }

  @Test
  void shouldListLettersAndCountThemByReason() throws Exception {
    createTopics(Map.of());
    send(letter(0, "malformed-json: the value must be JSON", 0, 11, "unchanged"));
    send(letter(1, "too-large: the record", 1, 12, "moved"));
    send(letter(1, "cursed \u001b[31m", 1, 13, null));
    send(new ProducerRecord<>(dead, 0, bytes("k"), bytes("of another program")));

    assertThat(letters("list"))
        .isEqualTo(
            """
            0 place       time                      reason                  state      source                        sent again to
            0/0         2025-06-15T15:06:40Z      malformed-json          unchanged  %1$s/0/11  -
            1/0         2025-06-15T15:06:40Z      too-large               moved      %1$s/1/12  -
            1/1         2025-06-15T15:06:40Z      unknown                 unknown    %1$s/1/13  -
            3 letters in %2$s: 1 malformed-json, 1 too-large, 1 unknown; skipped 1 records without the headers of a letter
            """
                .formatted(source, dead));
    List<JsonNode> lines = json(letters("list", "--json"));
    assertThat(lines).hasSize(3);
    assertThat(lines.get(2).get("message").textValue()).isEqualTo("cursed \u001b[31m");
    assertThat(lines.get(2).get("replayed").booleanValue()).isFalse();
    assertThat(places("--state", "moved,unknown")).containsExactly("1/0", "1/1");
    assertThat(places("--reason", "too-large,malformed-json")).containsExactly("0/0", "1/0");
    assertThat(places("--topic", source)).hasSize(3);
    assertThat(places("--topic", "other")).isEmpty();
    assertThat(places("--key", "key-12")).containsExactly("1/0");
    assertThat(places("--since", "2025-06-15T15:06:40Z")).hasSize(3);
    assertThat(places("--until", "2025-06-15T15:06:40Z")).isEmpty();
    assertThat(places("--since", "2025-06-15", "--until", "2025-06-16")).hasSize(3);
    assertThat(places("--since", "2d")).isEmpty();
    assertThat(letters("list", "--reason", "to-large"))
        .startsWith("2 Invalid value for option '--reason'")
        .contains("must be one of null-key, ");
    assertThat(letters("list", "--since", "yesterday")).startsWith("2 Invalid value");
  }

  @Test
  void shouldShowALetterWithoutObeyingIt() {
    createTopics(Map.of());
    ProducerRecord<byte[], byte[]> evil =
        letter(0, "malformed-json: \u001b]0;title\u0007 \u202e", 0, 7, "unchanged");
    evil.headers().add("binary", new byte[] {(byte) 0xff, 0});
    send(
        new ProducerRecord<>(
            dead, 0, TIME, new byte[] {(byte) 0xfe}, bytes("a\u009b31m\nb"), evil.headers()));

    String shown = letters("show", "0/0");
    assertThat(shown)
        .startsWith(
            "0 place      0/0\ntime       2025-06-15T15:06:40Z\nreason     malformed-json\n")
        .contains("message    malformed-json: \\u001b]0;title\\u0007 \\u202e\n")
        .contains("source     " + source + "/0/7\n")
        .contains("  binary\n    /wA= (base64 of 2 bytes)\n")
        .contains("key\n  /g== (base64 of 1 bytes)\nvalue\n  a\\u009b31m\n  b\n")
        .endsWith(
            "replay     sends the record to " + source + ", partition 0, with its timestamp\n");
    String line = letters("show", "0/0", "--json");
    assertThat(line).matches("\\p{ASCII}*").doesNotContain("\u001b");
    JsonNode json = json(line).get(0);
    assertThat(json.get("value").textValue()).isEqualTo("a\u009b31m\nb");
    assertThat(json.get("keyBase64").textValue()).isEqualTo("/g==");
    assertThat(letters("show", "0/1"))
        .isEqualTo(
            "1 error: 0/1 must be the place of a letter in %s, found none there: dead-letters list prints the places\n"
                .formatted(dead));
    assertThat(letters("show", "17")).startsWith("2 ").contains("must be PARTITION/OFFSET");
  }

  @Test
  void shouldSendARecordOnceAsItWas() {
    createTopics(Map.of());
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(dead, 0, TIME, bytes("k"), new byte[] {(byte) 0xff, 1});
    letter.headers().add("own", bytes("header")).add("own", null);
    letter.headers().add("__streams.errors.topic", bytes("of an application before ours"));
    addErrors(letter, "invalid-utf8: the value", 1, 5, "unchanged");
    send(letter);

    assertThat(letters("replay", "--dry-run"))
        .isEqualTo(
            """
            0 0/0         invalid-utf8            -> %1$s, partition 1
            1 records to send
              1 to %1$s
            """
                .formatted(source));
    assertThat(read(source)).isEmpty();
    assertThat(letters("replay", "--yes"))
        .isEqualTo("0 1 records to send\n  1 to " + source + "\n1 records sent\n");
    List<ConsumerRecord<byte[], byte[]>> again = read(source);
    assertThat(again).hasSize(1);
    assertThat(again.get(0).partition()).isEqualTo(1);
    assertThat(again.get(0).timestamp()).isEqualTo(TIME);
    assertThat(again.get(0).key()).isEqualTo(bytes("k"));
    assertThat(again.get(0).value()).containsExactly(0xff, 1);
    assertThat(headers(again.get(0)))
        .containsExactly(
            "own=header",
            "own=null",
            "__streams.errors.topic=of an application before ours",
            "undercurrent-replay-of=" + dead + "/0/0");

    assertThat(letters("replay", "--yes"))
        .isEqualTo("0 0 records to send\nskipped 1: was sent again before\n");
    assertThat(letters("replay", "--yes", "0/0", "1/9")).startsWith("0 1/9 is not the place of a");
    assertThat(read(source)).hasSize(1);
    assertThat(letters("list"))
        .contains(source + "/1/5  " + source + "/1/0\n1 letters in " + dead + ": 1 invalid-utf8\n");
    assertThat(letters("show", "0/0"))
        .endsWith("replay     skips it: was sent again before, to " + source + "/1/0\n");
    ConsumerRecord<byte[], byte[]> marker = read(dead).get(1);
    assertThat(marker.partition()).isZero();
    assertThat(marker.key()).isNull();
    assertThat(marker.value()).isNull();
  }

  @Test
  void shouldSkipLettersThatMustNotBeSent() {
    createTopics(Map.of());
    send(letter(0, "other: moved", 0, 1, "moved"));
    send(letter(0, "other: unknown", 0, 2, null));
    send(letter(0, "other: no such partition", 2, 3, "unchanged"));
    send(letter(0, "other: no such topic", source + "-gone", 0, 4, "unchanged"));
    send(letter(0, "other: not ours", dead, 0, 5, "unchanged"));
    ProducerRecord<byte[], byte[]> empty =
        new ProducerRecord<>(dead, 0, (Long) TIME, (byte[]) null, (byte[]) null);
    addErrors(empty, "too-large: left out", 0, 6, "unchanged");
    send(empty);
    send(new ProducerRecord<>(dead, 0, bytes("k"), bytes("of another program")));

    assertThat(letters("replay", "--yes"))
        .isEqualTo(
            """
            0 0 records to send
            skipped 1: does not come from a source topic of the topology
            skipped 1: comes from a topic that does not exist any more
            skipped 1: comes from a partition that does not exist any more
            skipped 1: lacks the record's key and value: see the record at its source
            skipped 1: its key's state has taken the record in, and would take it in twice (--include-moved)
            skipped 1: its key's state may have taken the record in (--include-moved)
            skipped 1 records without the headers of a letter
            """);
    assertThat(read(source)).isEmpty();
    assertThat(letters("replay", "--yes", "--include-moved", "0/0")).contains("1 records sent\n");
    assertThat(read(source)).extracting(ConsumerRecord::key).containsExactly(bytes("key-1"));
  }

  @Test
  void shouldGiveTheTimestampThatTheLetterCouldNotHave() {
    createTopics(Map.of());
    ProducerRecord<byte[], byte[]> ahead =
        letter(0, "timestamp-out-of-range: it", 0, 1, "unchanged");
    long time = System.currentTimeMillis() + 86_400_000;
    ahead.headers().add("undercurrent-timestamp", bytes(Long.toString(time)));
    send(ahead);
    assertThat(letters("replay", "--yes")).contains("1 records sent\n");
    assertThat(read(source).get(0).timestamp()).isEqualTo(time);
    assertThat(headers(read(source).get(0))).hasSize(1);
  }

  @Test
  void shouldGiveThePresentTimeWhereTheTopicWouldRefuseOrDeleteTheRecord() {
    createTopics(Map.of("retention.ms", "86400000"));
    send(letter(0, "other: it", 0, 1, "unchanged"));
    long before = System.currentTimeMillis();
    assertThat(letters("replay", "--yes"))
        .contains(
            "  1 of them get the present time, because their topics would refuse or delete the old one\n")
        .contains("1 records sent\n");
    assertThat(read(source).get(0).timestamp()).isGreaterThanOrEqualTo(before);
  }

  @Test
  void shouldAskFirst() {
    createTopics(Map.of());
    send(letter(0, "other: it", 0, 1, "unchanged"));
    assertThat(answered("", "replay"))
        .endsWith("error: nothing was sent, because there was no answer: --yes sends them\n");
    assertThat(answered("no\n", "replay")).endsWith("send them? [y/N] nothing was sent\n");
    assertThat(read(source)).isEmpty();
    assertThat(answered("y\n", "replay")).endsWith("1 records sent\n");
    assertThat(read(source)).hasSize(1);
  }

  @Test
  void shouldSendTheOthersIfATopicRefusesARecord() {
    createTopics(Map.of("max.message.bytes", "1000"));
    send(letter(0, "other: it", 0, 1, "unchanged"));
    ProducerRecord<byte[], byte[]> large =
        new ProducerRecord<>(dead, 0, TIME, bytes("k"), new byte[2_000]);
    addErrors(large, "other: it", 0, 2, "unchanged");
    send(large);
    send(letter(0, "other: it", 0, 3, "unchanged"));

    assertThat(letters("replay", "--yes"))
        .startsWith("1 3 records to send\n")
        .contains("0/1 was not sent: RecordTooLargeException: ")
        .contains("2 records sent\n")
        .endsWith("error: 1 records were not sent, because their topics refuse them\n");
    assertThat(read(source))
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactly("key-1", "key-3");
    assertThat(letters("replay", "--yes")).contains("skipped 2: was sent again before\n");
  }

  /** As after a kill -9: the transaction is neither committed nor aborted. */
  @Test
  void shouldContinueAfterAReplayThatDiedInTheMiddle() {
    createTopics(Map.of());
    send(letter(0, "other: it", 0, 1, "unchanged"));
    send(letter(0, "other: it", 0, 2, "unchanged"));
    assertThat(letters("replay", "--yes", "0/0")).contains("1 records sent\n");
    try (KafkaProducer<byte[], byte[]> killed =
        producer(Map.of("transactional.id", LetterReplay.transactionalId(dead)))) {
      killed.initTransactions();
      killed.beginTransaction();
      killed.send(new ProducerRecord<>(source, 0, bytes("key-2"), bytes("lost")));
      ProducerRecord<byte[], byte[]> marker = new ProducerRecord<>(dead, 0, null, null);
      marker.headers().add("undercurrent-replayed", bytes("0/1"));
      killed.send(marker);
      killed.flush();

      assertThat(letters("replay", "--yes"))
          .isEqualTo(
              """
              0 1 records to send
                1 to %s
              skipped 1: was sent again before
              1 records sent
              """
                  .formatted(source));
      killed.close(Duration.ZERO);
    }
    assertThat(read(source))
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactly("key-1", "key-2");
  }

  @Test
  void shouldFenceAReplayOffThatRunsAtTheSameTime() {
    createTopics(Map.of());
    send(letter(0, "other: it", 0, 1, "unchanged"));
    StreamsConfig streams = Connection.toProduce(null, broker.bootstrapServers());
    try (LetterReplay first = new LetterReplay(dead, streams, letter -> TIME, (l, why) -> {})) {
      DeadLetterTopic.written(dead, streams).read(first::add);
      assertThat(letters("replay", "--yes")).contains("1 records sent\n");
      assertThatThrownBy(first::end)
          .isInstanceOf(AppException.class)
          .hasMessageStartingWith("another replay of " + dead + " has started and takes over;");
    }
    assertThat(read(source)).hasSize(1);
  }

  /** A replay writes a marker behind its letter. One elsewhere is not from a replay. */
  @Test
  void shouldIgnoreAMarkerInAnotherPartitionThanItsLetter() {
    createTopics(Map.of());
    send(letter(0, "other: it", 0, 1, "unchanged"));
    ProducerRecord<byte[], byte[]> marker =
        new ProducerRecord<>(dead, 1, (Long) null, (byte[]) null, (byte[]) null);
    marker.headers().add("undercurrent-replayed", bytes("0/0"));
    send(marker);

    assertThat(letters("replay", "--dry-run")).contains("\n1 records to send\n");
  }

  /** The marker is not visible while an earlier transaction is open, for example the app's. */
  @Test
  void shouldNotMissAMarkerBehindAnOpenTransaction() throws Exception {
    createTopics(Map.of());
    send(letter(0, "other: it", 0, 1, "unchanged"));
    StreamsConfig streams = Connection.toProduce(null, broker.bootstrapServers());
    try (KafkaProducer<byte[], byte[]> app = producer(Map.of("transactional.id", source))) {
      app.initTransactions();
      try (LetterReplay replay = new LetterReplay(dead, streams, letter -> TIME, (l, why) -> {})) {
        DeadLetterTopic.written(dead, streams).read(replay::add);
        app.beginTransaction();
        app.send(letter(0, "other: the app's", 0, 2, "moved")).get();
        replay.end();
      }
      CompletableFuture<String> second =
          CompletableFuture.supplyAsync(() -> letters("replay", "--yes"));
      assertThatThrownBy(() -> second.get(2, TimeUnit.SECONDS))
          .isInstanceOf(TimeoutException.class);
      app.commitTransaction();
      assertThat(second.get())
          .startsWith("0 0 records to send\nskipped 1: was sent again before\n");
    }
    assertThat(read(source)).hasSize(1);
  }

  @Test
  void shouldSayThatATopicIsMissing() {
    assertThat(letters("list"))
        .startsWith("1 error: topic " + dead + " must exist on ")
        .hasLineCount(1);
    assertThat(letters("replay", "--yes"))
        .startsWith("1 error: topic " + dead + " must exist on ")
        .hasLineCount(1);
  }

  /** The app's own letters, and a marker in their topic. */
  @Test
  void shouldPointFromALetterToTheOneThatItWasSentAgainFrom() throws Exception {
    TopologyDefinition definition =
        TopologyDefinition.load(topology).withTopics(List.of(source), source + "-out", dead);
    try (ServedApp app =
        new ServedApp(
            broker,
            definition,
            LetterModel.of(1),
            folder,
            0,
            Map.of("undercurrent.topics.partitions", "1"))) {
      app.start();
      producer.send(new ProducerRecord<>(source, 0, TIME, null, bytes("a b"))).get();
      awaitRecords(dead, 1);
      assertThat(letters("replay", "--yes")).contains("1 records sent\n");
      awaitRecords(dead, 3); // letter, marker, letter
      List<JsonNode> lines = json(letters("list", "--json"));
      assertThat(lines).hasSize(2);
      assertThat(lines.get(0).get("replayedTo").textValue()).startsWith(source + "/0/");
      assertThat(lines.get(1).get("replayOf").textValue()).isEqualTo(dead + "/0/0");
      assertThat(lines.get(1).get("reason").textValue()).isEqualTo("null-key");
      assertThat(lines.get(1).get("state").textValue()).isEqualTo("unchanged");
      assertThat(lines.get(1).get("offset").longValue()).isPositive();

      send(new ProducerRecord<>(source, 0, bytes("k"), bytes("a b")));
      awaitRecords(source + "-out", 1);
      assertThat(app.app().notReady()).isEmpty();
    }
  }

  private void createTopics(Map<String, String> ofSource) {
    broker.createTopics(
        List.of(
            new NewTopic(source, 2, (short) 1).configs(ofSource),
            new NewTopic(dead, 2, (short) 1)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private ProducerRecord<byte[], byte[]> letter(
      int deadPartition, String message, int partition, long offset, String state) {
    return letter(deadPartition, message, source, partition, offset, state);
  }

  private ProducerRecord<byte[], byte[]> letter(
      int deadPartition, String message, String topic, int partition, long offset, String state) {
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(dead, deadPartition, TIME, bytes("key-" + offset), bytes("v"));
    addErrors(letter, message, topic, partition, offset, state);
    return letter;
  }

  private void addErrors(
      ProducerRecord<byte[], byte[]> letter,
      String message,
      int partition,
      long offset,
      String state) {
    addErrors(letter, message, source, partition, offset, state);
  }

  private static void addErrors(
      ProducerRecord<byte[], byte[]> letter,
      String message,
      String topic,
      int partition,
      long offset,
      String state) {
    letter
        .headers()
        .add("__streams.errors.exception", bytes("x.Y"))
        .add("__streams.errors.message", bytes(message))
        .add("__streams.errors.stacktrace", bytes("at x"))
        .add("__streams.errors.topic", bytes(topic))
        .add("__streams.errors.partition", bytes(Integer.toString(partition)))
        .add("__streams.errors.offset", bytes(Long.toString(offset)));
    if (state != null) {
      letter.headers().add("undercurrent-state", bytes(state));
    }
  }

  private static void send(ProducerRecord<byte[], byte[]> record) {
    producer.send(record);
    producer.flush();
  }

  private static List<String> headers(ConsumerRecord<byte[], byte[]> record) {
    List<String> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(
          header.key() + "=" + (header.value() == null ? null : new String(header.value(), UTF_8)));
    }
    return headers;
  }

  private static List<JsonNode> json(String output) {
    assertThat(output).startsWith("0 ");
    return output
        .substring(2)
        .lines()
        .map(
            line -> {
              try {
                return JSON.readTree(line);
              } catch (IOException e) {
                throw new AssertionError(line, e);
              }
            })
        .toList();
  }

  private List<String> places(String... filter) {
    List<String> arguments = new ArrayList<>(List.of("list", "--json"));
    arguments.addAll(Arrays.asList(filter));
    return json(letters(arguments.toArray(String[]::new))).stream()
        .map(line -> line.get("place").textValue())
        .toList();
  }

  /** The committed records of a topic, by partition and offset. Waits for open transactions. */
  private static List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    StreamsConfig streams = Connection.of(null, broker.bootstrapServers());
    WholeTopic whole = new WholeTopic(topic, streams, "test");
    whole.read(whole.written(), records::add, (done, all) -> {});
    return records;
  }

  private static void awaitRecords(String topic, int count) throws Exception {
    while (read(topic).size() < count) { // or the class's timeout
      Thread.sleep(50);
    }
  }

  private String answered(String input, String... arguments) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(bytes(input)));
    try {
      return letters(arguments);
    } finally {
      System.setIn(before);
    }
  }

  /** Runs a command and returns its exit code and all output. */
  private String letters(String command, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "dead-letters",
                command,
                "--bootstrap-server",
                broker.bootstrapServers(),
                "--topology",
                topology.toString()));
    arguments.addAll(Arrays.asList(options));
    StringWriter output = new StringWriter();
    PrintWriter writer = new PrintWriter(output, true);
    int exit =
        Main.commandLine().setOut(writer).setErr(writer).execute(arguments.toArray(String[]::new));
    return exit + " " + output;
  }

  private String letters(String[] arguments) {
    return letters(arguments[0], Arrays.copyOfRange(arguments, 1, arguments.length));
  }
}
