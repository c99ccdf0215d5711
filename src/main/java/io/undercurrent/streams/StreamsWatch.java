package io.undercurrent.streams;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.errors.AuthorizationException;
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
 * <p>Every three seconds it asks the brokers with an admin client of its own. The consumers'
 * metrics do not help there: they count calls of {@code poll}, and a consumer that waits for a
 * rebalance receives nothing for minutes from a broker that is well. It counts rounds and not time,
 * so that a process that was paused does not blame its brokers.
 *
 * <p>Logs each problem once, and its end once. Thread-safe.
 */
final class StreamsWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StreamsWatch.class);

  private static final Duration PAUSE = Duration.ofSeconds(3);
  private static final int TIMEOUT_MS = 5_000;

  /** Questions without an answer, one after the other, before the brokers are unreachable. */
  private static final int UNANSWERED = 2;

  /** Rounds without progress before a stream thread is stuck: 15 s. */
  private static final int STILL = 5;

  /** Faults of topics that are named in one line. */
  private static final int MAX_NAMED = 5;

  private static final Set<String> PROGRESS = Set.of("poll-total", "process-total", "commit-total");

  private final KafkaStreams streams;
  private final Set<String> topics;
  private final String servers;
  private final int still; // STILL, or more where an idle thread polls seldom
  private final Admin admin;
  private final Map<String, Progress> progress = new HashMap<>(); // by stream thread
  private final Set<String> seen = new HashSet<>(); // topics that existed
  private Set<String> lastFaults = Set.of(); // in the last round
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          run -> {
            Thread thread = new Thread(run, "undercurrent-watch");
            thread.setDaemon(true);
            return thread;
          });

  private volatile Instant answered = now(); // the last answer, or the start
  private volatile int unanswered;
  private volatile int stuck;
  private volatile String problem; // null for none
  private boolean unreachable; // at the last report

  /**
   * What a stream thread had done by the last round.
   *
   * @param done polls, processed records and commits
   * @param still rounds since it last grew
   */
  private record Progress(double done, int still) {}

  /**
   * Starts watching.
   *
   * @param topics reported as gone if they once existed and do not any more
   */
  StreamsWatch(KafkaStreams streams, StreamsConfig config, Collection<String> topics) {
    this.streams = streams;
    this.topics = new TreeSet<>(topics);
    servers = String.join(",", config.getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG));
    String id = config.getString(StreamsConfig.APPLICATION_ID_CONFIG) + "-undercurrent-watch";
    long polls = 2 * config.getLong(StreamsConfig.POLL_MS_CONFIG) / PAUSE.toMillis();
    still = (int) Math.max(STILL, polls);
    admin = Admin.create(config.getAdminConfigs(id));
    scheduler.scheduleWithFixedDelay(this::round, 0, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS);
  }

  /** What is wrong, in one sentence; null for nothing. */
  String problem() {
    return problem;
  }

  /** Seconds since the brokers last answered; 0 while they do. */
  double secondsUnreachable() {
    return isUnreachable() ? Math.max(1, Duration.between(answered, now()).toSeconds()) : 0;
  }

  private boolean isUnreachable() {
    return unanswered >= UNANSWERED;
  }

  /** Whether the last question to the brokers was answered. */
  boolean brokersAnswer() {
    return unanswered == 0;
  }

  /** The number of stream threads that are stuck. */
  int stuckThreads() {
    return stuck;
  }

  private void round() {
    if (streams.state().hasCompletedShutdown()) {
      close(); // nobody closed the meters
      return;
    }
    try {
      Set<String> faults = ask();
      countStuck();
      Set<String> lasting = new TreeSet<>(faults);
      lasting.retainAll(lastFaults); // a new leader is elected within moments
      lastFaults = faults;
      report(lasting);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it was closed
    } catch (RuntimeException e) {
      log.debug("a round failed", e); // Kafka Streams is closing
    }
  }

  /** Asks the brokers, and returns what is wrong with the topics. */
  private Set<String> ask() throws InterruptedException {
    Set<String> faults = new TreeSet<>();
    try {
      admin.describeCluster(new DescribeClusterOptions().timeoutMs(TIMEOUT_MS)).clusterId().get();
      Map<String, KafkaFuture<TopicDescription>> described =
          admin
              .describeTopics(topics, new DescribeTopicsOptions().timeoutMs(TIMEOUT_MS))
              .topicNameValues();
      for (String topic : topics) {
        Optional<TopicDescription> found = find(described.get(topic));
        if (found.isPresent()) {
          seen.add(topic);
          faults.addAll(withoutLeader(found.get()));
        } else if (seen.contains(topic)) {
          faults.add("topic " + topic + " does not exist any more");
        }
      }
      answered = now();
      unanswered = 0;
    } catch (ExecutionException e) {
      log.debug("the brokers did not answer", e);
      unanswered++;
    }
    return faults;
  }

  /**
   * Empty if the topic does not exist. We may be forbidden to describe it, which Kafka Streams will
   * hear too; it then counts as never seen.
   */
  private static Optional<TopicDescription> find(KafkaFuture<TopicDescription> topic)
      throws InterruptedException, ExecutionException {
    try {
      return Optional.of(topic.get());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException
          || e.getCause() instanceof AuthorizationException) {
        return Optional.empty();
      }
      throw e;
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

  /** A thread between two polls may process for minutes, so records and commits count too. */
  private void countStuck() {
    Map<String, Double> done = new HashMap<>();
    if (streams.state() == State.RUNNING) {
      for (Metric metric : streams.metrics().values()) {
        if (metric.metricName().group().equals("stream-thread-metrics")
            && PROGRESS.contains(metric.metricName().name())
            && metric.metricValue() instanceof Double value) {
          done.merge(metric.metricName().tags().get("thread-id"), value, Double::sum);
        }
      }
    }
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

  private void report(Set<String> faults) {
    String before = problem;
    if (isUnreachable()) {
      problem = "brokers unreachable since %s: none answers at %s".formatted(answered, servers);
    } else if (!faults.isEmpty()) {
      problem =
          faults.stream().limit(MAX_NAMED).collect(Collectors.joining("; "))
              + (faults.size() > MAX_NAMED ? "; and more" : "");
    } else if (stuck > 0) {
      problem =
          "%d of %d stream threads are stuck: no poll, no record and no commit for %d s"
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
