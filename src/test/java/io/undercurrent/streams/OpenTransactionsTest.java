package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.metrics.MeterNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 240, unit = TimeUnit.SECONDS)
class OpenTransactionsTest {

  private static final Pattern COMMAND =
      Pattern.compile(
          "kafka-transactions\\.sh --bootstrap-server (\\S+) abort --topic (\\S+)"
              + " --partition (\\d+) --start-offset (\\d+)$");

  @TempDir private static Path brokerFolder;
  private static EmbeddedBroker broker;
  private static Admin admin;

  @TempDir private Path folder;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  @AfterAll
  static void stopBroker() {
    admin.close();
    broker.close();
  }

  @Test
  void shouldSayWhatWaitsAndHowToEndItOnceATransactionLasts() throws Exception {
    broker.createTopics(List.of(new NewTopic("lasting", 2, (short) 1)));
    TopicPartition partition = new TopicPartition("lasting", 1);
    TopicPartition other = new TopicPartition("lasting", 0);
    OpenTransactions transactions = transactions(Set.of(partition, other));
    transactions.round();
    assertThat(transactions.behind()).isEmpty();

    send("lasting", 1, 4);
    try (KafkaProducer<String, String> hanging = open("lasting", 1, 3)) {
      send("lasting", 1, 2);
      send("lasting", 0, 1);
      transactions.round();
      transactions.round();
      transactions.round();
      assertThat(transactions.behind()).as("before it looks again").isEmpty();
      for (int look = 1; look <= OpenTransactions.LASTING; look++) {
        assertThat(transactions.problem()).isNull();
        transactions.round();
        assertThat(transactions.behind()).isEqualTo(Map.of(partition, 5L));
      }
      assertThat(transactions.problem())
          .startsWith("partition lasting-1 waits for a transaction that has been open since 2")
          .contains("up to 5 records are behind it");
      endAsTheCommandDoes(transactions.problem());
      hanging.close(Duration.ZERO);
    }
    while (!transactions.behind().isEmpty()) {
      transactions.round();
    }
    assertThat(transactions.problem()).isNull();
  }

  @Test
  void shouldNotBlameProducersThatEndTheirTransactions() throws Exception {
    broker.createTopics(List.of(new NewTopic("brief", 1, (short) 1)));
    TopicPartition partition = new TopicPartition("brief", 0);
    OpenTransactions transactions = transactions(Set.of(partition));
    for (int look = 0; look < 2 * OpenTransactions.LASTING; look++) {
      try (KafkaProducer<String, String> producer = open("brief", 0, 1)) {
        do {
          transactions.round();
        } while (transactions.behind().isEmpty());
        producer.commitTransaction();
      }
      assertThat(transactions.problem()).isNull();
    }
  }

  /** First a transaction in the source topic, then one in the changelog, in front of a restore. */
  @Test
  void shouldCountRecordsBehindATransactionAndSayWhyARestoreWaits() throws Exception {
    broker.createTopics(List.of(new NewTopic("in", 1, (short) 1)));
    Map<String, Object> configs =
        Map.of(
            "application.id",
            "counter",
            "bootstrap.servers",
            broker.bootstrapServers(),
            "state.dir",
            folder.toString(),
            "processing.guarantee",
            "exactly_once_v2");
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
        .groupByKey()
        .count(Materialized.as("counts"));
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    send("in", 0, 1);
    try (KafkaProducer<String, String> hanging = open("in", 0, 3);
        ApplicationMeters meters = new ApplicationMeters(registry, configs);
        KafkaStreams streams = new KafkaStreams(builder.build(), new StreamsConfig(configs))) {
      send("in", 0, 2);
      meters.attachTo(streams);
      streams.start();
      await(() -> registry.get(MeterNames.LAG).gauge().value() == 5);
      await(() -> meters.notReady().isEmpty());
      hanging.commitTransaction();
      await(() -> registry.get(MeterNames.LAG).gauge().value() == 0);
    }
    try (KafkaProducer<String, String> hanging = open("counter-counts-changelog", 0, 1);
        ApplicationMeters meters = new ApplicationMeters(registry, configs);
        KafkaStreams streams = new KafkaStreams(builder.build(), new StreamsConfig(configs))) {
      streams.cleanUp();
      meters.attachTo(streams);
      streams.start();
      await(() -> meters.notReady().orElse("").contains("counter-counts-changelog-0 waits for"));
      endAsTheCommandDoes(meters.notReady().orElseThrow());
      await(() -> meters.notReady().isEmpty());
      hanging.close(Duration.ZERO);
    }
  }

  private static OpenTransactions transactions(Set<TopicPartition> partitions) {
    return new OpenTransactions(admin, broker.bootstrapServers(), () -> partitions);
  }

  /** A producer with an open transaction of some records, which would last for 15 minutes. */
  private static KafkaProducer<String, String> open(String topic, int partition, int records)
      throws Exception {
    KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "transactional.id",
                "of-" + topic,
                "transaction.timeout.ms",
                900_000),
            new StringSerializer(),
            new StringSerializer());
    producer.initTransactions();
    producer.beginTransaction();
    for (int i = 0; i < records; i++) {
      producer.send(new ProducerRecord<>(topic, partition, "k", "open")).get();
    }
    return producer;
  }

  private static void send(String topic, int partition, int records) {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 0; i < records; i++) {
        producer.send(new ProducerRecord<>(topic, partition, "k", "v"));
      }
    }
  }

  /** Does what Kafka's TransactionsCommand does with these arguments. */
  private static void endAsTheCommandDoes(String problem) throws Exception {
    Matcher command = COMMAND.matcher(problem);
    assertThat(command.find()).as(problem).isTrue();
    assertThat(command.group(1)).isEqualTo(broker.bootstrapServers());
    TopicPartition partition =
        new TopicPartition(command.group(2), Integer.parseInt(command.group(3)));
    long startOffset = Long.parseLong(command.group(4));
    ProducerState producer =
        admin
            .describeProducers(List.of(partition))
            .partitionResult(partition)
            .get()
            .activeProducers()
            .stream()
            .filter(each -> each.currentTransactionStartOffset().orElse(-1) == startOffset)
            .findFirst()
            .orElseThrow();
    admin
        .abortTransaction(
            new AbortTransactionSpec(
                partition,
                producer.producerId(),
                (short) producer.producerEpoch(),
                producer.coordinatorEpoch().orElse(0)))
        .all()
        .get();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) { // or the class's timeout
      Thread.sleep(100);
    }
  }
}
