package io.undercurrent.streams.internals;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.enrich.BadRecordException.Reason;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.Drift;
import io.undercurrent.metrics.EnrichmentMetrics;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.Model;
import java.util.List;

/** Makes the meters of an enricher, with the labels and the drift reference of its model. */
public final class EnricherMeters {

  private EnricherMeters() {}

  /** The meters of a {@link io.undercurrent.streams.DeadLetterHandler} in {@code registry}. */
  public static EnrichmentMetrics ofDeadLetters(MeterRegistry registry) {
    return EnrichmentMetrics.in(registry, List.of(), Reason.codes(), List.of(), null);
  }

  /** The meters of processors in {@code registry}. */
  public static EnrichmentMetrics in(MeterRegistry registry, Model model) {
    EnrichmentMetrics metrics =
        EnrichmentMetrics.in(
            registry,
            model.config().labels(),
            Reason.codes(),
            ComputedAhead.Dropped.codes(),
            drift(model.reference()));
    metrics.kernels(Kernels.best().name());
    return metrics;
  }

  private static Drift drift(DriftReference reference) {
    return reference == null
        ? null
        : new Drift(
            reference.records(),
            bins(reference.score()),
            bins(reference.surprise()),
            bins(reference.unknown()));
  }

  private static Drift.Bins bins(DriftReference.Histogram histogram) {
    return new Drift.Bins(histogram.edges(), histogram.shares());
  }
}
