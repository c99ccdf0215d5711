package io.undercurrent.streams;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Predicts the record that the processor will receive for a polled one. It repeats the topology's
 * steps between the source and the processor. A wrong prediction costs time and changes no result.
 *
 * <p>Called by all stream threads. It may throw for a record that cannot be read; the error is
 * reported when the record is processed.
 *
 * @param <K> type of the processor's keys
 * @param <V> type of its values
 */
@FunctionalInterface
public interface Preview<K, V> {

  /**
   * Predicts one record.
   *
   * @param raw the polled record; neither it nor its headers may be changed
   * @param partitionTimeMs the latest timestamp of earlier records in the partition; -1 if there
   *     are none
   * @return the record that the processor will receive; null if it will receive none
   */
  Record<K, V> of(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs);

  /**
   * The preview for a processor directly behind a source with these serdes and the records' own
   * timestamps.
   */
  static <K, V> Preview<K, V> of(Serde<K> keySerde, Serde<V> valueSerde) {
    return of(keySerde, valueSerde, (record, partitionTimeMs) -> record.timestamp());
  }

  /**
   * The preview for a processor directly behind a source with these serdes and this timestamp
   * extractor.
   */
  static <K, V> Preview<K, V> of(
      Serde<K> keySerde, Serde<V> valueSerde, TimestampExtractor extractor) {
    return (raw, partitionTimeMs) -> {
      Headers headers = new RecordHeaders(raw.headers()); // extractors may write into them
      K key =
          raw.key() == null
              ? null
              : keySerde.deserializer().deserialize(raw.topic(), headers, raw.key());
      V value =
          raw.value() == null
              ? null
              : valueSerde.deserializer().deserialize(raw.topic(), headers, raw.value());
      long timestampMs =
          extractor.extract(
              new ConsumerRecord<>(
                  raw.topic(),
                  raw.partition(),
                  raw.offset(),
                  raw.timestamp(),
                  raw.timestampType(),
                  raw.serializedKeySize(),
                  raw.serializedValueSize(),
                  key,
                  value,
                  headers,
                  raw.leaderEpoch()),
              partitionTimeMs);
      return timestampMs < 0 ? null : new Record<>(key, value, timestampMs, headers);
    };
  }
}
