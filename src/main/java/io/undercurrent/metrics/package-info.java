/**
 * Meters of the enrichment, for Micrometer registries of any kind.
 *
 * <p>A processor reports each record to {@link io.undercurrent.metrics.EnrichmentMetrics}, a
 * handler each dead letter to {@link io.undercurrent.metrics.DeadLetterMetrics}, and an application
 * rebalances, restores and lag to {@link io.undercurrent.metrics.AppMetrics}. {@link
 * io.undercurrent.metrics.MeterCatalogue} lists all meters. Keys and texts never become tags: they
 * are many and may be personal. A tag has a fixed set of values, known when the meters are
 * registered. Reporting a record costs a few atomic additions and allocates nothing.
 *
 * <p>Meters count work, not results. Under exactly-once, a record whose transaction was aborted is
 * processed again and counts twice, although it is written once.
 */
package io.undercurrent.metrics;
