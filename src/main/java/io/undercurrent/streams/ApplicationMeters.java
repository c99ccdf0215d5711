package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.metrics.internals.AppMetrics;
import io.undercurrent.metrics.internals.DeadLetterMetrics;
import io.undercurrent.streams.internals.InputLag;
import io.undercurrent.streams.internals.TopologyName;
import java.util.Map;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.KafkaStreams.StateListener;
import org.apache.kafka.streams.processor.StateRestoreListener;

/**
 * Registers the meters of a Kafka Streams application as a whole: rebalances, restores, lag, dead
 * letters, and Kafka Streams' own meters. The shipped dashboards and alerts need them beside the
 * meters of each enricher:
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
  private final AppMetrics metrics;
  private volatile KafkaStreams streams; // null before bindTo
  private KafkaMeters kafkaMeters; // null while they are not bound

  /**
   * Registers the meters.
   *
   * @param configs the configuration of the application, as a map or {@code Properties}
   * @throws org.apache.kafka.common.config.ConfigException if there is no {@code application.id}
   */
  public ApplicationMeters(MeterRegistry registry, Map<?, ?> configs) {
    this.registry = registry;
    topology = TopologyName.of(configs);
    applicationId = TopologyName.applicationId(configs);
    metrics = new AppMetrics(registry, topology);
    metrics.lag(this::lag);
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
   * Measures the lag of {@code streams}, and registers the meters that Kafka Streams and its
   * clients bring. If something else registers those, such as Spring's {@code
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

  /** Measures the lag of {@code streams}. */
  public void bindLagTo(KafkaStreams streams) {
    this.streams = streams;
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

  private Long lag() {
    KafkaStreams measured = streams;
    return measured == null ? null : InputLag.ofSources(measured, applicationId);
  }

  /** Removes Kafka's own meters. The others stay in the registry; the lag is 0 from now on. */
  @Override
  public synchronized void close() {
    streams = null; // the registry keeps the gauge of the lag, which keeps this object
    closeKafkaMeters();
  }

  private void closeKafkaMeters() {
    if (kafkaMeters != null) {
      kafkaMeters.close();
      kafkaMeters = null;
    }
  }
}
