/**
 * A Kafka broker inside this JVM, for the demo and for tests. It needs no download, no container
 * and no second process.
 *
 * <p>Kafka's ordinary clients talk to it over TCP on loopback, so the rest of the project uses it
 * like a cluster. It is a single node without replication and authentication.
 */
package io.undercurrent.broker;
