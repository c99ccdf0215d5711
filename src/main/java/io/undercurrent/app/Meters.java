package io.undercurrent.app;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmHeapPressureMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.metrics.MeterNames;
import java.util.List;

/**
 * Makes the meter registry of a running app, with the meters of the JVM. Every meter has the
 * topology's name as a tag, so that one dashboard can show several topologies.
 */
public final class Meters {

  private static final int SCRAPE_ATTEMPTS = 5;

  private Meters() {}

  public static PrometheusMeterRegistry registry(TopologyDefinition definition) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.config().commonTags(MeterNames.TOPOLOGY, definition.name());
    List<MeterBinder> jvm =
        List.of(
            new JvmMemoryMetrics(),
            new JvmGcMetrics(),
            new JvmHeapPressureMetrics(),
            new JvmThreadMetrics(),
            new ClassLoaderMetrics(),
            new ProcessorMetrics(),
            new UptimeMetrics());
    jvm.forEach(binder -> binder.bindTo(registry));
    return registry;
  }

  /**
   * The meters in Prometheus text format. Micrometer's registry fails if a meter is replaced while
   * it is scraped (its issue 6851), as Kafka's meters are now and then; the next attempt succeeds.
   */
  public static String scrape(PrometheusMeterRegistry registry) {
    for (int attempt = 1; ; attempt++) {
      try {
        return registry.scrape();
      } catch (IllegalArgumentException e) { // DuplicateLabelsException
        if (attempt == SCRAPE_ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
