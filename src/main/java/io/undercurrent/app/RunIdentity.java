package io.undercurrent.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.io.Json;
import io.undercurrent.model.Model;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What decides the bytes of an application's output and states. All its instances must have the
 * same. Immutable.
 *
 * @param settings the settings by name, in the order of messages
 * @param largestRecord size of the largest enriched record that is written, in bytes; larger ones
 *     become dead letters. Null if the limit of the enriched topic may not be read
 */
record RunIdentity(Map<String, String> settings, Integer largestRecord) {

  private static final String SETTINGS = "settings";
  private static final String LARGEST_RECORD = "largestRecord";

  private static final String TOPICS = "source.topics";
  private static final String KEY = "source.key";
  private static final String RECORD_KEY = "record";

  RunIdentity {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * What an instance runs.
   *
   * @param model with the state precision of the settings
   * @param enrichment with the definition's settings
   */
  static RunIdentity of(
      TopologyDefinition definition,
      EnrichmentSettings enrichment,
      Model model,
      Integer largestRecord) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("model", model.fingerprint());
    settings.put(UndercurrentConfig.MAX_TOKENS, Integer.toString(enrichment.maxTokens()));
    settings.put(UndercurrentConfig.HALF_LIFE_TOKENS, Double.toString(enrichment.halfLifeTokens()));
    settings.put(UndercurrentConfig.STATE_PRECISION, model.statePrecision().toString());
    settings.put("next", Integer.toString(enrichment.nextTokens()));
    settings.put("store", enrichment.store());
    settings.put(TOPICS, String.join(",", definition.topics().stream().sorted().toList()));
    settings.put(
        "source.text",
        definition.text() == null ? "the whole value" : definition.text().toString());
    settings.put(KEY, definition.key() == null ? RECORD_KEY : definition.key().toString());
    settings.put("source.keyEncoding", definition.keyEncoding().code());
    settings.put("sinks.enriched", definition.enriched());
    return new RunIdentity(settings, largestRecord);
  }

  /** Reads what {@link #addTo} has written; what is missing is not known. */
  static RunIdentity from(JsonNode json) {
    Map<String, String> settings = new LinkedHashMap<>();
    json.path(SETTINGS)
        .properties()
        .forEach(setting -> settings.put(setting.getKey(), setting.getValue().asText()));
    JsonNode largest = json.path(LARGEST_RECORD);
    return new RunIdentity(settings, largest.isInt() ? largest.intValue() : null);
  }

  /** Writes it as fields of a JSON object. */
  void addTo(ObjectNode json) {
    ObjectNode object = Json.STRICT.createObjectNode();
    settings.forEach(object::put);
    json.set(SETTINGS, object);
    if (largestRecord != null) {
      json.put(LARGEST_RECORD, largestRecord);
    }
  }

  /**
   * The settings that differ, as "NAME is HERE here, expected THERE". A setting that one of the two
   * does not know, because its version is older, does not differ.
   *
   * @param other what the application runs elsewhere, or ran before
   */
  List<String> differences(RunIdentity other) {
    List<String> differences = new ArrayList<>();
    settings.forEach(
        (name, here) -> {
          String there = other.settings.getOrDefault(name, here);
          if (!there.equals(here)) {
            differences.add("%s is %s here, expected %s".formatted(name, here, there));
          }
        });
    return differences;
  }

  /** Whether records that the other one has enriched would become dead letters. */
  boolean isSmallerThan(RunIdentity other) {
    return largestRecord != null
        && other.largestRecord != null
        && largestRecord < other.largestRecord;
  }

  /** This one, with what only the other one knows. */
  RunIdentity over(RunIdentity other) {
    Map<String, String> all = new LinkedHashMap<>(other.settings);
    all.putAll(settings);
    return new RunIdentity(all, largestRecord == null ? other.largestRecord : largestRecord);
  }

  /** The topics that it reads. */
  Set<String> topics() {
    return Set.of(settings.get(TOPICS).split(","));
  }

  /** Whether the records have their keys, so that no repartition topic is needed. */
  boolean hasRecordKeys() {
    return settings.get(KEY).equals(RECORD_KEY);
  }

  /** Whether the other one reads the same partitions, with or without a repartition topic. */
  boolean readsAs(RunIdentity other) {
    return topics().equals(other.topics()) && hasRecordKeys() == other.hasRecordKeys();
  }
}
