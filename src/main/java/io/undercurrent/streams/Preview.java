package io.undercurrent.streams;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * What a polled record will be when it reaches the processor: what lies between the topic and the
 * processor, once more. A preview that is wrong costs time and changes no result.
 *
 * <p>Called by all stream threads. It may throw, for records that cannot be read; that is theirs to
 * report when they are processed.
 *
 * @param <K> type of the processor's keys
 * @param <V> type of its values
 */
@FunctionalInterface
public interface Preview<K, V> {

  /**
   * @param raw as polled; not to be changed, its headers neither
   * @param partitionTimeMs the latest timestamp of the partition before it, -1 for none
   * @return null if the processor will not get it
   */
  Record<K, V> of(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs);

  /** Of a processor right behind a source with these serdes and the records' own timestamps. */
  static <K, V> Preview<K, V> of(Serde<K> keySerde, Serde<V> valueSerde) {
    return of(keySerde, valueSerde, (record, partitionTimeMs) -> record.timestamp());
  }

  /** Of a processor right behind a source with these serdes and this extractor. */
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
