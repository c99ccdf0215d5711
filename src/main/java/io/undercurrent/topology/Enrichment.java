package io.undercurrent.topology;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.LookBack;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.state.KeyState;
import io.undercurrent.state.KeyStateFormat;
import io.undercurrent.state.MemoryFormat;
import io.undercurrent.topology.EnrichedRecord.Attention;
import io.undercurrent.topology.EnrichedRecord.Conversation;
import io.undercurrent.topology.EnrichedRecord.KeyText;
import io.undercurrent.topology.EnrichedRecord.ModelIdentity;
import io.undercurrent.topology.EnrichedRecord.NextToken;
import io.undercurrent.topology.EnrichedRecord.PastRecord;
import io.undercurrent.topology.EnrichedRecord.PastToken;
import io.undercurrent.topology.EnrichedRecord.Probabilities;
import io.undercurrent.topology.EnrichedRecord.Sentiment;
import io.undercurrent.topology.EnrichedRecord.Surprise;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * The step itself: a key's stored state and memory and a record in, the next ones and the enriched
 * record out. Its result is a function of its arguments, the model and the settings alone; it reads
 * no clock. Holds scratch and belongs to one thread.
 */
public final class Enrichment {

  private static final int NEUTRAL = 1;

  private final Model model;
  private final KeyStateFormat format;
  private final MemoryFormat memoryFormat;
  private final Inference inference;
  private final HiddenState initial;
  private final ModelIdentity identity;
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
   */
  public record Outcome(
      byte[] state,
      byte[] entry,
      List<Long> forgotten,
      EnrichedRecord enriched,
      Start start,
      int tokens,
      int unknown) {

    /** The record's number among the key's, from 1. */
    public long record() {
      return enriched.conversation().records();
    }
  }

  public Enrichment(Model model, EnrichmentSettings settings) {
    this.model = model;
    this.format = new KeyStateFormat(model);
    this.memoryFormat = new MemoryFormat(model);
    this.inference = new Inference(model, settings.maxTokens(), settings.nextTokens(), true);
    this.initial = model.initialState();
    this.identity = new ModelIdentity(model.name(), model.fingerprint());
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
   * @throws io.undercurrent.state.StateFormatException if {@code stored} is no state
   */
  public Outcome enrich(
      byte[] stored,
      SortedMap<Long, byte[]> remembered,
      byte[] key,
      String text,
      Long timestampMs,
      Source source) {
    Optional<KeyState> carried = stored == null ? Optional.empty() : format.deserialize(stored);
    KeyState before = carried.orElseGet(() -> KeyState.fresh(initial.copy()));
    Memory memory = memory(before.records(), remembered);

    String wellFormed = Utf8.withoutLoneSurrogates(text);
    Reading reading = inference.read(wellFormed, before.hidden(), memory);
    KeyState after =
        before.afterRecord(
            reading.tokens(), timestampMs, conversationScore(before.conversationScore(), reading));

    EnrichedRecord enriched = enriched(key, wellFormed, reading, after, source);
    Start start =
        carried.isPresent() ? Start.CARRIED : stored == null ? Start.FRESH : Start.FOREIGN;
    return new Outcome(
        format.serialize(after),
        entry(memory, after.records()),
        forgotten(memory, remembered),
        enriched,
        start,
        reading.tokens(),
        reading.unknown());
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
  private Double conversationScore(Double score, Reading reading) {
    if (reading.tokens() == 0) {
      return score;
    }
    double now = reading.score();
    if (score == null) {
      return now;
    }
    double w = StrictMath.pow(2, -reading.tokens() / halfLifeTokens);
    return w * score + (1 - w) * now;
  }

  private EnrichedRecord enriched(
      byte[] key, String text, Reading reading, KeyState after, Source source) {
    KeyText keyText = KeyText.of(key);
    return new EnrichedRecord(
        keyText.text(),
        keyText.encoding(),
        text.substring(0, reading.end()),
        reading.truncated(),
        sentiment(reading),
        next(reading),
        surprise(reading),
        attention(reading.lookBack()),
        new Conversation(after.conversationScore(), after.records(), after.tokens()),
        identity,
        source);
  }

  private Sentiment sentiment(Reading reading) {
    if (reading.tokens() == 0) {
      return null;
    }
    float[] p = reading.probabilities();
    return new Sentiment(
        model.config().labels().get(reading.label()),
        reading.score(),
        new Probabilities(p[ModelConfig.NEGATIVE], p[NEUTRAL], p[ModelConfig.POSITIVE]));
  }

  private List<NextToken> next(Reading reading) {
    return Arrays.stream(reading.next())
        .map(next -> new NextToken(model.tokenizer().token(next.id()), next.probability()))
        .toList();
  }

  private static Surprise surprise(Reading reading) {
    return reading.tokens() == 0
        ? null
        : new Surprise(reading.surpriseBits(), reading.tokens(), reading.unknown());
  }

  private Attention attention(LookBack lookBack) {
    if (lookBack == null) {
      return null;
    }
    return new Attention(
        lookBack.records().stream()
            .map(past -> new PastRecord(past.record(), past.weight(), shortened(past.tokens())))
            .toList(),
        Float.isNaN(lookBack.nothing()) ? null : (double) lookBack.nothing(),
        lookBack.tokens().stream()
            .map(
                pair ->
                    new PastToken(
                        pair.record(),
                        pair.position(),
                        model.tokenizer().token(pair.token()),
                        pair.weight()))
            .toList());
  }

  /** The text of a past record, as far as its tokens tell. */
  private String shortened(int[] tokens) {
    return tokens.length <= Attention.MAX_TOKENS
        ? model.tokenizer().decode(tokens)
        : model.tokenizer().decode(Arrays.copyOf(tokens, Attention.MAX_TOKENS)) + "\u2026";
  }
}
