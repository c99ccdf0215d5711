package io.undercurrent.streams;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;

/**
 * A user's application that runs in its own JVM with any version of Kafka Streams. It uses texts,
 * meters, look-ahead, dead letters and a query. Arguments: bootstrap servers, application id,
 * folder for states, and the number of records to enrich. It prints its results, one a line, and
 * ends.
 */
final class KafkaRangeApp {

  private static final int POLL_RECORDS = 10; // several, so that there are records to look ahead to

  private KafkaRangeApp() {}

  public static void main(String[] arguments) throws Exception {
    String id = arguments[1];
    Model model = LetterModel.looking(1);
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    LookAhead lookAhead = new LookAhead();
    Serde<String> readable =
        Serdes.serdeFrom(
            Serdes.String().serializer(),
            (topic, bytes) -> failAt("unreadable", new String(bytes, StandardCharsets.UTF_8)));
    Serde<EnrichedRecord> enriched = new EnrichedRecordSerde();
    Serde<EnrichedRecord> writable =
        Serdes.serdeFrom(
            (topic, record) -> {
              failAt("unwritable", record.text());
              return enriched.serializer().serialize(topic, record);
            },
            enriched.deserializer());
    int expected = Integer.parseInt(arguments[3]);
    CountDownLatch enrichedRecords = new CountDownLatch(expected);

    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(id, Consumed.with(Serdes.String(), readable))
        .process(
            Enricher.builder(Serdes.String(), model)
                .meters(registry)
                .lookAhead(lookAhead, readable)
                .build()
                .supplier(),
            Named.as("enrich"))
        .mapValues(
            record -> {
              enrichedRecords.countDown();
              failAt("downstream", record.text());
              return record;
            })
        .to(id + "-out", Produced.with(Serdes.String(), writable));

    Map<String, Object> configs = new HashMap<>();
    configs.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
    configs.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    configs.put(StreamsConfig.STATE_DIR_CONFIG, arguments[2]);
    configs.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    configs.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    configs.put(StreamsConfig.consumerPrefix("max.poll.records"), POLL_RECORDS);
    configs.putAll(DeadLetterHandler.settings(id + "-dead", registry));
    try (KafkaStreams streams =
        new KafkaStreams(builder.build(), new StreamsConfig(lookAhead.addTo(configs)))) {
      streams.start();
      if (!enrichedRecords.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            enrichedRecords.getCount() + " records must be enriched within 60 s and are not");
      }
      System.out.println("version " + version());
      StreamsQueries queries =
          new StreamsQueries(
              () -> streams,
              Host.of("localhost:1"),
              model,
              EnrichmentSettings.DEFAULTS,
              () -> 1,
              false);
      byte[] key = "k".getBytes(StandardCharsets.UTF_8);
      long records = 0;
      for (int i = 0; i < 100 && records < expected; i++) { // the last record may not be stored yet
        Thread.sleep(100);
        records =
            queries.read(queries.locate(key), key, false, new HashSet<>()).conversation().records();
      }
      System.out.println("records of k " + records);
      System.out.println("instances " + queries.instances().size());
      System.out.println("lag known " + (queries.inputLag(List.of(id)) != null));
      System.out.println(
          "looked ahead " + (registry.get(MeterNames.AHEAD_USED).counter().count() > 0));
      System.out.println(
          "dead letters "
              + (int)
                  registry.get(MeterNames.DEAD_LETTERS).counters().stream()
                      .mapToDouble(counter -> counter.count())
                      .sum());
    }
  }

  /** The version of Kafka Streams on the class path. */
  static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream file =
        KafkaStreams.class.getResourceAsStream("/kafka/kafka-streams-version.properties")) {
      properties.load(file);
    }
    return properties.getProperty("version");
  }

  private static String failAt(String failing, String text) {
    if (text.equals(failing)) {
      throw new SerializationException(failing);
    }
    return text;
  }
}
