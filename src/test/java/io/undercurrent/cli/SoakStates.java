package io.undercurrent.cli;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.streams.internals.MemoryStore;
import io.undercurrent.streams.internals.StoredEnrichment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.utils.Bytes;

/**
 * The states and memories that an undisturbed application would have kept in its changelogs.
 *
 * @param states by key
 * @param memories the entries of all keys' memories
 */
record SoakStates(Map<Bytes, byte[]> states, Map<Bytes, byte[]> memories) {

  /** Enriches the records one by one. */
  static SoakStates of(Path model, EnrichmentSettings settings, List<SoakInput.Sent> records)
      throws Exception {
    Model loaded = Checkpoint.load(model.toString());
    StoredEnrichment enrichment = new StoredEnrichment(loaded, settings);
    Map<Bytes, byte[]> states = new HashMap<>();
    Map<Bytes, SortedMap<Long, byte[]>> memories = new HashMap<>();
    for (SoakInput.Sent record : records) {
      Bytes key = Bytes.wrap(record.key().getBytes(StandardCharsets.UTF_8));
      SortedMap<Long, byte[]> memory = memories.computeIfAbsent(key, k -> new TreeMap<>());
      StoredEnrichment.Outcome outcome =
          enrichment.enrich(
              states.get(key),
              memory,
              key.get(),
              record.text(),
              record.timestampMs(),
              new Source(
                  "messages",
                  record.place().partition(),
                  record.place().offset(),
                  record.timestampMs()));
      states.put(key, outcome.state());
      outcome.forgotten().forEach(memory::remove);
      if (outcome.entry() != null) {
        memory.put(outcome.record(), outcome.entry());
      }
    }
    Map<Bytes, byte[]> entries = new HashMap<>();
    memories.forEach(
        (key, memory) ->
            memory.forEach((number, entry) -> entries.put(MemoryStore.at(key, number), entry)));
    return new SoakStates(states, entries);
  }

  /** The keys whose state is missing, not expected, or has other bytes. */
  List<String> differentStates(List<ConsumerRecord<byte[], byte[]>> changelog) {
    return different(states, changelog);
  }

  /** The same for entries of memories. */
  List<String> differentMemories(List<ConsumerRecord<byte[], byte[]>> changelog) {
    return different(memories, changelog);
  }

  private static List<String> different(
      Map<Bytes, byte[]> expected, List<ConsumerRecord<byte[], byte[]>> changelog) {
    Map<Bytes, byte[]> found = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : changelog) {
      found.put(Bytes.wrap(record.key()), record.value());
    }
    found.values().removeAll(Collections.singleton(null)); // deleted
    Set<Bytes> all = new HashSet<>(expected.keySet());
    all.addAll(found.keySet());
    List<String> different = new ArrayList<>();
    for (Bytes key : all) {
      if (!Arrays.equals(expected.get(key), found.get(key))) {
        String what =
            !expected.containsKey(key)
                ? "must not be there"
                : found.containsKey(key) ? "has other bytes" : "is missing";
        different.add(key + " " + what);
      }
    }
    Collections.sort(different);
    return different;
  }
}
