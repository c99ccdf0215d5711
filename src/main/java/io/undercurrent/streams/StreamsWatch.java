package io.undercurrent.streams;

import io.undercurrent.streams.internals.InputLag;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what the state of a {@code KafkaStreams} does not tell: that the brokers do not answer,
 * that a topic is gone or has no leader, and that a stream thread is stuck. Kafka Streams stays
 * RUNNING in all these cases, because its clients wait and try again.
 *
 * <p>Every three seconds it asks the brokers with an admin client of its own, and in every fourth
 * round it asks about the topics too. The consumers' metrics do not help there: they count calls of
 * {@code poll}, and a consumer that waits for a rebalance receives nothing for minutes from a
 * broker that is well. It counts rounds and not time, so that a process that was paused does not
 * blame its brokers.
 *
 * <p>Logs each problem once, and its end once. Thread-safe.
 */
final class StreamsWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StreamsWatch.class);

  private static final Duration PAUSE = Duration.ofSeconds(3);
  private static final int TIMEOUT_MS = 5_000;

  /** Rounds in a row, of no answers or of refusals, before they are reported. */
  private static final int IN_A_ROW = 2;

  /** The topics are asked about in one round of so many, and in each while they have faults. */
  private static final int TOPICS_EVERY = 4;

  /** Rounds without progress before a stream thread is stuck: 15 s. */
  private static final int STILL = 5;

  /** Faults of topics that are named in one line. */
  private static final int MAX_NAMED = 5;

  private static final Set<String> PROGRESS = Set.of("poll-total", "process-total", "commit-total");

  private final Admin admin;
  private final String servers;
  private final Set<String> topics;
  private final Supplier<State> state;
  private final Supplier<Map<String, Double>> done; // by stream thread
  private final OpenTransactions transactions;
  private final int still; // STILL, or more where an idle thread polls seldom
  private final Map<String, Progress> progress = new HashMap<>(); // by stream thread
  private final Map<String, Uuid> seen = new HashMap<>(); // topics that existed
  private Set<String> faults = Set.of(); // of topics, when they were last asked about
  private Set<String> lasting = Set.of(); // those that were there the time before, too
  private int sinceTopics = TOPICS_EVERY; // rounds since the topics were asked about
  private int refused; // rounds in a row
  private String refusal; // of the last one
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          run -> {
            Thread thread = new Thread(run, "undercurrent-watch");
            thread.setDaemon(true);
            return thread;
          });

  private volatile Answer answered = Answer.now(); // the last one, or the start
  private volatile int unanswered;
  private volatile int stuck;
  private volatile String problem; // null for none
  private boolean unreachable; // at the last report

  /**
   * When the brokers answered.
   *
   * @param at for messages
   * @param nanos for durations: the machine's clock may be set
   */
  private record Answer(Instant at, long nanos) {

    static Answer now() {
      return new Answer(Instant.now().truncatedTo(ChronoUnit.SECONDS), System.nanoTime());
    }

    long secondsAgo() {
      return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - nanos);
    }
  }

  /**
   * What a stream thread had done by the last round.
   *
   * @param done polls, processed records and commits
   * @param still rounds since it last grew
   */
  private record Progress(double done, int still) {}

  /**
   * Watches once {@link #round} is called.
   *
   * @param servers names the brokers in messages
   * @param topics reported as gone if they once existed and do not any more
   * @param done returns what each stream thread has done: polls, processed records and commits
   * @param transactions asked in each round in which the brokers answer and the topics are well
   * @param still rounds without progress before a stream thread is stuck
   */
  StreamsWatch(
      Admin admin,
      String servers,
      Collection<String> topics,
      Supplier<State> state,
      Supplier<Map<String, Double>> done,
      OpenTransactions transactions,
      int still) {
    this.admin = admin;
    this.servers = servers;
    this.topics = new TreeSet<>(topics);
    this.state = state;
    this.done = done;
    this.transactions = transactions;
    this.still = still;
  }

  /**
   * Starts watching.
   *
   * @param topics reported as gone if they once existed and do not any more
   */
  static StreamsWatch start(KafkaStreams streams, StreamsConfig config, Collection<String> topics) {
    String id = config.getString(StreamsConfig.APPLICATION_ID_CONFIG) + "-undercurrent-watch";
    long polls = 2 * config.getLong(StreamsConfig.POLL_MS_CONFIG) / PAUSE.toMillis();
    String servers = String.join(",", config.getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG));
    Admin admin = Admin.create(config.getAdminConfigs(id));
    StreamsWatch watch =
        new StreamsWatch(
            admin,
            servers,
            topics,
            streams::state,
            () -> done(streams),
            new OpenTransactions(
                admin,
                servers,
                waitsForTransactions(config) ? () -> InputLag.partitions(streams) : Set::of),
            (int) Math.max(STILL, polls));
    watch.scheduler.scheduleWithFixedDelay(
        watch::round, 0, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    return watch;
  }

  /** Whether its consumers read only what is committed. Others do not wait for transactions. */
  static boolean waitsForTransactions(StreamsConfig config) {
    Object level =
        config.getMainConsumerConfigs("any", "any", 0).get(ConsumerConfig.ISOLATION_LEVEL_CONFIG);
    return "read_committed".equalsIgnoreCase(String.valueOf(level));
  }

  /** A thread between two polls may process for minutes, so records and commits count too. */
  private static Map<String, Double> done(KafkaStreams streams) {
    Map<String, Double> done = new HashMap<>();
    for (Metric metric : streams.metrics().values()) {
      if (metric.metricName().group().equals("stream-thread-metrics")
          && PROGRESS.contains(metric.metricName().name())
          && metric.metricValue() instanceof Double value) {
        done.merge(metric.metricName().tags().get("thread-id"), value, Double::sum);
      }
    }
    return done;
  }

  /** What is wrong, in one sentence; null for nothing. */
  String problem() {
    return problem;
  }

  /** The transactions that were open in the partitions that are read. */
  OpenTransactions transactions() {
    return transactions;
  }

  /** Seconds since the brokers last answered; 0 while they do. */
  double secondsUnreachable() {
    return isUnreachable() ? Math.max(1, answered.secondsAgo()) : 0;
  }

  private boolean isUnreachable() {
    return unanswered >= IN_A_ROW;
  }

  /** False after two questions in a row without an answer. */
  boolean brokersAnswer() {
    return !isUnreachable();
  }

  /** The number of stream threads that are stuck. */
  int stuckThreads() {
    return stuck;
  }

  /** Throws nothing, not even an error: the scheduler would never call it again. */
  void round() {
    try {
      if (state.get().hasCompletedShutdown()) {
        close(); // nobody closed the meters
        return;
      }
      ask();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it was closed
    } catch (Throwable e) {
      if (unanswered == 0 && !isClosed()) {
        log.warn("the brokers cannot be asked", e);
      }
      countUnanswered(e);
    }
    if (!isClosed()) {
      attempt(this::countStuck);
      attempt(this::report);
    }
  }

  private static void attempt(Runnable step) {
    try {
      step.run();
    } catch (Throwable e) {
      log.debug("a step of a round failed", e); // Kafka Streams is closing
    }
  }

  private boolean isClosed() {
    return scheduler.isShutdown();
  }

  private void ask() throws InterruptedException {
    try {
      admin.describeCluster(new DescribeClusterOptions().timeoutMs(TIMEOUT_MS)).clusterId().get();
      sinceTopics++;
      if (sinceTopics >= TOPICS_EVERY || !faults.isEmpty()) {
        Set<String> found = askAboutTopics();
        lasting = new TreeSet<>(found);
        lasting.retainAll(faults); // a new leader is elected within moments
        faults = found;
        sinceTopics = 0;
      }
      refused = 0;
      if (faults.isEmpty()) {
        askAboutTransactions();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException || e.getCause() instanceof DisconnectException) {
        countUnanswered(e);
        return;
      }
      log.debug("the brokers refused", e);
      refusal = Objects.requireNonNullElse(e.getCause().getMessage(), e.getCause().toString());
      refused++;
    }
    answered = Answer.now();
    unanswered = 0;
  }

  private void askAboutTransactions() throws InterruptedException {
    try {
      transactions.round();
    } catch (RuntimeException e) { // the brokers have answered nevertheless
      log.debug("the open transactions are not known", e);
    }
  }

  private void countUnanswered(Throwable e) {
    log.debug("the brokers did not answer", e);
    if (!isClosed()) { // a closed client answers nothing
      unanswered++;
    }
  }

  /** Returns what is wrong with the topics. */
  private Set<String> askAboutTopics() throws InterruptedException, ExecutionException {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(topics, new DescribeTopicsOptions().timeoutMs(TIMEOUT_MS))
            .topicNameValues();
    Set<String> found = new TreeSet<>();
    for (String topic : topics) {
      try {
        TopicDescription now = described.get(topic).get();
        found.addAll(withoutLeader(now));
        see(now);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof TopicAuthorizationException) {
          seen.remove(topic); // it may still exist; Kafka Streams is told the same
        } else if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        } else if (seen.containsKey(topic)) {
          found.add("topic " + topic + " does not exist any more");
        }
      }
    }
    return found;
  }

  /** Kafka Streams itself creates a repartition topic again, without a word. */
  private void see(TopicDescription now) {
    Uuid before = seen.put(now.name(), now.topicId());
    if (before != null && !before.equals(now.topicId())) {
      log.warn(
          "topic {} was deleted and created again: records that waited in it are lost", now.name());
    }
  }

  /** Kafka's clients wait for a leader without a word. */
  static List<String> withoutLeader(TopicDescription topic) {
    return topic.partitions().stream()
        .filter(partition -> partition.leader() == null)
        .map(
            partition ->
                "partition %s-%d has no leader".formatted(topic.name(), partition.partition()))
        .toList();
  }

  private void countStuck() {
    Map<String, Double> done = state.get() == State.RUNNING ? this.done.get() : Map.of();
    progress.keySet().retainAll(done.keySet());
    done.forEach(
        (thread, now) ->
            progress.merge(
                thread,
                new Progress(now, 0),
                (before, after) ->
                    before.done == after.done ? new Progress(now, before.still + 1) : after));
    stuck = (int) progress.values().stream().filter(p -> p.still >= still).count();
  }

  private void report() {
    String before = problem;
    if (isUnreachable()) {
      problem = "brokers unreachable since %s: none answers at %s".formatted(answered.at, servers);
    } else if (refused >= IN_A_ROW) {
      problem = "the brokers refuse: " + refusal;
    } else if (!lasting.isEmpty()) {
      problem =
          lasting.stream().limit(MAX_NAMED).collect(Collectors.joining("; "))
              + (lasting.size() > MAX_NAMED ? "; and more" : "");
    } else if (stuck > 0) {
      problem =
          "%d of %d stream threads are stuck: no poll, no record and no commit for at least %d s"
              .formatted(stuck, progress.size(), still * PAUSE.toSeconds());
    } else {
      problem = null;
    }
    if (unreachable && !isUnreachable()) {
      log.info("brokers answer again at {}", servers);
    } else if (before != null && problem == null) {
      log.info("over: {}", before);
    }
    if (problem != null && !problem.equals(before)) {
      log.warn("not ready: {}", problem);
    }
    unreachable = isUnreachable();
  }

  /** Stops watching. */
  @Override
  public void close() {
    scheduler.shutdownNow();
    admin.close(Duration.ZERO);
  }
}
