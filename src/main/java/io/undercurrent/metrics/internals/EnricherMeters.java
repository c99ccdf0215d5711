package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Creates the meters of one enricher. An enricher is built before its application is known, so each
 * processor calls {@link #in} when it is initialised. All tasks of an application share one object.
 * Thread-safe.
 */
public final class EnricherMeters {

  private final MeterRegistry registry;
  private final String enricher;
  private final Model model;
  private final Map<String, EnrichmentMetrics> byTopology = new ConcurrentHashMap<>();

  private EnricherMeters(MeterRegistry registry, String enricher, Model model) {
    this.registry = Objects.requireNonNull(registry, "registry");
    this.enricher = Objects.requireNonNull(enricher, "enricher");
    this.model = Objects.requireNonNull(model, "model");
  }

  /**
   * @param registry where the meters will be registered
   * @param enricher value of the tag {@link MeterNames#ENRICHER}; unique in its application
   * @param model provides the sentiment labels, the reference of {@link MeterNames#DRIFT} and the
   *     tags of {@link MeterNames#MODEL}
   */
  public static EnricherMeters of(MeterRegistry registry, String enricher, Model model) {
    return new EnricherMeters(registry, enricher, model);
  }

  /**
   * The enricher's meters in an application. The first call registers them, at 0.
   *
   * @param topology value of the tag {@link MeterNames#TOPOLOGY}
   */
  public EnrichmentMetrics in(String topology) {
    return byTopology.computeIfAbsent(
        topology, name -> EnrichmentMetrics.of(registry, name, enricher, model));
  }
}
