package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.function.ToDoubleFunction;

/**
 * Registers gauges and replaces those of an earlier application or enricher. A registry by itself
 * keeps the first gauge of a name and tags, and so would show the values of an object that is
 * closed.
 */
final class Gauges {

  private Gauges() {}

  /**
   * Registers a gauge.
   *
   * @param measured the object that is measured; strongly referenced as long as the gauge is
   *     registered
   */
  static <T> void register(
      MeterRegistry registry,
      String name,
      Tags tags,
      String unit,
      String description,
      T measured,
      ToDoubleFunction<T> value) {
    remove(registry, name, tags);
    Gauge.builder(name, measured, value)
        .tags(tags)
        .baseUnit(unit)
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  /** Removes the gauges that have {@code tags}, and possibly more. */
  static void remove(MeterRegistry registry, String name, Tags tags) {
    registry.find(name).tags(tags).meters().forEach(registry::remove);
  }
}
