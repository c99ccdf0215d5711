/**
 * Enrichment of one record, without Kafka: a key's state and a message in, the enriched record and
 * the key's next state out. {@code run}, {@code enrich} and queries all use it.
 */
package io.undercurrent.enrich;
