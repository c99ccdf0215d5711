package io.undercurrent.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What can be measured: our own meters, as they are registered, and those of Kafka and the JVM that
 * dashboards and alerts read. {@code docs/meters.md} is {@link #markdown} and tested to be.
 */
public final class MeterCatalogue {

  private static final String PREFIX = "undercurrent.";

  /** Why records go to the dead letters: as the tag has it, and what it means. */
  static final Map<String, String> DEAD_LETTER_REASONS =
      inOrder(
          "null-key", "The record has no key",
          "invalid-utf8", "The value is not UTF-8",
          "malformed-json", "The value is not JSON",
          "missing-text", "There is nothing where the text should be",
          "text-not-a-string", "What is there is not a string",
          "missing-key", "There is no key where the JSON pointer to it points",
          "key-not-scalar", "What is there is not a string, a number or a boolean",
          "tombstone-without-key", "A null value, where the key is in the value",
          "too-large",
              "The record that would be written is larger than may be sent or its topic takes",
          "not-finite", "A number of the next state or the result would be infinite, or none",
          "deserialization", "A serde could not read the record",
          "serialization", "A serde could not write the record",
          "other", "Anything else: report it");

  /** Why a result that was computed ahead was not used. */
  static final Map<String, String> DROPPED_REASONS =
      inOrder(
          "key", "The record that came has another key",
          "text", "It has another text",
          "timestamp", "It has another timestamp",
          "source", "It was read elsewhere",
          "state", "The key's state is another one",
          "model", "The model is another one",
          "memory", "Its key was forgotten, or another of its records computed, in between",
          "passed", "The record never came: another node of the topology kept it",
          "closed", "The processor was closed, or the partition read anew",
          "other", "Anything else");

  /** What drift is measured of. */
  static final Map<String, String> DRIFT_OF =
      inOrder(
          "sentiment", "P(positive) - P(negative) of a record",
          "surprise", "Bits per token of a record",
          "unknown", "Share of a record's tokens that the vocabulary lacks");

  /**
   * A meter.
   *
   * @param name as Prometheus has it; of a histogram without {@code _bucket}, {@code _count},
   *     {@code _sum} and {@code _max}
   * @param type {@code counter}, {@code gauge} or {@code histogram}
   * @param unit of its values
   * @param tags their keys, sorted; {@code topology}, which all have in an app, left out
   * @param description a phrase
   */
  public record Entry(
      String name, String type, String unit, List<String> tags, String description) {}

  private MeterCatalogue() {}

  /** Our own, sorted by name. */
  public static List<Entry> own() {
    MeterRegistry registry = new SimpleMeterRegistry();
    Drift.Bins bins = new Drift.Bins(new double[0], new double[] {1});
    EnrichmentMetrics.in(registry, List.of(), List.of(), List.of(), new Drift(1, bins, bins, bins))
        .kernels("");
    AppMetrics app = new AppMetrics(registry);
    app.model(registry, "", "", "");
    app.lag(registry, () -> 0L);
    return of(registry);
  }

  /** Our own among those of a registry, sorted by name. */
  public static List<Entry> of(MeterRegistry registry) {
    Map<String, Meter.Id> byName = new TreeMap<>();
    Map<String, Set<String>> tags = new TreeMap<>();
    for (Meter meter : registry.getMeters()) {
      Meter.Id id = meter.getId();
      // Registries without histograms of their own show the buckets as gauges.
      if (id.getName().startsWith(PREFIX) && !id.getName().endsWith(".histogram")) {
        byName.put(id.getName(), id);
        Set<String> keys = tags.computeIfAbsent(id.getName(), n -> new TreeSet<>());
        id.getTags().stream().map(Tag::getKey).forEach(keys::add);
        keys.remove(MeterNames.TOPOLOGY);
      }
    }
    return byName.values().stream()
        .map(id -> entry(id, List.copyOf(tags.get(id.getName()))))
        .toList();
  }

  private static Entry entry(Meter.Id id, List<String> tags) {
    String type =
        switch (id.getType()) {
          case COUNTER -> "counter";
          case GAUGE -> "gauge";
          case TIMER, DISTRIBUTION_SUMMARY -> "histogram";
          default -> throw new IllegalStateException(id + " has no place in the catalogue");
        };
    String unit = id.getType() == Meter.Type.TIMER ? "seconds" : id.getBaseUnit();
    return new Entry(exported(id, unit), type, unit, tags, id.getDescription());
  }

  /** As Prometheus has it: with the unit, and a counter with {@code _total}. */
  private static String exported(Meter.Id id, String unit) {
    String name = id.getName().replace('.', '_');
    String withUnit = name.endsWith("_" + unit) ? name : name + "_" + unit;
    return id.getType() == Meter.Type.COUNTER ? withUnit + "_total" : withUnit;
  }

  /** Of Kafka Streams, its clients and the JVM: those that dashboards and alerts read. */
  public static List<Entry> borrowed() {
    return BorrowedMeters.ALL;
  }

  private static Map<String, String> inOrder(String... valuesAndMeanings) {
    Map<String, String> all = new LinkedHashMap<>();
    for (int i = 0; i < valuesAndMeanings.length; i += 2) {
      all.put(valuesAndMeanings[i], valuesAndMeanings[i + 1]);
    }
    return Collections.unmodifiableMap(all);
  }

  /** All tables, as {@code docs/meters.md} has them. */
  public static String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        # Meters

        As Prometheus reads them at `/metrics`; Micrometer's names have dots and neither unit nor `_total`. All of an app carry
        the tag `topology`, the name in its definition. A key never becomes a tag: what tags can be is known when an app starts.
        A histogram is `_bucket`, `_count`, `_sum` and `_max`, the last of these the largest of about the last minute.

        This file is made of the meters themselves: `mvn test -Dtest=MeterCatalogueTest -Dmeters.write`.

        ## Our own

        """);
    table(out, own());
    out.append("\n## What tags can be\n");
    values(out, "undercurrent_dead_letters_total", MeterNames.REASON, DEAD_LETTER_REASONS);
    values(out, "undercurrent_ahead_dropped_results_total", MeterNames.REASON, DROPPED_REASONS);
    values(out, "undercurrent_drift_psi", MeterNames.OF, DRIFT_OF);
    out.append("\n## Of Kafka and the JVM, as far as dashboards and alerts read them\n\n");
    table(out, borrowed());
    return out.toString();
  }

  private static void values(
      StringBuilder out, String meter, String tag, Map<String, String> meanings) {
    out.append("\n| `%s` of `%s` | |\n| --- | --- |\n".formatted(tag, meter));
    meanings.forEach((value, meaning) -> out.append("| `%s` | %s |\n".formatted(value, meaning)));
  }

  private static void table(StringBuilder out, List<Entry> entries) {
    out.append("| meter | type | unit | tags | |\n| --- | --- | --- | --- | --- |\n");
    for (Entry e : entries) {
      out.append("| `%s` | %s | %s | ".formatted(e.name, e.type, e.unit));
      out.append(String.join(", ", e.tags.stream().map(tag -> "`" + tag + "`").toList()));
      out.append(" | ").append(e.description).append(" |\n");
    }
  }
}
