/**
 * The whole flow without Kafka: token ids and a key's hidden state in, sentiment, next tokens,
 * surprise and the next hidden state out. The topology, {@code enrich} and {@code evaluate} all run
 * this one piece of code. {@code generate} lets the network write on from there.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.inference;
