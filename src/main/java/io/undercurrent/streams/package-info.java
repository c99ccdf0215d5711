/**
 * The plugin: adds the enrichment to any Kafka Streams topology.
 *
 * <ul>
 *   <li>{@link io.undercurrent.streams.Enricher} is built from a model and supplies the processors;
 *       {@link io.undercurrent.streams.StoreSettings} says how it stores states.
 *   <li>{@link io.undercurrent.streams.Enriched} is a value with its enriched record; {@link
 *       io.undercurrent.streams.EnrichedRecordSerde} writes and reads enriched records as JSON.
 *   <li>{@link io.undercurrent.streams.LookAhead} lets an enricher compute several records at once;
 *       {@link io.undercurrent.streams.Preview} predicts what a processor will receive.
 *   <li>{@link io.undercurrent.streams.DeadLetterHandler} sends bad records to a topic.
 * </ul>
 *
 * <p>This package is the library's API, together with {@link
 * io.undercurrent.checkpoint.Checkpoint}, {@link io.undercurrent.enrich.EnrichedRecord}, {@link
 * io.undercurrent.enrich.KeyEncoding}, {@link io.undercurrent.query.KeyQueries} and the types in
 * their signatures.
 */
package io.undercurrent.streams;
