/**
 * Measures what needs a broker: how much of the machine a stream takes, how soon a record is
 * enriched, how both grow. Broker and application run in JVMs of their own, so that a figure is the
 * application's alone; this side fills topics, watches committed offsets and CPU time, and writes
 * JSON, tables and pictures.
 *
 * <p>What needs none (step, head) is in the build's {@code bench} profile.
 */
package io.undercurrent.measure;
