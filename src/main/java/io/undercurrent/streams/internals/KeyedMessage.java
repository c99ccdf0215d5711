package io.undercurrent.streams.internals;

import io.undercurrent.inference.Message;
import org.apache.kafka.common.utils.Bytes;

/**
 * A record that the processor enriches, with the key of its state.
 *
 * @param key the serialised key, under which the state is stored
 * @param message the record's content
 */
record KeyedMessage(Bytes key, Message message) {}
