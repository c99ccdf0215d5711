package io.undercurrent.inference;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Utf8;
import java.util.List;

/**
 * Enriches records: from a key's state and a message it computes the enriched record and the key's
 * next state. The result depends only on these, the model and the settings; no clock is read.
 * {@link ReferenceEnrichment} defines the result bit for bit, and this class computes it faster.
 * {@link EnrichmentBatch} enriches records of several keys together. Holds scratch buffers, so each
 * thread needs its own.
 */
public final class Enrichment {

  private final Inference inference;
  private final Outcomes outcomes;
  private final KeyState fresh;

  /**
   * The result of enriching a message.
   *
   * @param record the enriched record, with an empty key; {@link EnrichedRecord#withKey} sets it
   * @param after the key's state after the message
   * @param remembered the entry that the record added to the key's memory; null if it added none
   * @param forgotten numbers of the records that left the key's memory, ascending
   * @param hit see {@link Reading#hit}
   * @param ageMs time between the key's last record and this one, by their timestamps, at least 0;
   *     -1 if unknown
   */
  public record Outcome(
      EnrichedRecord record,
      KeyState after,
      Memory.Entry remembered,
      List<Long> forgotten,
      Reading.Hit hit,
      long ageMs) {

    /** The number of tokens read; 0 for an empty record. */
    public int tokens() {
      return record.surprise() == null ? 0 : record.surprise().tokens();
    }

    /** The number of tokens that are not in the vocabulary. */
    public int unknown() {
      return record.surprise() == null ? 0 : record.surprise().unknown();
    }

    /**
     * The number of steps that the network took: one for each token and one for the end of record.
     */
    public int steps() {
      return tokens() == 0 ? 0 : tokens() + 1;
    }
  }

  /** For one record at a time. */
  public Enrichment(Model model, EnrichmentSettings settings) {
    this(model, settings, 1);
  }

  /**
   * @param rows the maximum number of records read together, 1 to {@value Inference#MAX_ROWS}
   */
  public Enrichment(Model model, EnrichmentSettings settings, int rows) {
    inference = new Inference(model, settings.maxTokens(), settings.nextTokens(), true, rows);
    outcomes = new Outcomes(model, settings.halfLifeTokens());
    fresh = KeyState.fresh(model);
  }

  /**
   * Enriches one record.
   *
   * @param before the key's state before the record, {@link #fresh} for a key without records; not
   *     changed
   * @param message not a tombstone
   * @throws BadRecordException if a number of the result is NaN or infinite
   */
  public Outcome enrich(KeyState before, Message message) {
    PendingRecord record = pending(encode(message), before);
    inference.read(List.of(record));
    return outcome(before, message, record);
  }

  /** The state of a key without records. */
  public KeyState fresh() {
    return fresh;
  }

  /** The tokens of a message, up to the limit of tokens. */
  Encoding encode(Message message) {
    return inference.encode(Utf8.withoutLoneSurrogates(message.text()));
  }

  PendingRecord pending(Encoding encoding, KeyState before) {
    Memory memory = before.memory() == null ? null : before.memory().copy();
    return new PendingRecord(encoding, before.hidden().copy(), memory, before.records() + 1);
  }

  void read(List<PendingRecord> records) {
    inference.read(records);
  }

  Outcome outcome(KeyState before, Message message, PendingRecord read) {
    return outcomes.of(before, message, read.reading(), read.state(), read.memory());
  }

  /** See {@link Inference#searchedClusters}. */
  public long searchedClusters() {
    return inference.searchedClusters();
  }

  /** See {@link Inference#skippedClusters}. */
  public long skippedClusters() {
    return inference.skippedClusters();
  }
}
