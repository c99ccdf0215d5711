package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.Source;
import io.undercurrent.streams.internals.SourceRecords;
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
final class MessageSerde implements Serde<TextAndSource>, SourceRecords {

  private static final byte TEXT = 1;
  private static final byte RAW = 2;
  private static final int HAS_SOURCE = 1;
  private static final int HAS_TIMESTAMP = 2;
  private static final int HAS_KEY = 4;
  private static final int MAX_TOPIC_BYTES = 255;
  private static final int MAX_HEADER_BYTES = 27 + MAX_TOPIC_BYTES;

  // All numbers are big-endian. Version 2 carries the source's record, from which the text is read
  // again, so that a dead letter has its bytes. Version 1 carries the text: messages of earlier
  // snapshots, and those whose record does not fit.
  //
  //   bytes  field
  //       1  format version, 1 or 2
  //       1  bit 0: there is a source; bit 1: it has a timestamp; bit 2: the source's record has a
  //          key; others 0
  //          with a source (always in version 2):
  //       4    partition
  //       8    offset
  //       8    timestamp, ms since 1970; only if it has one
  //       1    n, bytes of the topic's name, unsigned
  //       n    the topic's name, UTF-8
  //          with a key (only in version 2):
  //       4    k, bytes of the key
  //       k    the key
  //    rest  version 1: the text, UTF-8; version 2: the value

  private final String topicSuffix;
  private final JsonPointer text;

  /**
   * @param text where the text is in a JSON value; null if the whole value is the text
   */
  MessageSerde(JsonPointer text) {
    this.text = text;
    topicSuffix = EnrichmentTopology.repartitionTopic("");
  }

  /** An upper bound of a message's size in bytes, a few bytes above the true size. */
  static long maxBytes(TextAndSource message) {
    if (!isRaw(message)) {
      return MAX_HEADER_BYTES + (long) Utf8.length(message.text());
    }
    byte[] key = message.raw().key();
    return MAX_HEADER_BYTES + (key == null ? 0L : key.length) + message.raw().value().length;
  }

  private static boolean isRaw(TextAndSource message) {
    return message.raw() != null && message.source() != null;
  }

  private static byte[] serialize(TextAndSource message) {
    boolean raw = isRaw(message);
    byte[] key = raw ? message.raw().key() : null;
    byte[] rest = raw ? message.raw().value() : message.text().getBytes(StandardCharsets.UTF_8);
    byte version = raw ? RAW : TEXT;
    Source source = message.source();
    if (source == null) {
      return ByteBuffer.allocate(2 + rest.length).put(version).put((byte) 0).put(rest).array();
    }
    byte[] topic = source.topic().getBytes(StandardCharsets.UTF_8);
    if (topic.length > MAX_TOPIC_BYTES) {
      throw new SerializationException(
          "topic name must have at most " + MAX_TOPIC_BYTES + " bytes, found " + topic.length);
    }
    boolean hasTimestamp = source.timestampMs() != null;
    int timestampBytes = hasTimestamp ? Long.BYTES : 0;
    int keyBytes = key == null ? 0 : Integer.BYTES + key.length;
    int flags = HAS_SOURCE | (hasTimestamp ? HAS_TIMESTAMP : 0) | (key == null ? 0 : HAS_KEY);
    ByteBuffer to =
        ByteBuffer.allocate(2 + 12 + timestampBytes + 1 + topic.length + keyBytes + rest.length)
            .put(version)
            .put((byte) flags)
            .putInt(source.partition())
            .putLong(source.offset());
    if (hasTimestamp) {
      to.putLong(source.timestampMs());
    }
    to.put((byte) topic.length).put(topic);
    if (key != null) {
      to.putInt(key.length).put(key);
    }
    return to.put(rest).array();
  }

  private TextAndSource deserialize(byte[] bytes) {
    Parsed parsed = parse(bytes);
    try {
      String value = Utf8.decode(parsed.rest);
      return new TextAndSource(
          parsed.version == RAW && text != null ? Decode.text(value, text) : value, parsed.source);
    } catch (CharacterCodingException | BadRecordException e) {
      throw unreadable(bytes, e);
    }
  }

  /** The parts of a message. The rest is not read yet. */
  private record Parsed(byte version, Source source, byte[] key, ByteBuffer rest) {}

  private static Parsed parse(byte[] bytes) {
    try {
      ByteBuffer from = ByteBuffer.wrap(bytes);
      byte version = from.get();
      if (version != TEXT && version != RAW) {
        throw new SerializationException(
            "message: format version must be " + TEXT + " or " + RAW + ", found " + version);
      }
      byte flags = from.get();
      int known =
          version == TEXT ? HAS_SOURCE | HAS_TIMESTAMP : HAS_SOURCE | HAS_TIMESTAMP | HAS_KEY;
      boolean hasSource = (flags & HAS_SOURCE) != 0;
      if ((flags & ~known) != 0 || !hasSource && (version == RAW || flags != 0)) {
        throw new SerializationException(
            "message: flags of format version %d must be %s, found %d"
                .formatted(version, version == TEXT ? "0, 1 or 3" : "1, 3, 5 or 7", flags));
      }
      Source source = hasSource ? source(from, (flags & HAS_TIMESTAMP) != 0) : null;
      byte[] key = (flags & HAS_KEY) == 0 ? null : key(from);
      return new Parsed(version, source, key, from);
    } catch (BufferUnderflowException | CharacterCodingException e) {
      throw unreadable(bytes, e);
    }
  }

  private static SerializationException unreadable(byte[] bytes, Exception e) {
    return new SerializationException(
        "message: must be format version 1 or 2, found " + bytes.length + " other bytes", e);
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

  private static byte[] key(ByteBuffer from) {
    int length = from.getInt();
    if (length < 0 || length > from.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] key = new byte[length];
    from.get(key);
    return key;
  }

  /** Null for a record of another topic, and for a message that does not carry its record. */
  @Override
  public SourceRecord of(SourceRecord read) {
    if (!read.topic().endsWith(topicSuffix) || read.value() == null) {
      return null;
    }
    try {
      Parsed parsed = parse(read.value());
      if (parsed.version != RAW) {
        return null;
      }
      byte[] value = new byte[parsed.rest.remaining()];
      parsed.rest.get(value);
      Source source = parsed.source;
      return new SourceRecord(
          source.topic(), source.partition(), source.offset(), parsed.key, value);
    } catch (SerializationException e) {
      return null; // something else writes into the topic too
    }
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
