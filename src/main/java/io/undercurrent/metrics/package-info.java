/**
 * The names of our meters, and the reasons of dead letters with their descriptions. docs/meters.md
 * lists all meters.
 *
 * <p>Keys and texts never become tags: they are many and may be personal. A tag has a fixed set of
 * values, known when the meters are registered. Reporting a record costs a few atomic additions and
 * allocates nothing.
 *
 * <p>Meters count work, not results. Under exactly-once, a record whose transaction was aborted is
 * processed again and counts twice, although it is written once.
 */
package io.undercurrent.metrics;
