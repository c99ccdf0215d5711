package io.undercurrent.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EmbeddedBrokerTest {
  private static final String TOPIC = "messages";

  @TempDir Path dir;

  @Test
  void shouldKeepRecordsOverARestartOnTheSameFolder() throws Exception {
    String firstAddress;
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
      firstAddress = broker.bootstrapServers();
      broker.createTopics(List.of(topic(TOPIC)));
      produce(broker, Map.of(), "a", "b");
      assertThat(consume(broker, "read_uncommitted", 2)).containsExactly("a", "b");
    }
    // Another process may take the old ports meanwhile; the folder must not depend on them.
    int taken = Integer.parseInt(firstAddress.substring(firstAddress.indexOf(':') + 1));
    try (var squatter = new ServerSocket()) {
      squatter.setReuseAddress(true);
      squatter.bind(new InetSocketAddress("127.0.0.1", taken));
      try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
        assertThat(broker.bootstrapServers()).isNotEqualTo(firstAddress);
        broker.createTopics(List.of(topic(TOPIC), topic("other")));
        produce(broker, Map.of(), "c");
        assertThat(consume(broker, "read_uncommitted", 3)).containsExactly("a", "b", "c");
      }
    }
  }

  @Test
  void shouldHideAbortedTransactionsFromReadCommitted() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
      broker.createTopics(List.of(topic(TOPIC)));
      try (KafkaProducer<String, String> producer =
          producer(broker, Map.of("transactional.id", "writer"))) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(TOPIC, "k", "aborted"));
        producer.flush();
        producer.abortTransaction();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(TOPIC, "k", "committed"));
        producer.commitTransaction();
      }
      assertThat(consume(broker, "read_committed", 1)).containsExactly("committed");
      assertThat(consume(broker, "read_uncommitted", 2)).containsExactly("aborted", "committed");
    }
  }

  @Test
  void shouldRunAStreamsAppExactlyOnceUnderBothGroupProtocols() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir.resolve("broker"))) {
      for (String protocol : List.of("classic", "streams")) {
        String out = "out-" + protocol;
        broker.createTopics(List.of(topic(TOPIC), topic(out)));
        produce(broker, Map.of(), protocol);
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(TOPIC).filter((k, v) -> v.equals(protocol)).to(out);
        Map<String, Object> config = new HashMap<>();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "app-" + protocol);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
        config.put(StreamsConfig.STATE_DIR_CONFIG, dir.resolve("state").toString());
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, protocol);
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put("auto.offset.reset", "earliest");
        try (KafkaStreams streams = new KafkaStreams(builder.build(), new StreamsConfig(config))) {
          streams.start();
          assertThat(consume(broker, out, "read_committed", 1)).containsExactly(protocol);
        }
      }
    }
  }

  @Test
  void shouldAcceptOldAndFutureTimestamps() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir);
        KafkaProducer<String, String> producer = producer(broker, Map.of())) {
      broker.createTopics(List.of(topic(TOPIC)));
      long inTenYears = System.currentTimeMillis() + Duration.ofDays(3650).toMillis();
      producer.send(new ProducerRecord<>(TOPIC, 0, 0L, "k", "old")).get();
      producer.send(new ProducerRecord<>(TOPIC, 0, inTenYears, "k", "future")).get();
      assertThat(consume(broker, "read_committed", 2)).containsExactly("old", "future");
    }
  }

  @Test
  void shouldNotCreateTopicsAutomatically() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      assertThatThrownBy(() -> admin.describeTopics(List.of("misspelt")).allTopicNames().get())
          .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
      assertThatIllegalStateException()
          .isThrownBy(() -> broker.createTopics(List.of(topic("not a name"))))
          .withMessageStartingWith("topic not a name cannot be created: ");
    }
  }

  @Test
  void shouldRunTwoBrokersAtOnceAndOneAfterTheOther() throws Exception {
    try (EmbeddedBroker two = EmbeddedBroker.start(dir.resolve("two"))) {
      try (EmbeddedBroker one = EmbeddedBroker.start(dir.resolve("one"))) {
        one.createTopics(List.of(topic(TOPIC)));
        two.createTopics(List.of(topic(TOPIC)));
        produce(one, Map.of(), "first");
        produce(two, Map.of(), "second");
        assertThat(consume(one, "read_committed", 1)).containsExactly("first");
      }
      assertThat(consume(two, "read_committed", 1)).containsExactly("second");
    }
  }

  @Test
  void shouldLeaveNoThreadsAndNoPortsBehind() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    EmbeddedBroker broker = EmbeddedBroker.start(dir);
    broker.createTopics(List.of(topic(TOPIC)));
    String address = broker.bootstrapServers();
    broker.close();
    broker.close();

    int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
    assertThatThrownBy(() -> new Socket("127.0.0.1", port).close()).isInstanceOf(IOException.class);
    Set<String> left = new TreeSet<>();
    for (int attempt = 0; attempt < 50; attempt++) {
      Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
      now.removeAll(before);
      left =
          now.stream()
              .map(Thread::getName)
              // Two idle threads of the metrics library, one pair per JVM, and the JDK's own pool.
              .filter(name -> !name.startsWith("metrics-meter-tick-thread"))
              .filter(name -> !name.startsWith("ForkJoinPool.commonPool"))
              .collect(Collectors.toCollection(TreeSet::new));
      if (left.isEmpty()) {
        break;
      }
      Thread.sleep(100);
    }
    assertThat(left).isEmpty();
  }

  @Test
  void shouldRefuseAFolderInUseHere() {
    try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatIllegalStateException()
            .isThrownBy(() -> EmbeddedBroker.start(dir))
            .withMessageMatching("broker folder \\S+ is in use by another broker: .*");
      }
      assertThat(broker.bootstrapServers()).startsWith("127.0.0.1:");
    }
  }

  /**
   * Also checks that nothing is printed, which only a process of its own can show: here the test
   * runner owns the console.
   */
  @Test
  void shouldRefuseAFolderInUseByAnotherProcessAndPrintNothing() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 24) {
      // Kafka unmaps its index files through Unsafe, for which newer JVMs print a warning.
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(
        List.of("-Xmx512m", "-cp", System.getProperty("java.class.path"), Holder.class.getName()));
    command.add(dir.toString());
    Path printed = dir.resolveSibling(dir.getFileName() + "-printed");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      for (int attempt = 0; attempt < 300 && !Files.exists(dir.resolve("started")); attempt++) {
        Thread.sleep(100);
      }
      assertThat(dir.resolve("started")).exists();
      assertThatIllegalStateException()
          .isThrownBy(() -> EmbeddedBroker.start(dir))
          .withMessageContaining("is in use by another broker");

      process.getOutputStream().close();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readString(printed)).isEmpty();
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(printed);
    }
    EmbeddedBroker.start(dir).close();
  }

  /** Holds a broker on the given folder until its standard input ends. */
  static final class Holder {
    public static void main(String[] args) throws Exception {
      Path dir = Path.of(args[0]);
      try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
        broker.createTopics(List.of(topic(TOPIC)));
        produce(broker, Map.of(), "a");
        Files.createFile(dir.resolve("started"));
        System.in.transferTo(OutputStream.nullOutputStream());
      }
    }
  }

  @Test
  void shouldRefuseAFolderThatCannotBeWritten() throws Exception {
    Path file = Files.createFile(dir.resolve("file"));
    assertThatIllegalStateException()
        .isThrownBy(() -> EmbeddedBroker.start(file))
        .withMessageMatching("broker folder \\S+ cannot be written: \\w+");
  }

  @Test
  void shouldRefuseAFolderWithOtherFiles() throws Exception {
    Files.createFile(dir.resolve("thesis.tex"));
    assertThatIllegalStateException()
        .isThrownBy(() -> EmbeddedBroker.start(dir))
        .withMessageContaining("must be empty or made by a broker, found other files in it");
    assertThat(dir.toFile().list()).containsExactly("thesis.tex");
  }

  @Test
  void shouldSayWhyItDidNotStartAndFreeTheFolder() throws Exception {
    EmbeddedBroker.start(dir).close();
    Path properties = dir.resolve("meta.properties");
    String original = Files.readString(properties, StandardCharsets.UTF_8);
    Files.writeString(properties, original.replace("node.id=1", "node.id=7"));
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatIllegalStateException()
          .isThrownBy(() -> EmbeddedBroker.start(dir))
          .withMessageStartingWith("embedded broker did not start in " + dir)
          .withMessageContaining("7");
    }
    Files.writeString(properties, original);
    EmbeddedBroker.start(dir).close();
  }

  private static NewTopic topic(String name) {
    return new NewTopic(name, 1, (short) 1);
  }

  private static KafkaProducer<String, String> producer(
      EmbeddedBroker broker, Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put("bootstrap.servers", broker.bootstrapServers());
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  private static void produce(EmbeddedBroker broker, Map<String, Object> more, String... values)
      throws Exception {
    try (KafkaProducer<String, String> producer = producer(broker, more)) {
      for (String value : values) {
        producer.send(new ProducerRecord<>(TOPIC, "k", value)).get();
      }
    }
  }

  private static List<String> consume(EmbeddedBroker broker, String isolation, int count) {
    return consume(broker, TOPIC, isolation, count);
  }

  /** Reads from the beginning until {@code count} records have arrived, for at most 30 seconds. */
  private static List<String> consume(
      EmbeddedBroker broker, String topic, String isolation, int count) {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", broker.bootstrapServers());
    config.put("isolation.level", isolation);
    List<String> values = new ArrayList<>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partition = List.of(new TopicPartition(topic, 0));
      consumer.assign(partition);
      consumer.seekToBeginning(partition);
      while (values.size() < count && System.nanoTime() < deadline) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          values.add(record.value());
        }
      }
    }
    return values;
  }
}
