package io.undercurrent.streams.internals;

import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.inference.EnrichmentBatch;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Message;
import io.undercurrent.metrics.internals.DroppedReason;
import io.undercurrent.metrics.internals.EnrichmentMetrics;
import io.undercurrent.streams.internals.StoredKeys.Found;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The results that one processor has computed ahead, each kept under its record's partition and
 * offset until that record comes. A record takes its own only if everything that it was computed
 * from is what the record has now; otherwise it, and what lies ahead of it, is computed anew.
 *
 * <p>Reads the store, writes nothing, and can be thrown away at any time. Owned by the stream
 * thread.
 */
final class SpeculativeResults implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SpeculativeResults.class);

  /** Results over which mispredictions are counted. */
  static final int WINDOW = 1_000;

  /** Mispredictions among those past which nothing is computed ahead any more: one in ten. */
  static final int MOST_WRONG = WINDOW / 10;

  /** Records after which it is tried again. */
  static final int PAUSE_RECORDS = 10_000;

  /**
   * A result and what it was computed from.
   *
   * @param before the key's stored state before the record; null if there was none
   * @param model fingerprint
   * @param after the state to store; null for a tombstone
   * @param forgotten numbers of the records whose memory entries are to be deleted
   * @param outcome null for a tombstone
   * @param foreign whether another model had made the stored state
   * @param nanos its share of the time that computing took
   */
  record Result(
      Incoming record,
      byte[] before,
      String model,
      byte[] after,
      List<Long> forgotten,
      Outcome outcome,
      boolean foreign,
      long nanos) {

    /** What of it is not as {@code now}; null if nothing. */
    DroppedReason differsFrom(Incoming now, byte[] stored, String fingerprint) {
      if (!record.key().equals(now.key())) {
        return DroppedReason.KEY;
      }
      Message then = record.message();
      Message message = now.message();
      if (then.isTombstone() && message.isTombstone()) {
        return null; // it depends on nothing else
      }
      if (!Objects.equals(then.text(), message.text())) {
        return DroppedReason.TEXT;
      }
      if (!Objects.equals(then.timestampMs(), message.timestampMs())) {
        return DroppedReason.TIMESTAMP;
      }
      if (!Objects.equals(then.source(), message.source())) {
        return DroppedReason.SOURCE;
      }
      if (!then.equals(message)) {
        return DroppedReason.KEY; // its words
      }
      if (!model.equals(fingerprint)) {
        return DroppedReason.MODEL;
      }
      return Arrays.equals(before, stored) ? null : DroppedReason.STATE;
    }
  }

  /** What the processor knows, for what lies ahead. */
  interface Situation {

    /**
     * The record that the processor will get for a polled one; null for none. May throw.
     *
     * @param partitionTimeMs the latest timestamp of the partition before it, -1 for none
     */
    Incoming preview(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs);
  }

  /** One partition. */
  private static final class Lane {
    private final TreeMap<Long, Result> results = new TreeMap<>(); // by offset
    private PolledRecords.Cursor cursor; // null where the thread has no mailbox
    private long timeMs = -1;
  }

  private final PolledByThread lookAhead;
  private final Enrichment enrichment;
  private final String fingerprint;
  private final int batchRecords;
  private final int batchTokens;
  private final StoredKeys stored;
  private final Situation situation;
  private final EnrichmentMetrics metrics;

  private final Map<TopicPartition, Lane> lanes = new HashMap<>();
  private final boolean[] wrong = new boolean[WINDOW]; // of the last results, round robin
  private int place;
  private int wrongs;
  private int pause; // records until it is tried again
  private boolean warned; // that nothing is polled for it

  SpeculativeResults(
      PolledByThread lookAhead,
      Enrichment enrichment,
      String fingerprint,
      EnrichmentSettings settings,
      StoredKeys stored,
      Situation situation,
      EnrichmentMetrics metrics) {
    this.lookAhead = lookAhead;
    this.enrichment = enrichment;
    this.fingerprint = fingerprint;
    this.batchRecords = settings.batchRecords();
    this.batchTokens = settings.batchTokens();
    this.stored = stored;
    this.situation = situation;
    this.metrics = metrics;
  }

  /**
   * The result of the record at hand, which is no tombstone: computed before, or now together with
   * those that lie ahead.
   *
   * @throws RuntimeException what is wrong with this record; never with another
   */
  Result take(TopicPartition partition, long offset, Incoming now) {
    Lane lane = lane(partition);
    Long timestampMs = now.message().timestampMs();
    if (timestampMs != null) {
      lane.timeMs = Math.max(lane.timeMs, timestampMs);
    }
    if (isUsable(lane, offset, now)) {
      metrics.usedAhead();
      return lane.results.remove(offset);
    }
    metrics.inline();
    if (pause > 0) {
      pause--;
      ahead(lane, offset, 0);
      return alone(now);
    }
    return compute(lane, offset, now);
  }

  /** The record at hand makes its key forgotten. */
  void tombstone(TopicPartition partition, long offset, Bytes key) {
    Lane lane = lane(partition);
    if (isUsable(lane, offset, new Incoming(key, new Message(null, null, null, null)))) {
      lane.results.remove(offset); // the key's next results were computed from that
    } else {
      forget(key);
    }
  }

  /** Whether there is a result of this record; one that is of no use is dropped. */
  private boolean isUsable(Lane lane, long offset, Incoming now) {
    Map<Long, Result> passed = lane.results.headMap(offset);
    passed.values().forEach(result -> drop(result, DroppedReason.PASSED));
    passed.clear();
    Result result = lane.results.get(offset);
    if (result == null) {
      return false;
    }
    DroppedReason reason = result.differsFrom(now, stored.bytes(now.key()), fingerprint);
    if (reason == null) {
      predicted(true);
      return true;
    }
    lane.results.remove(offset);
    drop(result, reason);
    return false;
  }

  private Result compute(Lane lane, long offset, Incoming now) {
    EnrichmentBatch<Bytes> batch = new EnrichmentBatch<>(enrichment, batchTokens);
    List<Long> offsets = new ArrayList<>(List.of(offset));
    List<Incoming> records = new ArrayList<>(List.of(now));
    batch.add(now.key(), now.message());
    Set<Bytes> pending = keysWithResults();
    long timeMs = lane.timeMs;
    for (ConsumerRecord<byte[], byte[]> raw : ahead(lane, offset, batchRecords - 1)) {
      if (lane.results.containsKey(raw.offset())) {
        continue;
      }
      try {
        Incoming record = situation.preview(raw, timeMs);
        if (record == null || pending.contains(record.key())) {
          continue;
        }
        if (!batch.add(record.key(), record.message())) {
          break;
        }
        if (record.message().timestampMs() != null) {
          timeMs = Math.max(timeMs, record.message().timestampMs());
        }
        offsets.add(raw.offset());
        records.add(record);
      } catch (RuntimeException e) {
        log.debug("offset {} cannot be computed ahead: {}", raw.offset(), e.toString());
      }
    }
    long begin = System.nanoTime();
    Map<Bytes, Found> found = new HashMap<>();
    try {
      batch.run(
          key -> {
            Found ofKey = stored.find(key);
            found.put(key, ofKey);
            return ofKey.state();
          });
    } catch (RuntimeException e) {
      if (batch.size() == 1) {
        throw e;
      }
      log.debug("computed alone: {}", e.toString());
      return alone(now);
    }
    long whole = System.nanoTime() - begin;
    metrics.batch(batch.size(), batch.steps(), whole);
    List<Result> results = results(batch, records, found, whole / batch.size());
    if (results.get(0) != null) {
      forget(now.key()); // what was computed ahead for it did not know of this record
    }
    for (int i = 1; i < results.size(); i++) {
      if (results.get(i) != null) {
        lane.results.put(offsets.get(i), results.get(i));
      }
    }
    return results.get(0) == null ? alone(now) /* throws what is wrong with it */ : results.get(0);
  }

  /** The results of a batch; null where there is no outcome. */
  private List<Result> results(
      EnrichmentBatch<Bytes> batch, List<Incoming> records, Map<Bytes, Found> found, long nanos) {
    List<Result> results = new ArrayList<>();
    Map<Bytes, byte[]> states = new HashMap<>(); // after the last record of each key
    for (int i = 0; i < records.size(); i++) {
      Incoming record = records.get(i);
      Bytes key = record.key();
      if (record.message().isTombstone()) {
        results.add(new Result(record, null, fingerprint, null, List.of(), null, false, nanos));
        found.remove(key);
        states.put(key, null);
      } else if (batch.outcome(i) == null) {
        results.add(null);
      } else {
        Found first = found.remove(key); // null for all but the key's first record
        byte[] before = first == null ? states.get(key) : first.bytes();
        Result result = result(record, before, first, batch.outcome(i), nanos);
        states.put(key, result.after());
        results.add(result);
      }
    }
    return results;
  }

  /**
   * @param found what is stored of the key; null if the result does not start from there
   */
  private Result result(Incoming record, byte[] before, Found found, Outcome outcome, long nanos) {
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
        nanos);
  }

  /** Computes one record by itself. */
  Result alone(Incoming now) {
    long begin = System.nanoTime();
    Found found = stored.find(now.key());
    Outcome outcome = enrichment.enrich(found.state(), now.message());
    long nanos = System.nanoTime() - begin;
    metrics.batch(1, outcome.steps(), nanos);
    forget(now.key());
    return result(now, found.bytes(), found, outcome, nanos);
  }

  private Set<Bytes> keysWithResults() {
    Set<Bytes> keys = new HashSet<>();
    for (Lane lane : lanes.values()) {
      lane.results.values().forEach(result -> keys.add(result.record().key()));
    }
    return keys;
  }

  /** Drops the results of a key that something else was written for. */
  void forget(Bytes key) {
    for (Lane lane : lanes.values()) {
      lane.results
          .values()
          .removeIf(
              result -> {
                boolean ofKey = result.record().key().equals(key);
                if (ofKey) {
                  drop(result, DroppedReason.MEMORY);
                }
                return ofKey;
              });
    }
  }

  private void drop(Result result, DroppedReason reason) {
    metrics.droppedAhead(reason);
    predicted(false);
  }

  /** A result was used, or not: too many that are not, and computing them ahead does not pay. */
  private void predicted(boolean right) {
    wrongs += (right ? 0 : 1) - (wrong[place] ? 1 : 0);
    wrong[place] = !right;
    place = (place + 1) % WINDOW;
    if (wrongs > MOST_WRONG) {
      log.debug("more than {} of {} results were of no use: a pause", MOST_WRONG, WINDOW);
      pause = PAUSE_RECORDS;
      wrongs = 0;
      Arrays.fill(wrong, false);
    }
  }

  private Lane lane(TopicPartition partition) {
    Lane lane = lanes.computeIfAbsent(partition, p -> new Lane());
    if (lane.cursor == null) {
      PolledRecords mailbox = lookAhead.ofThisThread();
      lane.cursor = mailbox == null ? null : mailbox.open(partition);
      if (mailbox == null && !warned) {
        warned = true;
        log.warn(
            "{}: no polled records of this thread are known, so records are computed one by one."
                + " Pass the application's settings through LookAhead.addTo",
            partition);
      }
    }
    return lane;
  }

  private static List<ConsumerRecord<byte[], byte[]>> ahead(Lane lane, long offset, int most) {
    return lane.cursor == null ? List.of() : lane.cursor.after(offset, most);
  }

  /** Results that wait for their records. */
  int size() {
    return lanes.values().stream().mapToInt(lane -> lane.results.size()).sum();
  }

  @Override
  public void close() {
    for (Lane lane : lanes.values()) {
      lane.results.values().forEach(result -> metrics.droppedAhead(DroppedReason.CLOSED));
      if (lane.cursor != null) {
        lane.cursor.close();
      }
    }
    lanes.clear();
  }
}
