package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.undercurrent.metrics.MeterNames;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Registers the meters of an application as a whole: health, rebalances, restores of its states.
 *
 * <p>The constructor registers all meters except those of {@link #health}. Thread-safe. Create one
 * for each application: in one registry, the gauges of a second one with the same topology replace
 * those of the first.
 */
public final class AppMetrics {

  private static final double NANOS_PER_SECOND = 1e9;

  private final MeterRegistry registry;
  private final Tags tags;
  private final LongSupplier nanoTime;
  private final Counter rebalances;
  private final Counter restores;
  private final Counter restored;
  private final Map<String, Restore> restoring = new ConcurrentHashMap<>();

  /**
   * A restore in progress.
   *
   * @param begunNanos its start, by {@code nanoTime}
   * @param records the number of records to read at its start
   * @param left the number of records still to read
   */
  private record Restore(long begunNanos, long records, long left) {}

  /**
   * @param topology value of the tag {@link MeterNames#TOPOLOGY}
   */
  public AppMetrics(MeterRegistry registry, String topology) {
    this(registry, topology, System::nanoTime);
  }

  AppMetrics(MeterRegistry registry, String topology, LongSupplier nanoTime) {
    this.registry = registry;
    this.tags = Tags.of(MeterNames.TOPOLOGY, topology);
    this.nanoTime = nanoTime;
    rebalances = counter(MeterNames.REBALANCES, "rebalances", "Times that partitions were moved");
    restores =
        counter(
            MeterNames.RESTORES,
            "restores",
            "Finished restores; each is of one partition of a store, from its changelog");
    restored = counter(MeterNames.RESTORED, "records", "Records read from changelogs into stores");
    gauge(
        MeterNames.RESTORING,
        "stores",
        "Partitions of stores that are being restored now",
        AppMetrics::restoring);
    gauge(
        MeterNames.RESTORE_REMAINING,
        "records",
        "Records that the restores in progress have still to read, by changelog offsets",
        AppMetrics::recordsToRestore);
    gauge(
        MeterNames.RESTORE_TIME_LEFT,
        "seconds",
        "Time until the restores in progress end, at their speed so far; 0 without a restore, NaN"
            + " before the speed is known",
        AppMetrics::secondsLeft);
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder(name)
        .tags(tags)
        .baseUnit(unit)
        .description(description)
        .register(registry);
  }

  private void gauge(
      String name, String unit, String description, ToDoubleFunction<AppMetrics> value) {
    Gauges.register(registry, name, tags, unit, description, this, value);
  }

  /**
   * Registers the gauges that say whether the application is well. The functions are called
   * whenever meters are read.
   *
   * @param lag returns the lag in records, null while it is unknown
   * @param ready whether it processes records now
   * @param unreachable returns the seconds since the brokers last answered, 0 while they do
   * @param stuck returns the number of stream threads that are stuck
   */
  public void health(
      Supplier<Long> lag, BooleanSupplier ready, DoubleSupplier unreachable, DoubleSupplier stuck) {
    health(
        MeterNames.LAG,
        "records",
        "Records of the source topics that this instance has still to read, as of its last fetch,"
            + " with those behind open transactions (as of at most 12 s ago);"
            + " NaN while it is unknown: before the first fetch, or while the instance is stuck or"
            + " no broker answers",
        () -> {
          Long records = lag.get();
          return records == null ? Double.NaN : records;
        });
    health(
        MeterNames.READY,
        "instances",
        "1 while this instance processes records or waits for new ones, else 0; /health/ready says"
            + " why",
        () -> ready.getAsBoolean() ? 1 : 0);
    health(
        MeterNames.BROKERS_UNREACHABLE,
        "seconds",
        "Time since a broker last answered; 0 while the brokers answer",
        unreachable);
    health(
        MeterNames.STUCK_THREADS,
        "threads",
        "Stream threads that have not polled, processed or committed for 15 s, for example because"
            + " a topic is gone that they write to",
        stuck);
  }

  private void health(String name, String unit, String description, DoubleSupplier value) {
    Gauges.register(registry, name, tags, unit, description, value, DoubleSupplier::getAsDouble);
  }

  /** Counts one rebalance. */
  public void rebalance() {
    rebalances.increment();
  }

  /**
   * Begins a restore.
   *
   * @param what names the store and partition
   * @param records the maximum number of records to read
   */
  public void restoreBegins(String what, long records) {
    restoring.put(what, new Restore(nanoTime.getAsLong(), records, records));
  }

  /**
   * Reports progress of a restore.
   *
   * @param read the number of records read since the last report
   * @param left the number of records still to read
   */
  public void restoreProgresses(String what, long read, long left) {
    restored.increment(read);
    restoring.computeIfPresent(
        what, (w, r) -> new Restore(r.begunNanos, r.records, Math.max(0, left)));
  }

  /**
   * Ends a restore.
   *
   * @param whole true if all records were read, false if the partition moved away before
   */
  public void restoreEnds(String what, boolean whole) {
    if (restoring.remove(what) != null && whole) {
      restores.increment();
    }
  }

  private double restoring() {
    return restoring.size();
  }

  /** The number of records that the restores in progress still have to read. Asks no broker. */
  public long recordsToRestore() {
    return restoring.values().stream().mapToLong(Restore::left).sum();
  }

  /** The time until the last restore ends, because restores run in parallel. */
  private double secondsLeft() {
    double max = 0;
    long now = nanoTime.getAsLong();
    for (Restore restore : restoring.values()) {
      double read = restore.records - restore.left;
      if (read <= 0 && restore.left > 0) {
        return Double.NaN;
      }
      if (restore.left > 0) {
        max = Math.max(max, (now - restore.begunNanos) / read * restore.left);
      }
    }
    return max / NANOS_PER_SECOND;
  }
}
