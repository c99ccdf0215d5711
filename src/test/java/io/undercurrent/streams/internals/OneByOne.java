package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;

/** Enriches records one after the other, as the definition that faster paths are compared with. */
public final class OneByOne {

  public final Map<Bytes, byte[]> states = new TreeMap<>();
  private final Map<Bytes, SortedMap<Long, byte[]>> memories = new HashMap<>();
  private final StoredEnrichment enrichment;

  public OneByOne(Model model, EnrichmentSettings settings) {
    enrichment = new StoredEnrichment(model, settings);
  }

  /**
   * The value of the enriched record; null for a tombstone.
   *
   * @throws BadRecordException if the record cannot be enriched
   */
  public String read(byte[] key, String text, Long timestampMs, Source source) {
    Bytes of = Bytes.wrap(key);
    if (text == null) {
      states.remove(of);
      memories.remove(of);
      return null;
    }
    SortedMap<Long, byte[]> memory = memories.computeIfAbsent(of, k -> new TreeMap<>());
    StoredEnrichment.Outcome outcome =
        enrichment.enrich(states.get(of), memory, key, text, timestampMs, source);
    states.put(of, outcome.state());
    outcome.forgotten().forEach(memory::remove);
    if (outcome.entry() != null) {
      memory.put(outcome.record(), outcome.entry());
    }
    return new String(EnrichedRecordJson.toJson(outcome.enriched()), StandardCharsets.UTF_8);
  }

  /** All memory entries, under the keys of their store. */
  public Map<Bytes, byte[]> remembered() {
    Map<Bytes, byte[]> all = new TreeMap<>();
    memories.forEach(
        (key, memory) ->
            memory.forEach((record, entry) -> all.put(MemoryStore.at(key, record), entry)));
    return all;
  }
}
