package io.undercurrent.streams.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.model.Model;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** Enriches record by record from stored bytes to stored bytes, as the stores hold them. */
public final class StoredEnrichment {

  private final KeyEncoding keyEncoding;
  private final KeyStateFormat format;
  private final MemoryFormat memoryFormat;
  private final Enrichment enrichment;

  /** The state that a record starts from. */
  public enum Start {
    CARRIED,
    FRESH,
    FOREIGN
  }

  /**
   * The result of a record.
   *
   * @param state the bytes to store
   * @param entry the memory entry to store under {@link #record}; null for none
   * @param forgotten the records whose entries must be deleted
   */
  public record Outcome(
      byte[] state, byte[] entry, List<Long> forgotten, EnrichedRecord enriched, Start start) {

    /** The record's number among the key's, from 1. */
    public long record() {
      return enriched.conversation().records();
    }
  }

  /** For a stream whose keys are texts. */
  public StoredEnrichment(Model model, EnrichmentSettings settings) {
    this(model, settings, KeyEncoding.TEXT);
  }

  public StoredEnrichment(Model model, EnrichmentSettings settings, KeyEncoding keyEncoding) {
    this.keyEncoding = keyEncoding;
    format = new KeyStateFormat(model);
    memoryFormat = new MemoryFormat(model);
    enrichment = new Enrichment(model, settings);
  }

  public Outcome enrich(byte[] stored, byte[] key, String text, Long timestampMs, Source source) {
    return enrich(stored, Collections.emptySortedMap(), key, text, timestampMs, source);
  }

  public Outcome enrich(
      byte[] stored,
      SortedMap<Long, byte[]> remembered,
      byte[] key,
      String text,
      Long timestampMs,
      Source source) {
    Optional<KeyState> carried = stored == null ? Optional.empty() : format.deserialize(stored);
    KeyState before = carried.orElse(enrichment.fresh());
    remembered
        .headMap(before.records() + 1)
        .forEach((r, e) -> memoryFormat.deserialize(r, e).ifPresent(before.memory()::append));
    Enrichment.Outcome outcome =
        enrichment.enrich(before, new Message(ByteBuffer.wrap(key), text, timestampMs, source));
    List<Long> forgotten = new ArrayList<>(remembered.keySet());
    if (outcome.after().memory() != null) {
      outcome.after().memory().entries().forEach(entry -> forgotten.remove(entry.record()));
    }
    return new Outcome(
        format.serialize(outcome.after()),
        outcome.remembered() == null ? null : memoryFormat.serialize(outcome.remembered()),
        forgotten,
        outcome.record().withKey(KeyText.of(key, keyEncoding)),
        carried.isPresent() ? Start.CARRIED : stored == null ? Start.FRESH : Start.FOREIGN);
  }
}
