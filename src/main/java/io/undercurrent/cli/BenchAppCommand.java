package io.undercurrent.cli;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.Meters;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpEndpoint;
import io.undercurrent.serve.Serving;
import io.undercurrent.streams.internals.KeyStateFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench-app}: the application that {@code bench} measures. Runs until its standard input
 * ends.
 */
@Command(
    name = "bench-app",
    hidden = true,
    description = "Run the application of a measurement; bench starts this command.",
    footer = {
      "",
      "Example:",
      "  ./undercurrent bench-app --case enrich --id a --bootstrap-server localhost:9092 --from in"
          + " --to out --state-dir /tmp/a --guarantee exactly_once_v2 --batch 32 --threads 1"
          + " --model classpath:en-chat"
    })
final class BenchAppCommand implements Callable<Integer> {

  private static final String COMMIT_MS = "100";
  private static final String STORE = "states";

  @Option(
      names = "--case",
      required = true,
      description = "What it does: pass-through, store or enrich.")
  private String workload;

  @Option(names = "--id", required = true, description = "The application.id.")
  private String id;

  @Option(names = "--bootstrap-server", required = true, description = "The broker.")
  private String bootstrapServers;

  @Option(names = "--from", required = true, description = "Topic to read.")
  private String from;

  @Option(names = "--to", required = true, description = "Topic to write.")
  private String to;

  @Option(names = "--state-dir", required = true, description = "The folder of the state stores.")
  private String stateDir;

  @Option(names = "--guarantee", required = true, description = "Kafka's processing.guarantee.")
  private String guarantee;

  @Option(names = "--batch", required = true, description = "Records computed in one batch.")
  private int batch;

  @Option(names = "--threads", required = true, description = "Stream threads.")
  private int threads;

  @Option(names = "--model", required = true, description = "Checkpoint folder.")
  private String model;

  @Option(names = "--queries", description = "Answer queries over HTTP on any free port.")
  private boolean queries;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Model loaded = Heap.load(model);
    if (workload.equals("enrich")) {
      TopologyDefinition definition =
          TopologyDefinition.shipped().withTopics(List.of(from), to, to + "-dead");
      PrometheusMeterRegistry registry = Meters.registry(definition);
      try (StreamsApp app = new StreamsApp(definition, config(), loaded, registry);
          HttpEndpoint http =
              queries ? Serving.start(config(), 0, definition, app, registry) : null) {
        app.checkTopics(true);
        app.start();
        app.awaitRunning();
        awaitEndOfInput(http == null ? "" : "http://127.0.0.1:" + http.port());
        app.throwIfFailed();
      }
      return 0;
    }
    int stateBytes = new KeyStateFormat(loaded).sizeInBytes();
    Properties properties = new Properties();
    properties.putAll(config().streams(Map.of()));
    CountDownLatch running = new CountDownLatch(1);
    try (KafkaStreams streams = new KafkaStreams(topology(stateBytes), properties)) {
      streams.setStateListener(
          (now, before) -> {
            if (now == KafkaStreams.State.RUNNING || now == KafkaStreams.State.ERROR) {
              running.countDown();
            }
          });
      streams.start();
      running.await();
      awaitEndOfInput("");
    }
    return 0;
  }

  private static void awaitEndOfInput(String address) throws IOException {
    System.out.println("ready " + address);
    System.in.transferTo(OutputStream.nullOutputStream());
  }

  private UndercurrentConfig config() {
    Map<String, String> settings = new HashMap<>();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.toString(threads));
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MS);
    settings.put(UndercurrentConfig.BATCH_RECORDS, Integer.toString(batch));
    settings.put(UndercurrentConfig.TOPICS_PARTITIONS, "1");
    settings.put(UndercurrentConfig.TOPICS_REPLICATION_FACTOR, "1");
    return UndercurrentConfig.of(settings);
  }

  private Topology topology(int stateBytes) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], byte[]> records =
        builder.stream(
            from, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()).withName("source"));
    if (workload.equals("store")) {
      builder.addStateStore(
          Stores.keyValueStoreBuilder(
                  Stores.persistentKeyValueStore(STORE), Serdes.Bytes(), Serdes.ByteArray())
              .withCachingEnabled());
      records = records.process(() -> new GetAndPut(stateBytes), Named.as("store"), STORE);
    }
    records.to(to, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()).withName("sink"));
    return builder.build();
  }

  /** Reads a key's state and writes it back with another first byte. */
  private static final class GetAndPut extends ContextualProcessor<byte[], byte[], byte[], byte[]> {
    private final int stateBytes;

    GetAndPut(int stateBytes) {
      this.stateBytes = stateBytes;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      KeyValueStore<Bytes, byte[]> store = context().getStateStore(STORE);
      Bytes key = Bytes.wrap(record.key());
      byte[] before = store.get(key);
      byte[] after = before == null ? new byte[stateBytes] : before.clone();
      after[0]++;
      context().forward(record);
      store.put(key, after);
    }
  }
}
