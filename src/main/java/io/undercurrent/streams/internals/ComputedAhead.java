package io.undercurrent.streams.internals;

import io.undercurrent.enrich.Enrichment;
import io.undercurrent.enrich.Enrichment.Outcome;
import io.undercurrent.enrich.EnrichmentBatch;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.enrich.Stored;
import io.undercurrent.enrich.Subject;
import io.undercurrent.metrics.DroppedReason;
import io.undercurrent.metrics.EnrichmentMetrics;
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
public final class ComputedAhead implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ComputedAhead.class);

  /** Results over which mispredictions are counted. */
  static final int WINDOW = 1_000;

  /** Mispredictions among those past which nothing is computed ahead any more: one in ten. */
  static final int MOST_WRONG = WINDOW / 10;

  /** Records after which it is tried again. */
  static final int PAUSE_RECORDS = 10_000;

  /**
   * A result and what it was computed from.
   *
   * @param state of the key before, as stored; or null
   * @param model fingerprint
   * @param outcome null for a tombstone
   * @param nanos its share of the time that computing took
   */
  record Result(Subject subject, byte[] state, String model, Outcome outcome, long nanos) {

    /** What of it is not as {@code now}; null if nothing. */
    DroppedReason differsFrom(Subject now, byte[] stored, String fingerprint) {
      if (!subject.key().equals(now.key())) {
        return DroppedReason.KEY;
      }
      if (subject.isTombstone() && now.isTombstone()) {
        return null; // it depends on nothing else
      }
      if (!Objects.equals(subject.text(), now.text())) {
        return DroppedReason.TEXT;
      }
      if (!Objects.equals(subject.timestampMs(), now.timestampMs())) {
        return DroppedReason.TIMESTAMP;
      }
      if (!Objects.equals(subject.source(), now.source())) {
        return DroppedReason.SOURCE;
      }
      if (!model.equals(fingerprint)) {
        return DroppedReason.MODEL;
      }
      return Arrays.equals(state, stored) ? null : DroppedReason.STATE;
    }
  }

  /** What the processor knows, for what lies ahead. */
  interface Situation {

    /**
     * What the processor will be given for a polled record; null for nothing. May throw.
     *
     * @param partitionTimeMs the latest timestamp of the partition before it, -1 for none
     */
    Subject preview(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs);

    /** The key's stored state now, or null. */
    byte[] state(Bytes key);

    /** What is stored of the key now. */
    Stored stored(Bytes key);
  }

  /** One partition. */
  private static final class Lane {
    private final TreeMap<Long, Result> results = new TreeMap<>(); // by offset
    private Mailbox.Cursor cursor; // null where the thread has no mailbox
    private long timeMs = -1;
  }

  private final Mailboxes lookAhead;
  private final Enrichment enrichment;
  private final String fingerprint;
  private final int batchRecords;
  private final int batchTokens;
  private final Situation situation;
  private final EnrichmentMetrics metrics;

  private final Map<TopicPartition, Lane> lanes = new HashMap<>();
  private final boolean[] wrong = new boolean[WINDOW]; // of the last results, round robin
  private int place;
  private int wrongs;
  private int pause; // records until it is tried again

  ComputedAhead(
      Mailboxes lookAhead,
      Enrichment enrichment,
      String fingerprint,
      EnrichmentSettings settings,
      Situation situation,
      EnrichmentMetrics metrics) {
    this.lookAhead = lookAhead;
    this.enrichment = enrichment;
    this.fingerprint = fingerprint;
    this.batchRecords = settings.batchRecords();
    this.batchTokens = settings.batchTokens();
    this.situation = situation;
    this.metrics = metrics;
  }

  /**
   * The result of the record at hand, which is no tombstone: computed before, or now together with
   * those that lie ahead.
   *
   * @throws RuntimeException what is wrong with this record; never with another
   */
  Result take(TopicPartition partition, long offset, Subject now) {
    Lane lane = lane(partition);
    if (now.timestampMs() != null) {
      lane.timeMs = Math.max(lane.timeMs, now.timestampMs());
    }
    if (isUsable(lane, offset, now)) {
      metrics.usedAhead();
      return lane.results.remove(offset);
    }
    metrics.inline();
    if (pause > 0) {
      pause--;
      ahead(lane, offset, 0);
      Result alone = alone(now);
      forget(now.key());
      return alone;
    }
    return compute(lane, offset, now);
  }

  /** The record at hand makes its key forgotten. */
  void tombstone(TopicPartition partition, long offset, Bytes key) {
    Lane lane = lane(partition);
    if (isUsable(lane, offset, new Subject(key, null, null, null))) {
      lane.results.remove(offset); // the key's next results were computed from that
    } else {
      forget(key);
    }
  }

  /** Whether there is a result of this record; one that is of no use is dropped. */
  private boolean isUsable(Lane lane, long offset, Subject now) {
    Map<Long, Result> passed = lane.results.headMap(offset);
    passed.values().forEach(result -> drop(result, DroppedReason.PASSED));
    passed.clear();
    Result result = lane.results.get(offset);
    if (result == null) {
      return false;
    }
    DroppedReason reason = result.differsFrom(now, situation.state(now.key()), fingerprint);
    if (reason == null) {
      predicted(true);
      return true;
    }
    lane.results.remove(offset);
    drop(result, reason);
    return false;
  }

  private Result compute(Lane lane, long offset, Subject now) {
    EnrichmentBatch batch = new EnrichmentBatch(enrichment, batchTokens);
    List<Long> offsets = new ArrayList<>(List.of(offset));
    List<Subject> subjects = new ArrayList<>(List.of(now));
    batch.add(now);
    Set<Bytes> pending = keysWithResults();
    long timeMs = lane.timeMs;
    for (ConsumerRecord<byte[], byte[]> raw : ahead(lane, offset, batchRecords - 1)) {
      if (lane.results.containsKey(raw.offset())) {
        continue;
      }
      try {
        Subject subject = situation.preview(raw, timeMs);
        if (subject == null || pending.contains(subject.key())) {
          continue;
        }
        if (!batch.add(subject)) {
          break;
        }
        if (subject.timestampMs() != null) {
          timeMs = Math.max(timeMs, subject.timestampMs());
        }
        offsets.add(raw.offset());
        subjects.add(subject);
      } catch (RuntimeException e) {
        log.debug("offset {} cannot be computed ahead: {}", raw.offset(), e.toString());
      }
    }
    long begin = System.nanoTime();
    try {
      batch.run(situation::stored);
    } catch (RuntimeException e) {
      if (batch.size() == 1) {
        throw e;
      }
      log.debug("computed alone: {}", e.toString());
      Result alone = alone(now);
      forget(now.key());
      return alone;
    }
    long whole = System.nanoTime() - begin;
    metrics.batch(batch.size(), batch.steps(), whole);
    long nanos = whole / batch.size();
    if (batch.succeeded(0)) {
      forget(now.key()); // what was computed ahead for it did not know of this record
    }
    for (int i = 1; i < batch.size(); i++) {
      if (batch.succeeded(i)) {
        lane.results.put(
            offsets.get(i),
            new Result(
                subjects.get(i), batch.stateBefore(i), fingerprint, batch.outcome(i), nanos));
      }
    }
    return new Result(now, batch.stateBefore(0), fingerprint, batch.outcome(0), nanos);
  }

  private Result alone(Subject now) {
    long begin = System.nanoTime();
    Stored before = situation.stored(now.key());
    Outcome outcome = enrichment.enrich(now, before);
    long nanos = System.nanoTime() - begin;
    metrics.batch(1, outcome.steps(), nanos);
    return new Result(now, before.state(), fingerprint, outcome, nanos);
  }

  private Set<Bytes> keysWithResults() {
    Set<Bytes> keys = new HashSet<>();
    for (Lane lane : lanes.values()) {
      lane.results.values().forEach(result -> keys.add(result.subject().key()));
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
                boolean ofKey = result.subject().key().equals(key);
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
      Mailbox mailbox = lookAhead.ofThisThread();
      lane.cursor = mailbox == null ? null : mailbox.open(partition);
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
