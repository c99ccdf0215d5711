/**
 * The meters themselves: what processors, dead letters and applications report to, drift, and the
 * catalogue that docs/meters.md is generated from.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.metrics.internals;
