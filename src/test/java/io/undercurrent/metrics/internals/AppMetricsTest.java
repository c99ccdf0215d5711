package io.undercurrent.metrics.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.metrics.MeterNames;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AppMetricsTest {

  private static final long SECOND = 1_000_000_000;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicLong clock = new AtomicLong();
  private final AppMetrics metrics = new AppMetrics(registry, "desk", clock::get);

  @Test
  void shouldEstimateWhenTheLastRestoreEnds() {
    assertThat(gauge(MeterNames.RESTORE_TIME_LEFT)).isZero();

    metrics.restoreBegins("store-0", 1_000);
    metrics.restoreBegins("store-1", 100);
    assertThat(gauge(MeterNames.RESTORING)).isEqualTo(2);
    assertThat(gauge(MeterNames.RESTORE_REMAINING)).isEqualTo(1_100);
    assertThat(gauge(MeterNames.RESTORE_TIME_LEFT)).isNaN();

    clock.set(2 * SECOND);
    metrics.restoreProgresses("store-0", 180, 800); // 20 offsets had no records
    metrics.restoreProgresses("store-1", 50, 50);
    assertThat(gauge(MeterNames.RESTORE_REMAINING)).isEqualTo(850);
    assertThat(metrics.recordsToRestore()).isEqualTo(850);
    assertThat(gauge(MeterNames.RESTORE_TIME_LEFT)).isEqualTo(8); // 100 a second

    metrics.restoreEnds("store-0", true);
    metrics.restoreEnds("store-1", false);
    assertThat(gauge(MeterNames.RESTORING)).isZero();
    assertThat(gauge(MeterNames.RESTORE_TIME_LEFT)).isZero();
    assertThat(counter(MeterNames.RESTORED)).isEqualTo(230);
    assertThat(counter(MeterNames.RESTORES))
        .as("finished restores; the other one was suspended")
        .isEqualTo(1);
  }

  @Test
  void shouldIgnoreTheEndOfARestoreThatNeverBegan() {
    metrics.restoreProgresses("store-9", 5, 5);
    metrics.restoreEnds("store-9", true);
    assertThat(gauge(MeterNames.RESTORING)).isZero();
    assertThat(counter(MeterNames.RESTORES)).isZero();
  }

  @Test
  void shouldCountRebalances() {
    metrics.rebalance();
    assertThat(counter(MeterNames.REBALANCES)).isEqualTo(1);
  }

  @Test
  void shouldReportTheLagAndNoNumberWhileItIsUnknown() {
    AtomicReference<Long> lag = new AtomicReference<>();
    metrics.health(lag::get, () -> lag.get() != null, () -> 7, () -> 2);
    assertThat(gauge(MeterNames.LAG)).isNaN();
    assertThat(gauge(MeterNames.READY)).isZero();
    assertThat(gauge(MeterNames.BROKERS_UNREACHABLE)).isEqualTo(7);
    assertThat(gauge(MeterNames.STUCK_THREADS)).isEqualTo(2);
    lag.set(12L);
    assertThat(gauge(MeterNames.LAG)).isEqualTo(12);
    assertThat(gauge(MeterNames.READY)).isEqualTo(1);
  }

  private double gauge(String name) {
    return registry.get(name).tag(MeterNames.TOPOLOGY, "desk").gauge().value();
  }

  private double counter(String name) {
    return registry.get(name).tag(MeterNames.TOPOLOGY, "desk").counter().count();
  }
}
