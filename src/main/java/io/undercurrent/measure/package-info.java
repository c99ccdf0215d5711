/**
 * Measurements of whole streams: CPU time, throughput and latency, and how they grow. Broker and
 * application run in their own JVMs, so that a figure is the application's alone. This JVM fills
 * topics, reads committed offsets and CPU times, and writes JSON and tables.
 *
 * <p>Benchmarks that need no broker (step, head) are in the build's {@code bench} profile.
 */
package io.undercurrent.measure;
