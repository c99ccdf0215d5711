/**
 * From text to enriched record, without Kafka. Start with {@link
 * io.undercurrent.inference.ReferenceEnrichment}: it is the whole flow for one record, in one
 * method, and defines the result. {@link io.undercurrent.inference.Enrichment} and {@link
 * io.undercurrent.inference.EnrichmentBatch} give the same bits faster, through {@link
 * io.undercurrent.inference.Inference}, which reads many records together.
 *
 * <p>The topology, {@code enrich} and queries enrich with it; {@code evaluate} and {@code generate}
 * use the network below it.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.inference;
