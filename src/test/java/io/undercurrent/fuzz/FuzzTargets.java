package io.undercurrent.fuzz;

import io.undercurrent.app.DefinitionFuzz;
import io.undercurrent.app.JsonFieldFuzz;
import io.undercurrent.app.MessageFuzz;
import io.undercurrent.checkpoint.CheckpointFuzz;
import io.undercurrent.checkpoint.SafetensorsFuzz;
import io.undercurrent.enrich.EnrichedRecordFuzz;
import io.undercurrent.enrich.KeyEncodingFuzz;
import io.undercurrent.inference.EnrichmentFuzz;
import io.undercurrent.interop.ImportFuzz;
import io.undercurrent.io.JsonFuzz;
import io.undercurrent.serve.HttpFuzz;
import io.undercurrent.serve.PercentEncodingFuzz;
import io.undercurrent.streams.EnrichedValueFuzz;
import io.undercurrent.streams.internals.KeyStateFuzz;
import io.undercurrent.streams.internals.MemoryEntryFuzz;
import io.undercurrent.text.NormalizerFuzz;
import io.undercurrent.text.TokenizerFileFuzz;
import io.undercurrent.text.TokenizerFuzz;
import io.undercurrent.train.RecipeFuzz;
import io.undercurrent.train.TemplatesFuzz;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All targets by name. The kept inputs of a target are in a folder of its name. */
final class FuzzTargets {

  private static final Map<String, Supplier<FuzzTarget>> TARGETS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("checkpoint", CheckpointFuzz::new),
              Map.entry("definition", DefinitionFuzz::new),
              Map.entry("enriched-record", EnrichedRecordFuzz::new),
              Map.entry("enriched-value", EnrichedValueFuzz::new),
              Map.entry("enrichment", EnrichmentFuzz::new),
              Map.entry("http", HttpFuzz::new),
              Map.entry("import", ImportFuzz::new),
              Map.entry("json", JsonFuzz::new),
              Map.entry("json-field", JsonFieldFuzz::new),
              Map.entry("key-encoding", KeyEncodingFuzz::new),
              Map.entry("key-state", KeyStateFuzz::new),
              Map.entry("memory-entry", MemoryEntryFuzz::new),
              Map.entry("message", MessageFuzz::new),
              Map.entry("normalizer", NormalizerFuzz::new),
              Map.entry("percent-encoding", PercentEncodingFuzz::new),
              Map.entry("recipe", RecipeFuzz::new),
              Map.entry("safetensors", SafetensorsFuzz::new),
              Map.entry("templates", TemplatesFuzz::new),
              Map.entry("tokenizer", TokenizerFuzz::new),
              Map.entry("tokenizer-file", TokenizerFileFuzz::new)));

  private FuzzTargets() {}

  static List<String> names() {
    return List.copyOf(TARGETS.keySet());
  }

  /** A new target; {@value AllFuzz#NAME} for all in one. */
  static FuzzTarget of(String name) {
    if (name.equals(AllFuzz.NAME)) {
      return new AllFuzz();
    }
    Supplier<FuzzTarget> target = TARGETS.get(name);
    if (target == null) {
      throw new IllegalArgumentException(
          "the target must be one of " + String.join(", ", names()) + ", found " + name);
    }
    return target.get();
  }
}
