/**
 * Meters of the enrichment, in Micrometer's terms and for whatever registry the application has.
 *
 * <p>The processor reports each record to {@link io.undercurrent.metrics.EnrichmentMetrics}, an
 * application what becomes of it to {@link io.undercurrent.metrics.AppMetrics}; {@link
 * io.undercurrent.metrics.MeterCatalogue} says what there is for dashboards and alerts to read. A
 * key never becomes a tag: keys are many and may be personal. What tags can be is known from the
 * start. A record costs some atomic additions and no memory.
 *
 * <p>Meters count work done. Under exactly-once a record whose transaction was aborted is worked on
 * again and counts again, though it is written once.
 */
package io.undercurrent.metrics;
