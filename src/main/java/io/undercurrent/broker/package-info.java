/**
 * A Kafka broker inside this JVM, for the demo and for tests: no download, no container, no second
 * process.
 *
 * <p>Everything upstream and downstream of it talks to it over loopback TCP with Kafka's ordinary
 * clients, so the rest of the project cannot tell it from a cluster. It is not one: a single node,
 * no replication, no authentication.
 */
package io.undercurrent.broker;
