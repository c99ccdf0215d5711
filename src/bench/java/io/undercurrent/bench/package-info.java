/**
 * Benchmarks beside other libraries: {@code mvn -Pbench verify}. Every subject computes the same
 * network from the same weights, its results are compared before anything is timed, and subjects
 * take turns in one JVM, so that a ratio is of one run. What they find lies in {@code
 * target/bench}.
 */
package io.undercurrent.bench;
