package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Remembers the enriched records that a broker has refused. Such a record ends its stream thread.
 * The dead-letter handler writes it here; at the next attempt the processor finds it, and the
 * record becomes a dead letter. Both find this object in the application's configuration. It is
 * forgotten at a restart: then the record is refused once more.
 *
 * <p>The handler learns of a refusal on the producer's thread, which does not know the record's
 * position. So a record is found by its enricher and by its source, which the enriched record
 * names. A tombstone is found by its enricher, key and timestamp. Where a step in front of the
 * enricher makes several records of one ({@code flatMap}), they have one source: if one of them is
 * refused, all become dead letters.
 *
 * <p>Thread-safe.
 */
public final class RefusedRecords {

  /** Key of the application's configuration; the value is an object of this class. */
  public static final String CONFIG = "undercurrent.refused.records";

  /** So that a topic that refuses everything fills no memory; the oldest is forgotten. */
  static final int MAX_RECORDS = 1_000;

  /** A topic that ends more threads than these, without an hour between them, refuses all. */
  static final int MAX_ATTEMPTS = 20;

  private static final long FORGET_ATTEMPTS_NANOS = TimeUnit.HOURS.toNanos(1);

  /**
   * @param enricher the name of its model header
   */
  private record Enriched(String enricher, Source source) {}

  private record Tombstone(String enricher, ByteBuffer key, long timestampMs) {}

  private final Map<Object, BadRecordException> refused =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, BadRecordException> eldest) {
          return size() > MAX_RECORDS;
        }
      };

  private final LongSupplier nanoTime;
  private volatile boolean any; // so that a record costs no lock while none was refused
  private int untried; // remembered since the last attempts
  private int attempts; // until an hour passes without one
  private long lastAttemptNanos;

  public RefusedRecords() {
    this(System::nanoTime);
  }

  RefusedRecords(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

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
   * @param enricher the name of its model header
   * @param exception what the dead letter will say
   */
  public synchronized void add(
      String enricher, ProducerRecord<byte[], byte[]> record, BadRecordException exception) {
    Object id = id(enricher, record);
    if (id != null && refused.putIfAbsent(id, exception) == null) {
      any = true;
      untried++;
    }
  }

  private static Object id(String enricher, ProducerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return record.key() == null || record.timestamp() == null
          ? null
          : new Tombstone(enricher, ByteBuffer.wrap(record.key()), record.timestamp());
    }
    try {
      Source source = EnrichedRecordJson.fromJson(record.value()).source();
      return source == null ? null : new Enriched(enricher, source);
    } catch (RuntimeException e) {
      return null; // the topology writes other values
    }
  }

  /**
   * Whether a failed thread should be replaced, because a record was refused for the first time
   * since a thread was last replaced. Each remembered record counts for one attempt. False after 20
   * attempts without an hour between two of them.
   */
  public synchronized boolean takeAttempt() {
    if (untried == 0) {
      return false;
    }
    untried--;
    long now = nanoTime.getAsLong();
    if (attempts > 0 && now - lastAttemptNanos > FORGET_ATTEMPTS_NANOS) {
      attempts = 0;
    }
    lastAttemptNanos = now;
    attempts++;
    return attempts <= MAX_ATTEMPTS;
  }

  /** Whether a check has thrown this exception. */
  public synchronized boolean has(Exception exception) {
    return refused.containsValue(exception);
  }

  /**
   * Throws if the record was refused.
   *
   * @param source null if unknown
   */
  void check(String enricher, Source source) {
    if (any) {
      throwIfRefused(new Enriched(enricher, source));
    }
  }

  /** The same for a tombstone. */
  void checkTombstone(String enricher, byte[] key, long timestampMs) {
    if (any) {
      throwIfRefused(new Tombstone(enricher, ByteBuffer.wrap(key), timestampMs));
    }
  }

  private synchronized void throwIfRefused(Object id) {
    BadRecordException exception = refused.get(id);
    if (exception != null) {
      throw exception;
    }
  }
}
