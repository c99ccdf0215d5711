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
 * What a running app exports beside its own meters and Kafka's: those of the JVM. All of them are
 * tagged with the topology's name, for several may be on one dashboard.
 */
public final class Meters {

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
}
