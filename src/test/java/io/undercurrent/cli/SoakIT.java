package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.cli.SoakCheck.Place;
import io.undercurrent.cli.SoakPlan.Fault;
import io.undercurrent.cli.SoakPlan.Step;
import io.undercurrent.io.Json;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills, stops and pauses the instances of an application while records come, then compares its
 * output with that of {@code enrich}: each record once, in order, with the same bytes.
 *
 * <p>{@code mvn verify} runs a few faults. {@code mvn -Psoak verify} runs many; its system
 * properties are {@code soak.seed}, {@code soak.faults}, {@code soak.records}, {@code soak.keys}
 * and {@code soak.protocol} ({@code classic} or {@code streams}). Seeds 0 to 3 have all
 * combinations of 0 and 1 standbys with batches of 32 and 1. The report is {@code
 * target/soak/report-<protocol>-<seed>.json}.
 */
@Timeout(6 * 60 * 60)
class SoakIT {

  private static final long SEED = Long.getLong("soak.seed", 1);
  private static final int FAULTS = Integer.getInteger("soak.faults", 11);
  private static final int RECORDS = Integer.getInteger("soak.records", 3_300);
  private static final int KEYS = Integer.getInteger("soak.keys", 200);
  private static final String PROTOCOL = System.getProperty("soak.protocol", "classic");

  private static final int INSTANCES = 2; // and one that comes and goes
  private static final int PARTITIONS = 4;
  private static final double BAD = 0.01; // share of records that become letters
  private static final int SESSION_MS = 6_000;
  private static final int HEARTBEAT_MS = 1_500;
  private static final int TRANSACTION_MS = 7_000;
  private static final int PAUSE_MS = SESSION_MS + TRANSACTION_MS;
  private static final int PACE_MS = 2_000; // time in which a step's records are sent

  /** Records sent after a fault; when all are enriched, all partitions have recovered. */
  private static final int BEHIND = 5 * PARTITIONS;

  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @TempDir private Path folder;

  private final Child[] children = new Child[INSTANCES + 1]; // null while it is not there
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final List<String> enrichInput = new ArrayList<>();
  private final Set<Place> bad = new HashSet<>();
  private final Map<Fault, List<Double>> recoverySeconds = new TreeMap<>();
  private int restarts; // of instances that ended by themselves
  private int kills;
  private Path model;
  private EmbeddedBroker broker;
  private KafkaProducer<byte[], byte[]> producer;
  private Output enriched;
  private Output letters;

  @BeforeEach
  void startCluster() throws Exception {
    model = SmallModel.writeLooking(folder.resolve("model"));
    broker = EmbeddedBroker.start(folder.resolve("broker"));
    broker.createTopics(
        List.of(
            new NewTopic("messages", PARTITIONS, (short) 1),
            new NewTopic("enriched", PARTITIONS, (short) 1),
            new NewTopic("letters", 1, (short) 1)));
    setGroup("streams.session.timeout.ms", SESSION_MS);
    setGroup("streams.heartbeat.interval.ms", HEARTBEAT_MS);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    enriched = new Output(broker, "enriched");
    letters = new Output(broker, "letters");
  }

  /** Under the streams protocol the brokers have these settings, and not the members. */
  private void setGroup(String key, int value) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      AlterConfigOp set =
          new AlterConfigOp(new ConfigEntry(key, Integer.toString(value)), OpType.SET);
      admin
          .incrementalAlterConfigs(
              Map.of(new ConfigResource(ConfigResource.Type.GROUP, "soak"), List.of(set)))
          .all()
          .get();
    }
  }

  @AfterEach
  void stopCluster() {
    Arrays.stream(children).filter(child -> child != null).forEach(Child::close);
    enriched.close();
    letters.close();
    producer.close();
    broker.close();
  }

  @Test
  void shouldEnrichEachRecordOnceWhateverIsKilled() throws Exception {
    SoakPlan plan = SoakPlan.of(SEED, FAULTS, INSTANCES);
    for (int i = 0; i < INSTANCES; i++) {
      start(i);
    }
    int sent = 0;
    for (int s = 0; s < FAULTS; s++) {
      Step step = plan.steps().get(s);
      int until = (int) ((long) RECORDS * (s + 1) / FAULTS);
      int before = sent + (int) ((until - sent) * step.at());
      send(sent, before);
      long begin = System.nanoTime();
      apply(step);
      int behind = Math.min(until, before + BEHIND);
      send(before, behind);
      awaitOutput(behind);
      double seconds = (System.nanoTime() - begin) / 1e9;
      recoverySeconds.computeIfAbsent(step.fault(), f -> new ArrayList<>()).add(seconds);
      System.out.printf(
          Locale.ROOT, "soak: %d of %d, %s, %.1f s%n", s + 1, FAULTS, step.fault(), seconds);
      send(behind, until);
      sent = until;
    }
    awaitOutput(RECORDS);
    for (int i = 0; i < children.length; i++) {
      stop(i);
    }
    enriched.drain();
    letters.drain();

    SoakCheck check =
        SoakCheck.of(
            ExactlyOnceIT.enrichedLines(model, enrichInput),
            bad,
            enriched.records,
            letters.records);
    report(check);
    assertThat(check.isClean()).as(check.toString()).isTrue();
  }

  private void apply(Step step) throws Exception {
    int i = step.instance();
    switch (step.fault()) {
      case KILL -> {
        kill(i);
        start(i);
      }
      case TERMINATE -> {
        stop(i);
        start(i);
      }
      case PAUSE -> {
        children[i].signal("STOP");
        Thread.sleep(PAUSE_MS);
        children[i].signal("CONT");
      }
      case WIPE -> {
        kill(i);
        delete(folder.resolve("state-" + i));
        start(i);
      }
      case KILL_TWICE -> {
        kill(i);
        start(i);
        Thread.sleep(step.delayMs());
        kill(i);
        start(i);
      }
      case KILL_IN_STOP -> {
        children[i].terminate();
        Thread.sleep(step.delayMs() / 2);
        kill(i);
        start(i);
      }
      case JOIN -> start(i);
      case LEAVE -> stop(i);
      default -> throw new IllegalStateException(step.toString());
    }
  }

  private void start(int i) throws IOException {
    boolean streams = PROTOCOL.equals("streams");
    List<String> lines =
        new ArrayList<>(
            List.of(
                "bootstrap.servers=" + broker.bootstrapServers(),
                "application.id=soak",
                "state.dir=" + folder.resolve("state-" + i),
                "group.protocol=" + PROTOCOL,
                "num.stream.threads=2",
                "num.standby.replicas=" + SEED % 2,
                "undercurrent.batch.records=" + (SEED % 4 < 2 ? 32 : 1),
                "undercurrent.http.port=-1",
                "producer.transaction.timeout.ms=" + TRANSACTION_MS));
    if (!streams) {
      lines.add("main.consumer.session.timeout.ms=" + SESSION_MS);
      lines.add("main.consumer.heartbeat.interval.ms=" + HEARTBEAT_MS);
    }
    Path settings =
        Files.writeString(folder.resolve("soak-" + i + ".properties"), String.join("\n", lines));
    Path topology =
        Files.writeString(
            folder.resolve("soak.yaml"),
            String.join(
                "\n",
                "name: soak",
                "source: {topics: [messages], value: json, text: /text, key: record}",
                "model: " + model,
                "next: 3",
                "store: hidden-state",
                "sinks: {enriched: enriched, deadLetters: letters}"));
    children[i] =
        Child.start(
            folder, "run", "--config", settings.toString(), "--topology", topology.toString());
  }

  private void kill(int i) throws InterruptedException {
    kills++;
    children[i].kill();
  }

  /** Stops an instance with SIGTERM, if it is there. */
  private void stop(int i) throws Exception {
    if (children[i] != null) {
      children[i].terminate();
      children[i].exitCode(PATIENCE);
      children[i] = null;
    }
  }

  /** Sends the records [from, to). */
  private void send(int from, int to) throws Exception {
    for (int i = from; i < to; i++) {
      StringBuilder text = new StringBuilder();
      for (int w = random.nextInt(9); w > 0; w--) {
        text.append(TinyModel.WORDS.get(random.nextInt(TinyModel.WORDS.size()))).append(' ');
      }
      String key = "key-" + random.nextInt(KEYS);
      boolean isBad = random.nextDouble() < BAD;
      String value = isBad ? "no JSON" : "{\"text\":\"" + text + "\"}";
      long timestamp = 1_700_000_000_000L + i * 1000L;
      RecordMetadata at =
          producer
              .send(new ProducerRecord<>("messages", null, timestamp, bytes(key), bytes(value)))
              .get();
      if (isBad) {
        bad.add(new Place(at.partition(), at.offset()));
      } else {
        enrichInput.add(ExactlyOnceIT.enrichLine(key, text.toString(), timestamp, at));
      }
      if (i % 10 == 0) {
        Thread.sleep(PACE_MS * 10L * FAULTS / RECORDS);
      }
    }
  }

  /** Waits until as many records and letters are committed. Restarts instances that have ended. */
  private void awaitOutput(int count) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (enriched.records.size() + letters.records.size() < count) {
      for (int i = 0; i < children.length; i++) {
        if (children[i] != null && !children[i].isAlive()) {
          restarts++;
          System.out.println("soak: restarting instance " + i + ": " + children[i].err());
          start(i);
        }
      }
      if (System.nanoTime() > deadline) {
        StringBuilder errors = new StringBuilder();
        for (Child child : children) {
          errors.append(child == null ? "" : "\n" + child.err());
        }
        throw new AssertionError(
            "%d records must be committed within %s, found %d enriched and %d letters%s"
                .formatted(
                    count, PATIENCE, enriched.records.size(), letters.records.size(), errors));
      }
      enriched.poll();
      letters.poll();
    }
  }

  private void report(SoakCheck check) throws IOException {
    ObjectNode report = Json.STRICT.createObjectNode();
    report.put("seed", SEED);
    report.put("protocol", PROTOCOL);
    report.put("faults", FAULTS);
    report.put("kills", kills);
    report.put("restarts", restarts);
    report.put("records", enrichInput.size() + bad.size());
    report.put("letters", bad.size());
    report.put("keys", KEYS);
    report.put("lost", check.lost());
    report.put("doubled", check.doubled());
    report.put("outOfOrder", check.outOfOrder());
    report.put("diverged", check.diverged());
    ObjectNode seconds = report.putObject("recoverySeconds");
    recoverySeconds.forEach(
        (fault, all) -> {
          ArrayNode sorted = seconds.putArray(fault.name().toLowerCase(Locale.ROOT));
          all.stream().sorted().forEach(s -> sorted.add(Math.rint(s * 10) / 10));
        });
    ArrayNode examples = report.putArray("examples");
    check.examples().forEach(examples::add);
    Path file = Path.of("target", "soak", "report-" + PROTOCOL + "-" + SEED + ".json");
    Files.createDirectories(file.getParent());
    Files.write(file, Json.STRICT.writerWithDefaultPrettyPrinter().writeValueAsBytes(report));
    System.out.println(Files.readString(file));
  }

  private static void delete(Path folder) throws IOException {
    Utils.delete(folder.toFile());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The committed records of a topic. */
  private static final class Output implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

    Output(EmbeddedBroker broker, String topic) {
      consumer =
          new KafkaConsumer<>(
              Map.of(
                  "bootstrap.servers",
                  broker.bootstrapServers(),
                  "isolation.level",
                  "read_committed"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }

    void poll() {
      consumer.poll(Duration.ofMillis(20)).forEach(records::add);
    }

    /** Reads to the end, so that records that were written twice are there too. */
    void drain() {
      Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("not read to " + ends);
        }
        poll();
      }
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
