package io.undercurrent.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The meters of an application as a whole: which model it runs, how often partitions moved, and how
 * its states are being restored.
 *
 * <p>All exist from the start but model, kernels and lag, which come when they are known.
 * Thread-safe. One for each registry: gauges of a second one are not seen.
 */
public final class AppMetrics {

  private static final double NANOS_PER_SECOND = 1e9;

  private final LongSupplier nanoTime;
  private final Counter rebalances;
  private final Counter restores;
  private final Counter restored;
  private final Map<String, Restore> restoring = new ConcurrentHashMap<>();

  /**
   * A restore on its way.
   *
   * @param begunNanos on the clock
   * @param records it began with
   * @param left of them
   */
  private record Restore(long begunNanos, long records, long left) {}

  public AppMetrics(MeterRegistry registry) {
    this(registry, System::nanoTime);
  }

  AppMetrics(MeterRegistry registry, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    rebalances =
        counter(registry, MeterNames.REBALANCES, "rebalances", "Times that partitions moved");
    restores =
        counter(
            registry,
            MeterNames.RESTORES,
            "restores",
            "Restores of a store's partition from its changelog that ended");
    restored =
        counter(
            registry, MeterNames.RESTORED, "records", "Records read from changelogs into stores");
    gauge(
        registry,
        MeterNames.RESTORING,
        "stores",
        "Partitions of stores that are being restored now",
        AppMetrics::restoring);
    gauge(
        registry,
        MeterNames.RESTORE_REMAINING,
        "records",
        "Records that the restores under way have still to read, by their changelogs' offsets",
        AppMetrics::recordsToRestore);
    gauge(
        registry,
        MeterNames.RESTORE_TIME_LEFT,
        "seconds",
        "Time until the restores under way end, at their pace so far; 0 without any, NaN while the"
            + " pace is not known",
        AppMetrics::secondsLeft);
  }

  private static Counter counter(
      MeterRegistry registry, String name, String unit, String description) {
    return Counter.builder(name).baseUnit(unit).description(description).register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String unit,
      String description,
      ToDoubleFunction<AppMetrics> value) {
    Gauge.builder(name, this, value)
        .baseUnit(unit)
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  /**
   * Says which model the application runs: a gauge that is always 1, with the model in its tags.
   *
   * @param kind of network
   */
  public void model(MeterRegistry registry, String name, String fingerprint, String kind) {
    Gauge.builder(MeterNames.MODEL, () -> 1)
        .tag(MeterNames.MODEL_NAME, name)
        .tag(MeterNames.FINGERPRINT, fingerprint)
        .tag(MeterNames.KIND, kind)
        .baseUnit("info")
        .description("Always 1; its tags say which model is running")
        .register(registry);
  }

  /**
   * Says how far behind the application is.
   *
   * @param lag in records, asked whenever meters are read; null where it is not known, or nothing
   *     is assigned
   */
  public void lag(MeterRegistry registry, Supplier<Long> lag) {
    Gauge.builder(
            MeterNames.LAG,
            () -> {
              Long records = lag.get();
              return records == null ? 0 : records;
            })
        .baseUnit("records")
        .description(
            "Records of the source topics that this instance has still to read, as of its last"
                + " fetch; 0 before the first")
        .strongReference(true)
        .register(registry);
  }

  /** Partitions are moving. */
  public void rebalance() {
    rebalances.increment();
  }

  /**
   * A store's partition is about to be restored.
   *
   * @param what names store and partition
   * @param records at most to be read
   */
  public void restoreBegins(String what, long records) {
    restoring.put(what, new Restore(nanoTime.getAsLong(), records, records));
  }

  /**
   * Some of it was read.
   *
   * @param read records in this step
   * @param left records still to be read
   */
  public void restoreGoesOn(String what, long read, long left) {
    restored.increment(read);
    restoring.computeIfPresent(
        what, (w, r) -> new Restore(r.begunNanos, r.records, Math.max(0, left)));
  }

  /**
   * It ended, or was given up because the partition moved.
   *
   * @param whole whether all of it was read
   */
  public void restoreEnds(String what, boolean whole) {
    if (restoring.remove(what) != null && whole) {
      restores.increment();
    }
  }

  private double restoring() {
    return restoring.size();
  }

  /** Records that the restores under way have still to read; no broker is asked. */
  public long recordsToRestore() {
    return restoring.values().stream().mapToLong(Restore::left).sum();
  }

  /** Restores go on side by side: the last to end counts. */
  private double secondsLeft() {
    double most = 0;
    long now = nanoTime.getAsLong();
    for (Restore restore : restoring.values()) {
      double read = restore.records - restore.left;
      if (read <= 0 && restore.left > 0) {
        return Double.NaN;
      }
      if (restore.left > 0) {
        most = Math.max(most, (now - restore.begunNanos) / read * restore.left);
      }
    }
    return most / NANOS_PER_SECOND;
  }
}
