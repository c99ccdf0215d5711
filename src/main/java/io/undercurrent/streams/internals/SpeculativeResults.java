package io.undercurrent.streams.internals;

import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.inference.EnrichmentBatch;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Message;
import io.undercurrent.metrics.internals.DroppedReason;
import io.undercurrent.metrics.internals.EnrichmentMetrics;
import io.undercurrent.streams.internals.StoredKeys.Found;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Computes results for polled records before they are processed, and keeps each until its record
 * arrives. A result is used only if its record, state and memory are still those that it was
 * computed from. Otherwise it is dropped, and the record is computed again in one batch with the
 * records polled after it.
 *
 * <p>It reads the stores and never writes to them, so its results can be discarded at any time.
 * Each processor has one; the stream thread owns it.
 */
final class SpeculativeResults implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SpeculativeResults.class);

  /** The number of latest results among which the unused ones are counted. */
  static final int WINDOW = 1_000;

  /** If more of these results are unused, computing ahead pauses: one in ten. */
  static final int MAX_UNUSED = WINDOW / 10;

  /** The number of records for which computing ahead pauses. */
  static final int PAUSE_RECORDS = 10_000;

  /**
   * A result and the inputs that it was computed from.
   *
   * @param before the key's stored state before the record; null if there was none
   * @param model fingerprint of the model
   * @param after the state to store; null for a tombstone
   * @param forgotten numbers of the records whose memory entries must be deleted
   * @param outcome null for a tombstone
   * @param foreign whether another model made the stored state
   * @param broken what was wrong with the key's stored state or memory, because of which it starts
   *     again; null if they were intact
   * @param nanos the record's share of its batch's time
   */
  record Result(
      Message record,
      byte[] before,
      String model,
      byte[] after,
      List<Long> forgotten,
      Outcome outcome,
      boolean foreign,
      String broken,
      long nanos) {

    /** The first input that differs from the current one; null if all are the same. */
    DroppedReason mismatch(Message current, byte[] stored, String fingerprint) {
      if (!record.key().equals(current.key())) {
        return DroppedReason.KEY;
      }
      if (record.isTombstone() && current.isTombstone()) {
        return null; // a tombstone depends on nothing but its key
      }
      if (!Objects.equals(record.text(), current.text())) {
        return DroppedReason.TEXT;
      }
      if (!Objects.equals(record.timestampMs(), current.timestampMs())) {
        return DroppedReason.TIMESTAMP;
      }
      if (!Objects.equals(record.source(), current.source())) {
        return DroppedReason.SOURCE;
      }
      if (!model.equals(fingerprint)) {
        return DroppedReason.MODEL;
      }
      return Arrays.equals(before, stored) ? null : DroppedReason.STATE;
    }
  }

  /** Predicts what the processor will receive for a polled record. */
  @FunctionalInterface
  interface MessagePreview {

    /**
     * The message that the processor will receive; null if it will receive none. May throw.
     *
     * @param partitionTimeMs the latest timestamp of earlier records in the partition; -1 if there
     *     are none
     */
    Message of(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs);
  }

  /** The results of one partition. */
  private static final class PartitionResults {
    private final TreeMap<Long, Result> byOffset = new TreeMap<>();
    private PolledRecords.Cursor cursor; // null if this thread's polled records are not collected
    private long timeMs = -1; // latest timestamp so far
  }

  private final PolledByThread lookAhead;
  private final Enrichment enrichment;
  private final String fingerprint;
  private final int batchRecords;
  private final int batchTokens;
  private final StoredKeys stored;
  private final MessagePreview preview;
  private final EnrichmentMetrics metrics;

  private final Map<TopicPartition, PartitionResults> partitions = new HashMap<>();
  private final boolean[] unused = new boolean[WINDOW]; // ring of the latest results
  private int ringIndex; // where the next result is written
  private int unusedCount; // in the ring
  private int pausedRecords; // records until the pause ends; 0 without a pause

  SpeculativeResults(
      PolledByThread lookAhead,
      Enrichment enrichment,
      String fingerprint,
      EnrichmentSettings settings,
      StoredKeys stored,
      MessagePreview preview,
      EnrichmentMetrics metrics) {
    this.lookAhead = lookAhead;
    this.enrichment = enrichment;
    this.fingerprint = fingerprint;
    this.batchRecords = settings.batchRecords();
    this.batchTokens = settings.batchTokens();
    this.stored = stored;
    this.preview = preview;
    this.metrics = metrics;
  }

  /**
   * The result of the current record. It was computed ahead, or is computed now in one batch with
   * the records polled after it.
   *
   * @param current not a tombstone
   * @throws RuntimeException if this record cannot be enriched; never because of another record
   */
  Result resultFor(TopicPartition partition, long offset, Message current) {
    PartitionResults results = resultsOf(partition);
    Long timestampMs = current.timestampMs();
    if (timestampMs != null) {
      results.timeMs = Math.max(results.timeMs, timestampMs);
    }
    if (hasUsableResult(results, offset, current)) {
      metrics.usedAhead();
      return results.byOffset.remove(offset);
    }
    metrics.inline();
    if (pausedRecords > 0) {
      pausedRecords--;
      polledAfter(results, offset, 0);
      return computeAlone(current);
    }
    return computeBatch(results, offset, current);
  }

  /**
   * Handles a tombstone, which deletes its key's state. If the tombstone was predicted, the key's
   * later results were computed after it and stay; otherwise they are dropped.
   */
  void tombstone(TopicPartition partition, long offset, ByteBuffer key) {
    PartitionResults results = resultsOf(partition);
    Message tombstone = new Message(key, null, null, null);
    if (hasUsableResult(results, offset, tombstone)) {
      results.byOffset.remove(offset);
    } else {
      dropResultsOf(key);
    }
  }

  /**
   * Whether the record at this offset has a result that can be used. Drops a result that cannot be
   * used, and all results of earlier offsets.
   */
  private boolean hasUsableResult(PartitionResults results, long offset, Message current) {
    Map<Long, Result> passed = results.byOffset.headMap(offset);
    passed.values().forEach(result -> drop(result, DroppedReason.PASSED));
    passed.clear();
    Result result = results.byOffset.get(offset);
    if (result == null) {
      return false;
    }
    DroppedReason reason =
        result.mismatch(current, stored.bytes(bytes(current.key())), fingerprint);
    if (reason == null) {
      countResult(true);
      return true;
    }
    results.byOffset.remove(offset);
    drop(result, reason);
    return false;
  }

  /** Computes the current record together with records polled after it, and keeps their results. */
  private Result computeBatch(PartitionResults ofPartition, long offset, Message current) {
    EnrichmentBatch batch = new EnrichmentBatch(enrichment, batchTokens);
    List<Long> offsets = new ArrayList<>(List.of(offset));
    List<Message> records = new ArrayList<>(List.of(current));
    batch.add(current);
    Set<ByteBuffer> keysWithResults = keysWithResults();
    long timeMs = ofPartition.timeMs;
    for (ConsumerRecord<byte[], byte[]> raw : polledAfter(ofPartition, offset, batchRecords - 1)) {
      if (ofPartition.byOffset.containsKey(raw.offset())) {
        continue;
      }
      try {
        Message record = preview.of(raw, timeMs);
        if (record == null || keysWithResults.contains(record.key())) {
          continue;
        }
        if (!batch.add(record)) {
          break;
        }
        if (record.timestampMs() != null) {
          timeMs = Math.max(timeMs, record.timestampMs());
        }
        offsets.add(raw.offset());
        records.add(record);
      } catch (RuntimeException e) {
        log.debug(
            "the record at offset {} cannot be computed ahead: {}", raw.offset(), e.toString());
      }
    }
    long beginNanos = System.nanoTime();
    Map<ByteBuffer, Found> foundByKey = new HashMap<>();
    try {
      batch.run(
          key -> {
            Found found = stored.find(bytes(key));
            foundByKey.put(key, found);
            return found.state();
          });
    } catch (TaskMigratedException e) {
      throw e; // the task's stores are broken, whichever record's key was read
    } catch (RuntimeException e) {
      if (batch.size() == 1) {
        throw e;
      }
      log.debug("the batch failed, so its first record is computed alone: {}", e.toString());
      return computeAlone(current);
    }
    long batchNanos = System.nanoTime() - beginNanos;
    metrics.batch(batch.size(), batch.steps(), batchNanos);
    List<Result> results = results(batch, records, foundByKey, batchNanos / batch.size());
    if (results.get(0) != null) {
      dropResultsOf(current.key()); // they were computed without this record
    }
    for (int i = 1; i < results.size(); i++) {
      if (results.get(i) != null) {
        ofPartition.byOffset.put(offsets.get(i), results.get(i));
      }
    }
    return results.get(0) == null
        ? computeAlone(current) // throws the record's own error
        : results.get(0);
  }

  /** The results of a batch, in its order; null for a record without an outcome. */
  private List<Result> results(
      EnrichmentBatch batch, List<Message> records, Map<ByteBuffer, Found> foundByKey, long nanos) {
    List<Result> results = new ArrayList<>();
    Map<ByteBuffer, byte[]> states = new HashMap<>(); // each key's state after its latest record
    for (int i = 0; i < records.size(); i++) {
      Message record = records.get(i);
      ByteBuffer key = record.key();
      if (record.isTombstone()) {
        results.add(
            new Result(record, null, fingerprint, null, List.of(), null, false, null, nanos));
        foundByKey.remove(key);
        states.put(key, null);
      } else if (batch.outcome(i) == null) {
        results.add(null);
      } else {
        Found found = foundByKey.remove(key); // null for all but the key's first record
        byte[] before = found == null ? states.get(key) : found.bytes();
        Result result = result(record, before, found, batch.outcome(i), nanos);
        states.put(key, result.after());
        results.add(result);
      }
    }
    return results;
  }

  /**
   * @param found what is stored for the key; null if the result starts from an earlier record of
   *     the batch
   */
  private Result result(Message record, byte[] before, Found found, Outcome outcome, long nanos) {
    List<Long> forgotten = outcome.forgotten();
    if (found != null && !found.unreadable().isEmpty()) {
      forgotten = new ArrayList<>(found.unreadable());
      forgotten.addAll(outcome.forgotten());
    }
    return new Result(
        record,
        before,
        fingerprint,
        stored.serialize(outcome.after()),
        forgotten,
        outcome,
        found != null && found.foreign(),
        found == null ? null : found.broken(),
        nanos);
  }

  /** Computes one record on its own, and drops the other results of its key. */
  Result computeAlone(Message current) {
    long beginNanos = System.nanoTime();
    Found found = stored.find(bytes(current.key()));
    Outcome outcome = enrichment.enrich(found.state(), current);
    long nanos = System.nanoTime() - beginNanos;
    metrics.batch(1, outcome.steps(), nanos);
    dropResultsOf(current.key());
    return result(current, found.bytes(), found, outcome, nanos);
  }

  private Set<ByteBuffer> keysWithResults() {
    Set<ByteBuffer> keys = new HashSet<>();
    for (PartitionResults results : partitions.values()) {
      results.byOffset.values().forEach(result -> keys.add(result.record().key()));
    }
    return keys;
  }

  /** Drops all results of a key whose state another record changes. */
  void dropResultsOf(ByteBuffer key) {
    for (PartitionResults results : partitions.values()) {
      results
          .byOffset
          .values()
          .removeIf(
              result -> {
                boolean sameKey = result.record().key().equals(key);
                if (sameKey) {
                  drop(result, DroppedReason.MEMORY);
                }
                return sameKey;
              });
    }
  }

  private void drop(Result result, DroppedReason reason) {
    metrics.droppedAhead(reason);
    countResult(false);
  }

  /** Counts one result as used or unused. If too many are unused, computing ahead pauses. */
  private void countResult(boolean used) {
    unusedCount += (used ? 0 : 1) - (unused[ringIndex] ? 1 : 0);
    unused[ringIndex] = !used;
    ringIndex = (ringIndex + 1) % WINDOW;
    if (unusedCount > MAX_UNUSED) {
      log.debug(
          "computing ahead pauses for {} records: more than {} of the last {} results were unused",
          PAUSE_RECORDS,
          MAX_UNUSED,
          WINDOW);
      pausedRecords = PAUSE_RECORDS;
      unusedCount = 0;
      Arrays.fill(unused, false);
    }
  }

  private PartitionResults resultsOf(TopicPartition partition) {
    PartitionResults results = partitions.computeIfAbsent(partition, p -> new PartitionResults());
    if (results.cursor == null) {
      PolledRecords polled = lookAhead.ofCurrentThread();
      results.cursor = polled == null ? null : polled.openCursor(partition);
      if (polled == null && lookAhead.warnNow()) {
        log.warn(
            "{}: no polled records of this thread are known, so records are computed one by one."
                + " Pass the application's settings through LookAhead.addTo",
            partition);
      }
    }
    return results;
  }

  private static Bytes bytes(ByteBuffer key) {
    return Bytes.wrap(key.array());
  }

  /** At most {@code max} polled records after this offset. Those up to it are no longer needed. */
  private static List<ConsumerRecord<byte[], byte[]>> polledAfter(
      PartitionResults results, long offset, int max) {
    return results.cursor == null ? List.of() : results.cursor.recordsAfter(offset, max);
  }

  @Override
  public void close() {
    for (PartitionResults results : partitions.values()) {
      results.byOffset.values().forEach(result -> metrics.droppedAhead(DroppedReason.CLOSED));
      if (results.cursor != null) {
        results.cursor.close();
      }
    }
    partitions.clear();
  }
}
