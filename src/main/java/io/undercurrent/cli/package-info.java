/**
 * The command line: the only place that wires everything. {@link io.undercurrent.cli.StreamsApp} is
 * the application that {@code run} starts against a cluster and {@code demo} against a broker of
 * its own.
 */
package io.undercurrent.cli;
