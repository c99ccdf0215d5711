/**
 * The plugin: puts the enrichment into any Kafka Streams topology. This package is the library's
 * API, together with {@link io.undercurrent.enrich.EnrichedRecord} and {@link
 * io.undercurrent.checkpoint.Checkpoint}.
 */
package io.undercurrent.streams;
