package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.app.JsonField.Kind;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.Source;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.RecordSize;
import io.undercurrent.streams.internals.TimestampRange;
import io.undercurrent.text.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The processor that reads the text of a raw record and, if the definition says so, its key. Throws
 * {@link BadRecordException} for a record that cannot be used.
 */
final class Decode implements Processor<byte[], byte[], byte[], TextAndSource> {

  private final JsonPointer text; // null if the whole value is the text
  private final JsonPointer key; // null to keep the record's key
  private final int maxRecordBytes;
  private final TimestampRange timestamps;
  private ProcessorContext<byte[], TextAndSource> context;

  /**
   * @param text where the text is in a JSON value; null if the whole value is the text
   * @param key where the key is in a JSON value; null to keep the record's key
   * @param maxRecordBytes the largest record that may be sent to the repartition topic, in bytes
   * @param timestamps what all topics accept that are written behind it
   */
  Decode(JsonPointer text, JsonPointer key, int maxRecordBytes, TimestampRange timestamps) {
    this.text = text;
    this.key = key;
    this.maxRecordBytes = maxRecordBytes;
    this.timestamps = timestamps;
  }

  @Override
  public void init(ProcessorContext<byte[], TextAndSource> context) {
    this.context = context;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    context.forward(
        decode(
            record,
            timestampMs ->
                context
                    .recordMetadata()
                    .map(m -> new Source(m.topic(), m.partition(), m.offset(), timestampMs))
                    .orElse(null)));
  }

  /**
   * Previews records that come directly from a source.
   *
   * @param extractor the source's timestamp extractor
   */
  Preview<byte[], TextAndSource> preview(TimestampExtractor extractor) {
    Preview<byte[], byte[]> source = Preview.of(Serdes.ByteArray(), Serdes.ByteArray(), extractor);
    return (raw, partitionTimeMs) -> {
      Record<byte[], byte[]> record = source.of(raw, partitionTimeMs);
      return record == null
          ? null
          : decode(
              record,
              timestampMs -> new Source(raw.topic(), raw.partition(), raw.offset(), timestampMs));
    };
  }

  private Record<byte[], TextAndSource> decode(
      Record<byte[], byte[]> record, Function<Long, Source> position) {
    Long timestampMs = MissingTimestamps.removeFrom(record.headers()) ? null : record.timestamp();
    TimestampCheck.requireInRange(record.timestamp(), timestamps);
    if (record.value() == null) {
      if (key != null) {
        throw new BadRecordException(
            DeadLetterReason.TOMBSTONE_WITHOUT_KEY,
            "the value must be JSON with a key at " + key + ", found null");
      }
      return record.withValue(null);
    }
    String value = utf8(record.value());
    TextAndSource message =
        new TextAndSource(text == null ? value : text(value, text), position.apply(timestampMs));
    if (key == null) {
      return record.withValue(message);
    }
    byte[] messageKey = key(value);
    TextAndSource whole =
        new TextAndSource(
            message.text(), message.source(), new TextAndSource.Raw(record.key(), record.value()));
    if (size(messageKey, whole, record.headers()) <= maxRecordBytes) {
      return record.withKey(messageKey).withValue(whole);
    }
    requireFits(messageKey, message, record.headers());
    return record.withKey(messageKey).withValue(message);
  }

  private static long size(byte[] messageKey, TextAndSource message, Headers headers) {
    return RecordSize.of(messageKey, MessageSerde.maxBytes(message), headers);
  }

  /** Checks the size of the repartitioned record: key, text and source position, with headers. */
  private void requireFits(byte[] messageKey, TextAndSource message, Headers headers) {
    long size = size(messageKey, message, headers);
    if (size > maxRecordBytes) {
      throw new BadRecordException(
          DeadLetterReason.TOO_LARGE,
          "the key and text must fit %d bytes (max.request.size, max.message.bytes), found %d"
              .formatted(maxRecordBytes, size));
    }
  }

  private static String utf8(byte[] value) {
    try {
      return Utf8.decode(ByteBuffer.wrap(value));
    } catch (CharacterCodingException e) {
      throw new BadRecordException(
          DeadLetterReason.INVALID_UTF8,
          "the value must be UTF-8, found " + value.length + " other bytes");
    }
  }

  /**
   * The text at a pointer of a JSON value.
   *
   * @throws BadRecordException if there is none
   */
  static String text(String value, JsonPointer text) {
    JsonField field = find(value, text);
    return switch (field.kind()) {
      case STRING -> Utf8.withoutLoneSurrogates(field.text());
      case MISSING ->
          throw new BadRecordException(
              DeadLetterReason.MISSING_TEXT,
              "the value must have a string at " + text + ", found nothing");
      default ->
          throw new BadRecordException(
              DeadLetterReason.TEXT_NOT_A_STRING,
              "the value must have a string at " + text + ", found " + name(field.kind()));
    };
  }

  private byte[] key(String value) {
    JsonField field = find(value, key);
    return switch (field.kind()) {
      case STRING, NUMBER, BOOLEAN ->
          Utf8.withoutLoneSurrogates(field.text()).getBytes(StandardCharsets.UTF_8);
      case MISSING, NULL ->
          throw new BadRecordException(
              DeadLetterReason.MISSING_KEY,
              "the value must have a key at " + key + ", found " + name(field.kind()));
      default ->
          throw new BadRecordException(
              DeadLetterReason.KEY_NOT_SCALAR,
              "the key at "
                  + key
                  + " must be a string, number or boolean, found "
                  + name(field.kind()));
    };
  }

  private static JsonField find(String value, JsonPointer pointer) {
    try {
      return JsonField.find(value, pointer);
    } catch (MalformedJsonException e) {
      throw new BadRecordException(DeadLetterReason.MALFORMED_JSON, "the value " + e.getMessage());
    }
  }

  private static String name(Kind kind) {
    return switch (kind) {
      case MISSING -> "nothing";
      case NULL -> "null";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case OBJECT -> "an object";
      case ARRAY -> "an array";
    };
  }
}
