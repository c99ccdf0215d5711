package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.cli.SoakPlan.Fault;
import io.undercurrent.cli.SoakPlan.Step;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.io.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills, stops and pauses the instances of an application and its brokers while records come and
 * queries are asked. Then compares the output with that of {@code enrich}: each record once, in
 * order, with the same bytes. The states and memories in the changelogs must be those of an
 * undisturbed run, and each answer to a query one that was true at some time.
 *
 * <p>{@code mvn verify} runs each fault of instances once, with one broker. {@code mvn -Psoak
 * verify} runs many faults with three brokers, which it kills, stops and pauses too. Its system
 * properties:
 *
 * <ul>
 *   <li>{@code soak.seed}: the plan, the records and the settings follow from it. Seeds 0 to 3 have
 *       all combinations of 0 and 1 standbys with batches of 32 and 1.
 *   <li>{@code soak.protocol}: {@code classic} or {@code streams}
 *   <li>{@code soak.faults}, {@code soak.records}, {@code soak.keys}: how many
 *   <li>{@code soak.minutes}: no new fault begins after this time, so there may be fewer
 *   <li>{@code soak.brokers}: 1 or 3
 *   <li>{@code soak.only.broker=true}: kills also an only broker. Kafka may then lose the end of a
 *       transaction (KAFKA-20734), so the counts may differ from 0.
 *   <li>{@code soak.broker.jars}: a folder with the jars of another version of Kafka's brokers
 *   <li>{@code soak.corrupt=true}: damages files of states, too (so in the profile)
 *   <li>{@code soak.kinds}: only these faults, separated by commas
 * </ul>
 *
 * <p>A fault's recovery is the time from its beginning until all records are enriched that were
 * sent until shortly after it: it includes the fault's own waits, such as those of a pause.
 *
 * <p>The report is {@code target/soak/report-<protocol>-<seed>.json}.
 */
@Timeout(6 * 60 * 60)
class SoakIT {

  private static final long SEED = Long.getLong("soak.seed", 1);
  private static final int FAULTS = Integer.getInteger("soak.faults", 12);
  private static final int RECORDS = Integer.getInteger("soak.records", 3_600);
  private static final int KEYS = Integer.getInteger("soak.keys", 200);
  private static final long MINUTES = Long.getLong("soak.minutes", Long.MAX_VALUE);
  private static final int BROKERS = Integer.getInteger("soak.brokers", 1);
  private static final String PROTOCOL = System.getProperty("soak.protocol", "classic");

  private static final int INSTANCES = 2; // and one that comes and goes
  private static final int OTHER = INSTANCES;
  private static final int PARTITIONS = 4;
  private static final int NEXT = 3;
  private static final int PAUSE_MS = SoakInstances.SESSION_MS + SoakInstances.TRANSACTION_MS;
  private static final double STEP_SECONDS = 1; // in which a step's records are sent
  private static final int QUERY_PAUSE_MS = 100;

  /** Records sent after a fault; when all are enriched, all partitions have recovered. */
  private static final int BEHIND = 5 * PARTITIONS;

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final SoakReport report = new SoakReport();
  private final ExecutorService sender = Executors.newSingleThreadExecutor();
  private Path model;
  private KafkaNodes brokers;
  private SoakInstances instances;
  private SoakInput input;
  private SoakQueries queries;
  private TopicReader enriched;
  private TopicReader letters;
  private int faults; // so far
  private int brokerKills;
  private int counted; // enriched records that the queries know of

  @BeforeEach
  void startCluster() throws Exception {
    model = SmallModel.writeLooking(folder.resolve("model"));
    String jars = System.getProperty("soak.broker.jars");
    brokers =
        KafkaNodes.start(folder.resolve("brokers"), BROKERS, jars == null ? null : Path.of(jars));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrapServers()))) {
      admin
          .createTopics(
              List.of(
                  new NewTopic("messages", PARTITIONS, (short) -1),
                  new NewTopic("enriched", PARTITIONS, (short) -1),
                  new NewTopic("letters", 1, (short) -1)))
          .all()
          .get();
      // Under the streams protocol the brokers have these settings, and not the members.
      setGroup(admin, "streams.session.timeout.ms", SoakInstances.SESSION_MS);
      setGroup(admin, "streams.heartbeat.interval.ms", SoakInstances.HEARTBEAT_MS);
      setGroup(admin, "streams.num.standby.replicas", standbys());
    }
    input = new SoakInput(brokers.bootstrapServers(), SEED, KEYS);
    enriched = TopicReader.committed(brokers.bootstrapServers(), "enriched");
    letters = TopicReader.committed(brokers.bootstrapServers(), "letters");
    Files.writeString(
        folder.resolve("soak.yaml"),
        String.join(
            "\n",
            "name: soak",
            "source: {topics: [messages], value: json, text: /text, key: record}",
            "model: " + model,
            "next: " + NEXT,
            "store: hidden-state",
            "sinks: {enriched: enriched, deadLetters: letters}"));
    instances = new SoakInstances(folder, settings(), INSTANCES + 1);
    queries = new SoakQueries(instances.ports(), KEYS, SEED, QUERY_PAUSE_MS);
  }

  private static void setGroup(Admin admin, String key, int value) throws Exception {
    AlterConfigOp set =
        new AlterConfigOp(new ConfigEntry(key, Integer.toString(value)), OpType.SET);
    admin
        .incrementalAlterConfigs(
            Map.of(new ConfigResource(ConfigResource.Type.GROUP, "soak"), List.of(set)))
        .all()
        .get();
  }

  private static int standbys() {
    return (int) (SEED % 2);
  }

  private static int batch() {
    return SEED % 4 < 2 ? 32 : 1;
  }

  private List<String> settings() {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "bootstrap.servers=" + brokers.bootstrapServers(),
                "application.id=soak",
                "group.protocol=" + PROTOCOL,
                "num.stream.threads=2",
                "num.standby.replicas=" + standbys(),
                "undercurrent.batch.records=" + batch(),
                "producer.transaction.timeout.ms=" + SoakInstances.TRANSACTION_MS));
    if (!PROTOCOL.equals("streams")) {
      lines.add("main.consumer.session.timeout.ms=" + SoakInstances.SESSION_MS);
      lines.add("main.consumer.heartbeat.interval.ms=" + SoakInstances.HEARTBEAT_MS);
    }
    return lines;
  }

  @AfterEach
  void stopCluster() {
    sender.shutdownNow();
    if (queries != null) {
      queries.close();
    }
    if (instances != null) {
      instances.close();
    }
    for (AutoCloseable client : new AutoCloseable[] {enriched, letters, input}) {
      closeQuietly(client);
    }
    if (brokers != null) {
      brokers.close();
    }
  }

  private static void closeQuietly(AutoCloseable client) {
    try {
      if (client != null) {
        client.close();
      }
    } catch (Exception e) {
      System.out.println("soak: not closed: " + e);
    }
  }

  private static Set<Fault> kinds() {
    Set<Fault> kinds = EnumSet.allOf(Fault.class);
    if (!Boolean.getBoolean("soak.corrupt")) {
      kinds.remove(Fault.CORRUPT);
    }
    if (BROKERS < 3 && !Boolean.getBoolean("soak.only.broker")) {
      kinds.removeAll(Fault.OF_BROKERS);
    }
    String only = System.getProperty("soak.kinds");
    if (only != null) {
      kinds.clear();
      for (String kind : only.split(",")) {
        kinds.add(Fault.valueOf(kind.toUpperCase(Locale.ROOT)));
      }
    }
    return kinds;
  }

  @Test
  void shouldEnrichEachRecordOnceWhateverIsKilled() throws Exception {
    SoakPlan plan = SoakPlan.of(SEED, FAULTS, kinds(), INSTANCES, BROKERS);
    for (int i = 0; i < INSTANCES; i++) {
      instances.start(i);
    }
    int sent = 0;
    long started = System.nanoTime();
    for (int s = 0; s < FAULTS && minutesSince(started) < MINUTES; s++) {
      Step step = plan.steps().get(s);
      int until = (int) ((long) RECORDS * (s + 1) / FAULTS);
      int meanwhile = Math.max(sent, until - BEHIND);
      int before = sent + (int) ((meanwhile - sent) * step.at());
      double rate = (until - sent) / STEP_SECONDS;
      input.send(sent, before, rate);
      long begin = System.nanoTime();
      AtomicBoolean applied = new AtomicBoolean();
      Future<Integer> sending =
          sender.submit(() -> input.send(before, meanwhile, rate, applied::get));
      apply(step);
      applied.set(true);
      sent = sending.get() + BEHIND;
      input.send(sent - BEHIND, sent, rate);
      awaitOutput(sent);
      double seconds = (System.nanoTime() - begin) / 1e9;
      report.recovered(step.fault(), seconds);
      System.out.printf(
          Locale.ROOT,
          "soak: %s %d: fault %d of %d, record %d of %d, %s, %.1f s%n",
          PROTOCOL,
          SEED,
          s + 1,
          FAULTS,
          until,
          RECORDS,
          step.fault(),
          seconds);
      if (Fault.OF_BROKERS.contains(step.fault())) {
        brokers.awaitAllInSync(); // so that never two of three are away
      }
      input.send(sent, until, rate);
      sent = until;
      faults++;
    }
    awaitOutput(sent);
    queries.close();
    for (int i = 0; i <= OTHER; i++) {
      instances.stop(i);
    }
    check();
  }

  private static long minutesSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - nanos);
  }

  private void check() throws Exception {
    enriched.drain();
    letters.drain();
    Map<String, List<String>> expected = ExactlyOnceIT.enrichedLines(model, input.enrichLines());
    SoakCheck check = SoakCheck.of(expected, input.bad(), enriched.records(), letters.records());
    SoakStates states =
        SoakStates.of(model, EnrichmentSettings.DEFAULTS.withNextTokens(NEXT), input.good());
    List<String> different = new ArrayList<>();
    try (TopicReader changelog = changelog("hidden-state");
        TopicReader memories = changelog("hidden-state-memory")) {
      different.addAll(states.differentStates(changelog.records()));
      different.addAll(states.differentMemories(memories.records()));
    }
    SoakAnswers.Verdict answers = queries.answers().verdict(expected);
    report.write(facts(), check, different, answers);
    assertThat(check.isClean()).as(check.toString()).isTrue();
    assertThat(different).as("states and memories that differ").isEmpty();
    assertThat(answers.isClean()).as(answers.toString()).isTrue();
  }

  private TopicReader changelog(String store) {
    TopicReader changelog =
        TopicReader.committed(brokers.bootstrapServers(), "soak-" + store + "-changelog");
    changelog.drain();
    return changelog;
  }

  private ObjectNode facts() {
    return Json.STRICT
        .createObjectNode()
        .put("seed", SEED)
        .put("protocol", PROTOCOL)
        .put("brokers", BROKERS)
        .put("standbys", standbys())
        .put("batch", batch())
        .put("faults", faults)
        .put("kills", instances.kills() + brokerKills)
        .put("restarts", instances.restarts())
        .put("records", input.good().size() + input.bad().size())
        .put("letters", input.bad().size())
        .put("keys", KEYS);
  }

  private void apply(Step step) throws Exception {
    int i = step.instance();
    int other = (i + 1) % INSTANCES;
    int b = step.broker();
    switch (step.fault()) {
      case KILL -> {
        instances.kill(i);
        instances.start(i);
      }
      case TERMINATE -> {
        instances.stop(i);
        instances.start(i);
      }
      case PAUSE -> {
        instances.pause(i);
        Thread.sleep(PAUSE_MS);
        instances.resume(i);
      }
      case WIPE -> {
        instances.kill(i);
        instances.wipe(i);
        instances.start(i);
      }
      case KILL_TWICE -> {
        instances.kill(i);
        instances.start(i);
        Thread.sleep(step.delayMs());
        instances.kill(i);
        instances.start(i);
      }
      case KILL_IN_RESTORE -> {
        instances.kill(i);
        instances.wipe(i);
        instances.start(i);
        Thread.sleep(step.delayMs());
        instances.kill(i);
        instances.start(i);
      }
      case KILL_IN_STOP -> {
        instances.terminate(i);
        Thread.sleep(step.delayMs() / 2);
        instances.kill(i);
        instances.start(i);
      }
      case JOIN_OR_LEAVE -> instances.startOrStop(OTHER);
      case JOIN_OR_LEAVE_IN_RESTORE -> {
        instances.kill(i);
        instances.wipe(i);
        instances.start(i);
        Thread.sleep(step.delayMs());
        instances.startOrStop(OTHER);
      }
      case KILL_IN_REBALANCE -> {
        instances.startOrStop(OTHER);
        Thread.sleep(step.delayMs());
        instances.kill(i);
        instances.start(i);
      }
      case KILL_ALL -> {
        for (int n = 0; n < INSTANCES; n++) {
          instances.kill(n);
        }
        for (int n = 0; n < INSTANCES; n++) {
          instances.start(n);
        }
      }
      case KILL_IN_PAUSE -> {
        instances.pause(i);
        Thread.sleep(step.delayMs());
        instances.kill(other);
        instances.start(other);
        Thread.sleep(PAUSE_MS - step.delayMs());
        instances.resume(i);
      }
      case CORRUPT -> {
        instances.kill(i);
        instances.damage(i, random);
        instances.start(i);
      }
      case KILL_BROKER -> {
        killBroker(b);
        Thread.sleep(step.delayMs());
        brokers.start(b);
      }
      case TERMINATE_BROKER -> {
        brokers.terminate(b);
        Thread.sleep(step.delayMs());
        brokers.start(b);
      }
      case PAUSE_BROKER -> {
        brokers.signal(b, "STOP");
        Thread.sleep(KafkaNodes.NOTICED_MS + step.delayMs());
        brokers.signal(b, "CONT");
      }
      case KILL_BROKER_AND_INSTANCE -> {
        killBroker(b);
        instances.kill(i);
        instances.start(i);
        Thread.sleep(step.delayMs());
        brokers.start(b);
      }
      default -> throw new IllegalStateException(step.toString());
    }
  }

  private void killBroker(int b) throws InterruptedException {
    brokerKills++;
    brokers.kill(b);
  }

  /** Waits until as many records and letters are committed. Restarts instances that have ended. */
  private void awaitOutput(int count) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (enriched.records().size() + letters.records().size() < count) {
      instances.restartEnded();
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "%d records must be committed within %s, found %d enriched and %d letters%s"
                .formatted(
                    count,
                    PATIENCE,
                    enriched.records().size(),
                    letters.records().size(),
                    instances.errors()));
      }
      enriched.poll();
      letters.poll();
      for (; counted < enriched.records().size(); counted++) {
        queries.committed(
            new String(enriched.records().get(counted).key(), StandardCharsets.UTF_8));
      }
    }
  }
}
