/**
 * What Kafka Streams stores for each key, and where: the byte formats of a key's state and of its
 * memory, and the state stores that hold them.
 *
 * <p>Stands between the network and the topology: a record's computation starts from the bytes
 * found here and ends with the bytes that replace them.
 */
package io.undercurrent.state;
