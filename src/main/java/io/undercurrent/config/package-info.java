/**
 * Settings of an application: our own, which all start with {@code undercurrent.}, and Kafka's,
 * which are passed on unchanged. Defaults of the enrichment come from {@link
 * io.undercurrent.inference.EnrichmentSettings#DEFAULTS}; all other defaults are defined here. The
 * folder {@code config/} holds the files.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.config;
