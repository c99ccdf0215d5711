package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Remembers the enriched records that a broker has refused. Under exactly-once such a record fails
 * its transaction. The dead-letter handler writes it here; at the next attempt the processor finds
 * it, and the record becomes a dead letter. Both find this object in the application's
 * configuration. It is forgotten at a restart: then the record is refused once more.
 *
 * <p>The handler learns of a refusal on the producer's thread, which does not know the record's
 * position. So a record is found by its source, which the enriched record names. A tombstone is
 * found by its key and timestamp.
 *
 * <p>Thread-safe.
 */
public final class RefusedRecords {

  /** Key of the application's configuration; the value is an object of this class. */
  public static final String CONFIG = "undercurrent.refused.records";

  /** So that a topic that refuses everything fills no memory; the oldest is forgotten. */
  private static final int MAX_RECORDS = 1_000;

  private record Tombstone(ByteBuffer key, long timestampMs) {}

  private final Map<Object, BadRecordException> refused =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, BadRecordException> eldest) {
          return size() > MAX_RECORDS;
        }
      };

  private int untried; // remembered since the last attempts

  /**
   * The object of an application.
   *
   * @param configs the configuration of Kafka Streams
   * @return null if the configuration has none
   */
  public static RefusedRecords from(Map<String, ?> configs) {
    return (RefusedRecords) configs.get(CONFIG);
  }

  /**
   * Remembers an enriched record, unless it was refused before or cannot be recognised.
   *
   * @param exception what the dead letter will say
   */
  public synchronized void add(
      ProducerRecord<byte[], byte[]> record, BadRecordException exception) {
    Object id = id(record);
    if (id != null && refused.putIfAbsent(id, exception) == null) {
      untried++;
    }
  }

  private static Object id(ProducerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return record.key() == null || record.timestamp() == null
          ? null
          : new Tombstone(ByteBuffer.wrap(record.key()), record.timestamp());
    }
    try {
      return EnrichedRecordJson.fromJson(record.value()).source();
    } catch (RuntimeException e) {
      return null; // the topology writes other values
    }
  }

  /**
   * Whether a failed thread should be replaced, because a record was remembered that its next
   * attempt has not met yet. Each remembered record counts for one attempt.
   */
  public synchronized boolean takeAttempt() {
    if (untried == 0) {
      return false;
    }
    untried--;
    return true;
  }

  /**
   * Throws if the record was refused.
   *
   * @param source null if unknown
   */
  synchronized void check(Source source) {
    if (source != null && refused.containsKey(source)) {
      throw refused.get(source);
    }
  }

  /** The same for a tombstone. */
  synchronized void checkTombstone(byte[] key, long timestampMs) {
    Tombstone id = new Tombstone(ByteBuffer.wrap(key), timestampMs);
    if (refused.containsKey(id)) {
      throw refused.get(id);
    }
  }
}
