/**
 * From text to enriched record, without Kafka. Start with {@link
 * io.undercurrent.inference.ReferenceEnrichment}: its one method is the whole flow for one record,
 * and defines the result. {@link io.undercurrent.inference.Enrichment} and {@link
 * io.undercurrent.inference.EnrichmentBatch} compute the same bits faster, through {@link
 * io.undercurrent.inference.Inference}, which reads many records together.
 *
 * <p>The topology, the command {@code enrich} and queries use these classes. The commands {@code
 * evaluate} and {@code generate} use {@link io.undercurrent.inference.Inference} and {@link
 * io.undercurrent.inference.Generator}.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.inference;
