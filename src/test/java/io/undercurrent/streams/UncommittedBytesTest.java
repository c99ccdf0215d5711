package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads Kafka's gauge of a store's uncommitted bytes without a pause while stream threads fail and
 * close their stores. It runs in its own JVM, which a read of freed memory would end with SIGSEGV.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class UncommittedBytesTest {

  private static final String GAUGE = "uncommitted-bytes";
  private static final int ROUNDS = 3;
  private static final int RECORDS = 1_000;

  @TempDir Path folder;

  @Test
  void shouldSurviveReadersOfTheGaugeWhileStoresClose() throws Exception {
    Path out = folder.resolve("out");
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"))) {
      broker.createTopics(List.of(new NewTopic("in", 1, (short) 1)));
      send(broker);

      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:-CreateCoredumpOnCrash",
                  "-XX:ErrorFile=" + folder.resolve("hs_err"),
                  "-cp",
                  System.getProperty("java.class.path"),
                  UncommittedBytesTest.class.getName(),
                  broker.bootstrapServers(),
                  folder.resolve("states").toString())
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start();
      try {
        assertThat(process.waitFor(150, TimeUnit.SECONDS)).as("the application ended").isTrue();
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
      } finally {
        process.destroyForcibly();
      }
    }
    assertThat(Files.readString(out)).contains("rounds " + ROUNDS, "bytes seen true");
  }

  private static void send(EmbeddedBroker broker) {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      for (int i = 0; i < RECORDS; i++) {
        producer.send(new ProducerRecord<>("in", 0, "k" + i, "a b c"));
      }
    }
  }

  /** The application: in each round a record fails, so that the stores close uncleanly. */
  public static void main(String[] arguments) throws Exception {
    AtomicLong largest = new AtomicLong();
    for (int round = 0; round < ROUNDS; round++) {
      try (KafkaStreams streams = streams(arguments[0], arguments[1], round)) {
        AtomicBoolean open = new AtomicBoolean(true);
        Thread reader = new Thread(() -> read(streams, open, largest), "reader");
        reader.start();
        streams.start();
        while (!streams.state().hasCompletedShutdown()) {
          Thread.sleep(20);
        }
        open.set(false);
        reader.join();
      }
    }
    System.out.println("rounds " + ROUNDS);
    System.out.println("bytes seen " + (largest.get() > 0));
  }

  private static void read(KafkaStreams streams, AtomicBoolean open, AtomicLong largest) {
    List<Metric> gauges = List.of();
    for (long i = 0; open.get(); i++) {
      if (i % 1_000 == 0) {
        gauges =
            streams.metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals(GAUGE))
                .<Metric>map(metric -> metric)
                .toList();
      }
      for (Metric gauge : gauges) {
        largest.accumulateAndGet((Long) gauge.metricValue(), Math::max);
      }
    }
  }

  private static KafkaStreams streams(String servers, String folder, int round) {
    StreamsBuilder builder = new StreamsBuilder();
    AtomicLong records = new AtomicLong();
    builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
        .process(
            Enricher.builder(Serdes.String(), LetterModel.looking(1))
                .store(StoreSettings::withoutCache)
                .build()
                .supplier(),
            Named.as("enrich"))
        .foreach(
            (key, record) -> {
              if (records.incrementAndGet() == RECORDS) {
                throw new IllegalStateException("the record that fails");
              }
            });
    Map<String, Object> configs = new HashMap<>();
    configs.put(StreamsConfig.APPLICATION_ID_CONFIG, "round-" + round);
    configs.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    configs.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    configs.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    configs.put(StreamsConfig.TRANSACTIONAL_STATE_STORES_CONFIG, true);
    configs.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 50);
    configs.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    KafkaStreams streams = new KafkaStreams(builder.build(), new StreamsConfig(configs));
    streams.setUncaughtExceptionHandler(e -> StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
    return streams;
  }
}
