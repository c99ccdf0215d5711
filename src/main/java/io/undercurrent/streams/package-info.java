/**
 * The plugin: puts the enrichment into any Kafka Streams topology.
 *
 * <ul>
 *   <li>{@link io.undercurrent.streams.Enricher} is built from a model and gives the processors;
 *       {@link io.undercurrent.streams.StoreSettings} says how it keeps states.
 *   <li>{@link io.undercurrent.streams.Enriched} is a value beside its enriched record; {@link
 *       io.undercurrent.streams.EnrichedRecordSerde} writes and reads enriched records as JSON.
 *   <li>{@link io.undercurrent.streams.LookAhead} lets an enricher compute several records at once;
 *       {@link io.undercurrent.streams.Preview} says what a polled record will be.
 *   <li>{@link io.undercurrent.streams.DeadLetterHandler} sends bad records to a topic.
 * </ul>
 *
 * <p>This package is the library's API, together with {@link
 * io.undercurrent.checkpoint.Checkpoint}, {@link io.undercurrent.enrich.EnrichedRecord}, {@link
 * io.undercurrent.enrich.KeyEncoding}, {@link io.undercurrent.query.KeyQueries} and what these have
 * in their signatures.
 */
package io.undercurrent.streams;
