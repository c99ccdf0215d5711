/**
 * The enrichment as a Kafka Streams topology.
 *
 * <pre>
 *   source topics -> decode -> [by-key, where the key is in the value] -> enrich -> enriched topic
 *                      \________________________________________________/
 *                            records that cannot be used -> dead letters
 * </pre>
 *
 * <p>{@link io.undercurrent.topology.Enrichment} is the step itself, without Kafka; {@link
 * io.undercurrent.topology.RecurrentProcessorSupplier} puts it and its store into any topology;
 * {@link io.undercurrent.topology.EnrichmentTopology} builds the one that a {@link
 * io.undercurrent.topology.TopologyDefinition} describes. The output is an {@link
 * io.undercurrent.topology.EnrichedRecord}, as JSON that the schema beside the definitions states.
 */
package io.undercurrent.topology;
