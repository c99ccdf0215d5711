/**
 * The meters that processors, dead letters and applications report to, the measurement of drift,
 * and the catalogue from which docs/meters.md is generated.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.metrics.internals;
