package io.undercurrent.streams.internals;

import io.undercurrent.inference.Message;
import org.apache.kafka.common.utils.Bytes;

/**
 * A record as the processor gets it.
 *
 * @param key serialised; the state is stored under it
 */
record Incoming(Bytes key, Message message) {}
