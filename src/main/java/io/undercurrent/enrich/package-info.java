/**
 * The enriched record, its JSON, and how records are enriched. Kafka-free. {@link
 * io.undercurrent.inference.ReferenceEnrichment} makes enriched records.
 */
package io.undercurrent.enrich;
