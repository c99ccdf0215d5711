package io.undercurrent.enrich;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Unread;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.streams.internals.KeyStateFormat;
import io.undercurrent.streams.internals.MemoryFormat;
import io.undercurrent.text.Encoding;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;

/**
 * The step itself: a key's stored state and memory and a record in, the next ones and the enriched
 * record out. Its result is a function of its arguments, the model and the settings alone; it reads
 * no clock. Holds scratch and belongs to one thread.
 */
public final class Enrichment {

  private final Model model;
  private final KeyStateFormat format;
  private final MemoryFormat memoryFormat;
  private final Inference inference;
  private final HiddenState initial;
  private final EnrichedRecords records;
  private final double halfLifeTokens;

  /** What a record's key had before it. */
  public enum Start {
    /** The state of its last record. */
    CARRIED,
    /** Nothing: its first record, or the first after a tombstone. */
    FRESH,
    /** A state that another model made; it was not read. */
    FOREIGN
  }

  /**
   * What became of a record.
   *
   * @param state the key's state from now on, to be stored; never written again
   * @param entry what is to be remembered of the record, under its number; null if nothing is.
   *     Never written again
   * @param forgotten numbers of the records whose entries are to be deleted
   * @param tokens read of the record, 0 for an empty one
   * @param unknown how many of them the vocabulary lacks
   * @param hit as in {@link Reading#hit}
   * @param ageMs how long before it the key's last record was, by their timestamps, at least 0; -1
   *     where that is not known
   */
  public record Outcome(
      byte[] state,
      byte[] entry,
      List<Long> forgotten,
      EnrichedRecord enriched,
      Start start,
      int tokens,
      int unknown,
      Reading.Hit hit,
      long ageMs) {

    /** Steps of the network that it took. */
    public int steps() {
      return tokens == 0 ? 0 : tokens + 1;
    }

    /** The record's number among the key's, from 1. */
    public long record() {
      return enriched.conversation().records();
    }
  }

  /** For one record at a time. */
  public Enrichment(Model model, EnrichmentSettings settings) {
    this(model, settings, 1);
  }

  /**
   * @param together records that {@link EnrichmentBatch} reads together, 1 to {@value
   *     Inference#MAX_ROWS}
   */
  public Enrichment(Model model, EnrichmentSettings settings, int together) {
    this.model = model;
    this.format = new KeyStateFormat(model);
    this.memoryFormat = new MemoryFormat(model);
    this.inference =
        new Inference(model, settings.maxTokens(), settings.nextTokens(), true, together);
    this.initial = model.initialState();
    this.records = new EnrichedRecords(model);
    this.halfLifeTokens = settings.halfLifeTokens();
  }

  /** Reads one record of a key of which nothing is remembered but its state. */
  public Outcome enrich(byte[] stored, byte[] key, String text, Long timestampMs, Source source) {
    return enrich(stored, Collections.emptySortedMap(), key, text, timestampMs, source);
  }

  /**
   * Reads one record.
   *
   * @param stored the key's state after its last record; null if it has none. Not written
   * @param remembered the key's entries by their records' numbers; those that another model made,
   *     or that the state knows nothing of, are not read. Not written
   * @param key any bytes
   * @param text any chars; surrogates without a partner are read as U+FFFD
   * @param timestampMs of the record, or null
   * @param source where the record was read from, or null
   * @throws io.undercurrent.streams.internals.StateFormatException if {@code stored} is no state
   * @throws BadRecordException if a number of the result is none
   */
  public Outcome enrich(
      byte[] stored,
      SortedMap<Long, byte[]> remembered,
      byte[] key,
      String text,
      Long timestampMs,
      Source source) {
    return enrich(
        new Subject(Bytes.wrap(key), text, timestampMs, source), new Stored(stored, remembered));
  }

  /** Reads one record, which is no tombstone. */
  public Outcome enrich(Subject subject, Stored stored) {
    EnrichmentBatch alone = new EnrichmentBatch(this, Integer.MAX_VALUE);
    alone.add(subject);
    alone.run(key -> stored);
    return alone.outcome(0);
  }

  /** As {@link Inference#searchedClusters} counts. */
  public long searchedClusters() {
    return inference.searchedClusters();
  }

  /** As {@link Inference#skippedClusters} counts. */
  public long skippedClusters() {
    return inference.skippedClusters();
  }

  Step step(Subject subject) {
    return new Step(subject);
  }

  void read(Supplier<Step> next) {
    inference.read(next);
  }

  /**
   * One record on its way: {@link #from} what is stored of its key it {@link #begin}s, is read, and
   * has {@link #left} something to be stored when it has passed. What goes wrong is kept.
   */
  final class Step implements Unread {

    private final Subject subject;
    private final String text; // well-formed; null for a tombstone
    private final Encoding encoding; // null for a tombstone
    private Stored stored;
    private Optional<KeyState> carried;
    private KeyState before;
    private KeyState after;
    private Memory memory; // null for a model that has none
    private byte[] state; // to be stored
    private byte[] entry;
    private List<Long> forgotten;
    private Consumer<Step> passed;
    private Outcome outcome;
    private RuntimeException failure;

    private Step(Subject subject) {
      this.subject = subject;
      text = subject.isTombstone() ? null : Utf8.withoutLoneSurrogates(subject.text());
      encoding = text == null ? null : inference.encode(text);
    }

    Bytes key() {
      return subject.key();
    }

    int tokens() {
      return encoding == null ? 0 : encoding.ids().length;
    }

    void from(Stored before) {
      stored = before;
    }

    Stored before() {
      return stored;
    }

    /**
     * Makes it ready to be read.
     *
     * @param passed told when the key's next record may begin
     * @return false if there is nothing to be read, and it has passed already
     */
    boolean begin(Consumer<Step> passed) {
      this.passed = passed;
      if (subject.isTombstone()) {
        return false;
      }
      try {
        carried = stored.state() == null ? Optional.empty() : format.deserialize(stored.state());
        before = carried.orElseGet(() -> KeyState.fresh(initial.copy()));
        memory = Enrichment.this.memory(before.records(), stored.remembered());
        if (tokens() > 0) {
          return true;
        }
        pass(null);
        complete(Inference.empty(encoding));
      } catch (RuntimeException e) {
        failure = e;
      }
      return false;
    }

    @Override
    public Encoding encoding() {
      return encoding;
    }

    @Override
    public HiddenState state() {
      return before.hidden();
    }

    @Override
    public Memory memory() {
      return memory;
    }

    @Override
    public void passed(float[] probabilities) {
      try {
        pass(probabilities);
      } catch (RuntimeException e) {
        failure = e;
      }
      passed.accept(this);
    }

    private void pass(float[] probabilities) {
      requireFinite("state", before.hidden().isFinite());
      Double score = before.conversationScore();
      if (probabilities != null) {
        requireFinite("sentiment", areFinite(probabilities));
        score = conversationScore(score, Reading.score(probabilities), tokens());
      }
      after = before.afterRecord(tokens(), subject.timestampMs(), score);
      state = format.serialize(after);
      entry = Enrichment.this.entry(memory, after.records());
      forgotten = Enrichment.forgotten(memory, stored.remembered());
    }

    @Override
    public void read(Reading reading) {
      if (failure != null) {
        return;
      }
      try {
        complete(reading);
      } catch (RuntimeException e) {
        failure = e;
      }
    }

    private void complete(Reading reading) {
      requireFinite("surprise", tokens() == 0 || Double.isFinite(reading.surpriseBits()));
      for (Reading.NextToken next : reading.next()) {
        requireFinite("next token", Float.isFinite(next.probability()));
      }
      Start start =
          carried.isPresent()
              ? Start.CARRIED
              : stored.state() == null ? Start.FRESH : Start.FOREIGN;
      outcome =
          new Outcome(
              state,
              entry,
              forgotten,
              records.of(subject.key().get(), text, reading, after, subject.source()),
              start,
              reading.tokens(),
              reading.unknown(),
              reading.hit(),
              ageMs());
    }

    private long ageMs() {
      Long last = before.lastTimestampMs();
      return last == null || subject.timestampMs() == null
          ? -1
          : Math.max(0, subject.timestampMs() - last);
    }

    /** What is stored of the key behind the record: what was before, if it failed. */
    Stored left() {
      if (subject.isTombstone()) {
        return Stored.NOTHING;
      }
      if (failure != null) {
        return stored;
      }
      if (memory == null) {
        return new Stored(state, stored.remembered());
      }
      SortedMap<Long, byte[]> remembered = new TreeMap<>(stored.remembered());
      forgotten.forEach(remembered::remove);
      if (entry != null) {
        remembered.put(after.records(), entry);
      }
      return new Stored(state, remembered);
    }

    RuntimeException failure() {
      return failure;
    }

    Outcome outcome() {
      if (failure != null) {
        throw failure;
      }
      return outcome;
    }
  }

  private static boolean areFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static void requireFinite(String what, boolean holds) {
    if (!holds) {
      throw new BadRecordException(
          DeadLetterReason.NOT_FINITE,
          "the "
              + what
              + " must be of finite numbers, found others; the key's state stays as it was");
    }
  }

  /** The key's memory after {@code records} records, as far as it is ours. */
  private Memory memory(long records, SortedMap<Long, byte[]> remembered) {
    if (!model.config().hasMemory()) {
      return null;
    }
    Memory memory = new Memory(model.config(), records);
    remembered
        .headMap(records + 1)
        .forEach(
            (record, entry) -> memoryFormat.deserialize(record, entry).ifPresent(memory::append));
    return memory;
  }

  private byte[] entry(Memory memory, long record) {
    if (memory == null || memory.entries().isEmpty()) {
      return null;
    }
    Memory.Entry last = memory.entries().get(memory.entries().size() - 1);
    return last.record() == record ? memoryFormat.serialize(last) : null;
  }

  private static List<Long> forgotten(Memory memory, SortedMap<Long, byte[]> remembered) {
    if (memory == null) {
      return List.of();
    }
    Set<Long> forgotten = new TreeSet<>(remembered.keySet());
    memory.entries().forEach(entry -> forgotten.remove(entry.record()));
    return List.copyOf(forgotten);
  }

  /**
   * A mean over the key's tokens, each weighing half as much as one that is a half-life later:
   *
   * <pre>
   *   w = 2^(-tokens / halfLife)     score' = w * score + (1 - w) * scoreOfRecord
   * </pre>
   *
   * <p>The first record with tokens sets it.
   */
  private Double conversationScore(Double score, double now, int tokens) {
    if (score == null) {
      return now;
    }
    double w = StrictMath.pow(2, -tokens / halfLifeTokens);
    return w * score + (1 - w) * now;
  }
}
