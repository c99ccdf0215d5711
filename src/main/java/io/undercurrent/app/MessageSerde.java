package io.undercurrent.app;

import io.undercurrent.enrich.Source;
import io.undercurrent.text.Utf8;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Serde of the messages in the repartition topic. Thread-safe. Null messages and null bytes stay
 * null.
 */
final class MessageSerde implements Serde<TextAndSource> {

  private static final byte VERSION = 1;
  private static final int HAS_SOURCE = 1;
  private static final int HAS_TIMESTAMP = 2;
  private static final int MAX_TOPIC_BYTES = 255;
  private static final int MAX_HEADER_BYTES = 23 + MAX_TOPIC_BYTES;

  // Version 1, all numbers big-endian:
  //
  //   bytes  field
  //       1  format version, 1
  //       1  bit 0: there is a source; bit 1: it has a timestamp; others 0
  //          with a source:
  //       4    partition
  //       8    offset
  //       8    timestamp, ms since 1970; only if it has one
  //       1    n, bytes of the topic's name, unsigned
  //       n    the topic's name, UTF-8
  //    rest  the text, UTF-8

  /** An upper bound of a message's size in bytes, a few bytes above the true size. */
  static long maxBytes(TextAndSource message) {
    return MAX_HEADER_BYTES + (long) Utf8.length(message.text());
  }

  private static byte[] serialize(TextAndSource message) {
    byte[] text = message.text().getBytes(StandardCharsets.UTF_8);
    Source source = message.source();
    if (source == null) {
      return ByteBuffer.allocate(2 + text.length).put(VERSION).put((byte) 0).put(text).array();
    }
    byte[] topic = source.topic().getBytes(StandardCharsets.UTF_8);
    if (topic.length > MAX_TOPIC_BYTES) {
      throw new SerializationException(
          "topic name must have at most " + MAX_TOPIC_BYTES + " bytes, found " + topic.length);
    }
    boolean hasTimestamp = source.timestampMs() != null;
    int timestampBytes = hasTimestamp ? Long.BYTES : 0;
    ByteBuffer to =
        ByteBuffer.allocate(2 + 12 + timestampBytes + 1 + topic.length + text.length)
            .put(VERSION)
            .put((byte) (hasTimestamp ? HAS_SOURCE | HAS_TIMESTAMP : HAS_SOURCE))
            .putInt(source.partition())
            .putLong(source.offset());
    if (hasTimestamp) {
      to.putLong(source.timestampMs());
    }
    return to.put((byte) topic.length).put(topic).put(text).array();
  }

  private static TextAndSource deserialize(byte[] bytes) {
    try {
      ByteBuffer from = ByteBuffer.wrap(bytes);
      byte version = from.get();
      if (version != VERSION) {
        throw new SerializationException(
            "message: format version must be " + VERSION + ", found " + version);
      }
      byte flags = from.get();
      Source source =
          switch (flags) {
            case 0 -> null;
            case HAS_SOURCE -> source(from, false);
            case HAS_SOURCE | HAS_TIMESTAMP -> source(from, true);
            default ->
                throw new SerializationException(
                    "message: flags must be 0, 1 or 3, found " + flags);
          };
      return new TextAndSource(Utf8.decode(from), source);
    } catch (BufferUnderflowException | CharacterCodingException e) {
      throw new SerializationException(
          "message: must be format version " + VERSION + ", found " + bytes.length + " other bytes",
          e);
    }
  }

  private static Source source(ByteBuffer from, boolean hasTimestamp)
      throws CharacterCodingException {
    int partition = from.getInt();
    long offset = from.getLong();
    Long timestampMs = hasTimestamp ? from.getLong() : null;
    byte[] topic = new byte[Byte.toUnsignedInt(from.get())];
    from.get(topic);
    return new Source(Utf8.decode(ByteBuffer.wrap(topic)), partition, offset, timestampMs);
  }

  @Override
  public Serializer<TextAndSource> serializer() {
    return (topic, message) -> message == null ? null : serialize(message);
  }

  @Override
  public Deserializer<TextAndSource> deserializer() {
    return (topic, bytes) -> bytes == null ? null : deserialize(bytes);
  }
}
