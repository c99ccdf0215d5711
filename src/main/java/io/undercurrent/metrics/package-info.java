/**
 * Meters of the enrichment, in Micrometer's terms and for whatever registry the application has.
 *
 * <p>The processor reports each record here; dashboards and alerts read the names in {@link
 * io.undercurrent.metrics.MeterNames}. A key never becomes a tag: keys are many and may be
 * personal.
 *
 * <p>Meters count work done. Under exactly-once a record whose transaction was aborted is worked on
 * again and counts again, though it is written once.
 */
package io.undercurrent.metrics;
