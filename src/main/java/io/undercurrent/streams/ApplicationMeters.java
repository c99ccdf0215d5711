package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.metrics.internals.AppMetrics;
import io.undercurrent.metrics.internals.DeadLetterMetrics;
import io.undercurrent.streams.internals.InputLag;
import io.undercurrent.streams.internals.TopologyName;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.KafkaStreams.StateListener;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * Registers the meters of a Kafka Streams application as a whole: readiness, rebalances, restores,
 * lag, dead letters, and Kafka Streams' own meters. {@link #notReady} is for a health check. The
 * shipped dashboards and alerts need them beside the meters of each enricher:
 *
 * <pre>{@code
 * ApplicationMeters meters = new ApplicationMeters(registry, configs);
 * KafkaStreams streams = new KafkaStreams(topology, new StreamsConfig(configs));
 * meters.attachTo(streams);
 * streams.start();
 * ...
 * streams.close();
 * meters.close();
 * }</pre>
 *
 * <p>{@code KafkaStreams} takes only one listener of each kind. If your application has listeners
 * of its own, pass them through these meters instead of calling {@link #attachTo}:
 *
 * <pre>{@code
 * streams.setStateListener(meters.stateListener(myStateListener));
 * streams.setGlobalStateRestoreListener(meters.restoreListener(myRestoreListener));
 * meters.bindTo(streams);
 * }</pre>
 *
 * <p>Every meter has the tag {@code topology}: the value of {@value #TOPOLOGY_CONFIG} in the
 * application's configuration, by default its {@code application.id}. Make one object for each
 * application. It may be attached to one {@code KafkaStreams} after another. Thread-safe.
 */
public final class ApplicationMeters implements AutoCloseable {

  /**
   * Key of the application's configuration: the value of the tag {@code topology} of all meters,
   * also of its enrichers' meters. The default is {@code application.id}.
   */
  public static final String TOPOLOGY_CONFIG = "undercurrent.meters.topology";

  private final MeterRegistry registry;
  private final String topology;
  private final String applicationId;
  private final Map<?, ?> configs;
  private final AppMetrics metrics;
  private Collection<String> topics = List.of();
  private volatile KafkaStreams streams; // null before bindTo
  private volatile StreamsWatch watch; // null before bindTo and after close
  private KafkaMeters kafkaMeters; // null while they are not bound

  /**
   * Registers the meters.
   *
   * @param configs the configuration of the application, as a map or {@code Properties}
   * @throws org.apache.kafka.common.config.ConfigException if there is no {@code application.id}
   */
  public ApplicationMeters(MeterRegistry registry, Map<?, ?> configs) {
    this.registry = registry;
    this.configs = configs;
    topology = TopologyName.of(configs);
    applicationId = TopologyName.applicationId(configs);
    metrics = new AppMetrics(registry, topology);
    metrics.health(
        this::lag,
        () -> notReady().isEmpty(),
        () -> watched(StreamsWatch::secondsUnreachable),
        () -> watched(StreamsWatch::stuckThreads));
    new DeadLetterMetrics(registry, topology);
  }

  /**
   * Sets both listeners of {@code streams}, and binds the meters to it.
   *
   * @param streams not yet started
   * @throws IllegalStateException if it was started
   */
  public void attachTo(KafkaStreams streams) {
    streams.setStateListener(stateListener());
    streams.setGlobalStateRestoreListener(restoreListener());
    bindTo(streams);
  }

  /**
   * Names the topics that the application reads and writes. It is not ready once one of them
   * existed and does not any more. Call it before {@link #bindTo}.
   */
  public void watchTopics(Collection<String> topics) {
    this.topics = List.copyOf(topics);
  }

  /**
   * Measures the lag and the readiness of {@code streams}, and registers the meters that Kafka
   * Streams and its clients bring. If something else registers those, such as Spring's {@code
   * KafkaStreamsMicrometerListener}, call {@link #bindLagTo} instead.
   */
  public void bindTo(KafkaStreams streams) {
    bindLagTo(streams);
    KafkaMeters meters = new KafkaMeters(streams, topology);
    synchronized (this) {
      closeKafkaMeters();
      kafkaMeters = meters;
    }
    meters.bindTo(registry);
  }

  /**
   * Measures the lag and the readiness of {@code streams}. For the latter a thread asks the brokers
   * every few seconds whether they answer, until these meters are closed or {@code streams} is.
   */
  public void bindLagTo(KafkaStreams streams) {
    StreamsWatch starting = StreamsWatch.start(streams, new StreamsConfig(configs), topics);
    synchronized (this) {
      closeWatch();
      watch = starting;
    }
    this.streams = streams;
  }

  /**
   * Why the application does not process records now, in one sentence; empty if it does. It does
   * not while it starts, rebalances or restores states; if no broker answers or the brokers refuse;
   * if a topic is gone or a partition has no leader; or if a stream thread is stuck. A problem is
   * reported within 30 seconds. An application that has nothing to read is ready.
   */
  public Optional<String> notReady() {
    KafkaStreams measured = streams;
    StreamsWatch watching = watch;
    if (measured == null || watching == null) {
      return Optional.of("not started");
    }
    if (watching.problem() != null) {
      return Optional.of(watching.problem());
    }
    State state = measured.state();
    if (state == State.RUNNING) {
      return Optional.empty();
    }
    String waiting = watching.transactions().problem();
    long records = recordsToRestore();
    String why =
        records > 0
            ? "restoring states: %d records to read".formatted(records)
            : "Kafka Streams is " + state;
    return Optional.of(waiting == null ? why : why + "; " + waiting);
  }

  /** False after two questions in a row without an answer; true while the brokers are not asked. */
  public boolean brokersAnswer() {
    StreamsWatch watching = watch;
    return watching == null || watching.brokersAnswer();
  }

  /** A state listener that counts rebalances. */
  public StateListener stateListener() {
    return stateListener((now, before) -> {});
  }

  /**
   * A state listener that counts rebalances.
   *
   * @param next called afterwards with every state change
   */
  public StateListener stateListener(StateListener next) {
    return (now, before) -> {
      if (now == State.REBALANCING) {
        metrics.rebalance();
      }
      next.onChange(now, before);
    };
  }

  /** A restore listener that measures restores. */
  public StateRestoreListener restoreListener() {
    return restoreListener(new NoRestoreListener());
  }

  /**
   * A restore listener that measures restores.
   *
   * @param next called afterwards with every event
   */
  public StateRestoreListener restoreListener(StateRestoreListener next) {
    return new Restores(metrics, next);
  }

  /**
   * The number of records that the restores in progress still have to read; 0 without a restore.
   */
  public long recordsToRestore() {
    return metrics.recordsToRestore();
  }

  private double watched(ToDoubleFunction<StreamsWatch> value) {
    StreamsWatch watching = watch;
    return watching == null ? 0 : value.applyAsDouble(watching);
  }

  /** Null where it is unknown: the consumers' metrics keep what the last fetch found. */
  private Long lag() {
    KafkaStreams measured = streams;
    StreamsWatch watching = watch;
    if (measured == null || watching == null || watching.problem() != null) {
      return null;
    }
    Long lag = InputLag.ofSources(measured, applicationId, watching.transactions().behind());
    return lag == null && readsNothing(measured) ? Long.valueOf(0) : lag;
  }

  private static boolean readsNothing(KafkaStreams streams) {
    try {
      return streams.state() == State.RUNNING
          && streams.metadataForLocalThreads().stream().allMatch(t -> t.activeTasks().isEmpty());
    } catch (IllegalStateException e) {
      return false; // it has just been closed
    }
  }

  /** Removes Kafka's own meters. The others stay in the registry; the lag is NaN from now on. */
  @Override
  public synchronized void close() {
    streams = null; // the registry keeps the gauges, which keep this object
    closeWatch();
    closeKafkaMeters();
  }

  private void closeWatch() {
    if (watch != null) {
      watch.close();
      watch = null;
    }
  }

  private void closeKafkaMeters() {
    if (kafkaMeters != null) {
      kafkaMeters.close();
      kafkaMeters = null;
    }
  }
}
