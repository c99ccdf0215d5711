/**
 * Compares the speed with other libraries: {@code mvn -Pbench verify}. All subjects compute the
 * same network from the same weights, and their results are compared before anything is timed.
 * Subjects take turns in one JVM, so each ratio comes from one run. Results are in {@code
 * target/bench}.
 */
package io.undercurrent.bench;
