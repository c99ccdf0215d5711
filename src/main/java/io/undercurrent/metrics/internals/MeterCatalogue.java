package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Lists the meters: our own, as they are registered, and those of Kafka and the JVM that dashboards
 * and alerts read. {@link #markdown} writes {@code docs/meters.md}; a test compares the two.
 */
public final class MeterCatalogue {

  private static final String PREFIX = "undercurrent.";

  /** Values of the tag {@link MeterNames#OF}: the quantities whose drift is measured. */
  private static final Map<String, String> DRIFT_OF =
      inOrder(
          "sentiment", "Score of a record. Missing for a model whose labels have no valences.",
          "surprise", "Surprise of a record, in bits per token.",
          "unknown", "Share of a record's tokens that are not in the vocabulary.");

  /**
   * A meter.
   *
   * @param name the name in Prometheus; a histogram's name is without {@code _bucket}, {@code
   *     _count}, {@code _sum} and {@code _max}
   * @param type {@code counter}, {@code gauge} or {@code histogram}
   * @param unit of its values
   * @param tags keys of its tags, sorted, without {@code topology}, which every meter has
   * @param description a phrase
   */
  public record Entry(
      String name, String type, String unit, List<String> tags, String description) {}

  private MeterCatalogue() {}

  /** Our own meters, sorted by name. */
  public static List<Entry> own() {
    MeterRegistry registry = new SimpleMeterRegistry();
    Histogram bins = new Histogram(new double[] {0}, new double[] {1, 0});
    DriftReference reference = new DriftReference(1, bins, bins, bins);
    EnrichmentMetrics enricher =
        new EnrichmentMetrics(registry, "", "", Labels.SENTIMENT, reference);
    enricher.model("", "", "");
    enricher.kernels("");
    new DeadLetterMetrics(registry, "");
    new AppMetrics(registry, "").health(() -> null, () -> false, () -> 0, () -> 0);
    return of(registry);
  }

  /** Our own meters in a registry, sorted by name. */
  public static List<Entry> of(MeterRegistry registry) {
    Map<String, Meter.Id> byName = new TreeMap<>();
    Map<String, Set<String>> tags = new TreeMap<>();
    for (Meter meter : registry.getMeters()) {
      Meter.Id id = meter.getId();
      // A registry without histograms of its own registers the buckets as gauges.
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
          default ->
              throw new IllegalStateException(
                  id + " must be a counter, gauge, timer or distribution summary");
        };
    String unit = id.getType() == Meter.Type.TIMER ? "seconds" : id.getBaseUnit();
    return new Entry(exported(id, unit), type, unit, tags, id.getDescription());
  }

  /** The name in Prometheus: with the unit, and {@code _total} for a counter. */
  private static String exported(Meter.Id id, String unit) {
    String name = id.getName().replace('.', '_');
    String withUnit = name.endsWith("_" + unit) ? name : name + "_" + unit;
    return id.getType() == Meter.Type.COUNTER ? withUnit + "_total" : withUnit;
  }

  /** Meters of Kafka Streams, its clients and the JVM that dashboards and alerts read. */
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

  /** The content of {@code docs/meters.md}. */
  public static String markdown() {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        # Meters

        Names are as Prometheus reads them at `/metrics`. Micrometer's names have dots instead, and neither unit nor `_total`.
        A histogram has the series `_bucket`, `_count`, `_sum` and `_max`; `_max` is the largest value of about the last minute.

        Every meter has the tag `topology`: with `run` the name in the topology's definition; in your own application its
        `application.id`, or the name that you set. The meters of an enricher also have the tag `enricher`, its name; with `run` it
        is `enrich`. No key and no text becomes a tag, so the number of series does not grow with the records.

        `mvn test -Dtest=MeterCatalogueTest -Dmeters.write` writes this file from the registered meters.

        ## In your own application

        An enricher that was given a registry reports to it from its first task on. `ApplicationMeters` adds the meters of the
        application as a whole: readiness, rebalances, restores, lag, dead letters and Kafka's own. With both, the shipped dashboards
        and alerts work as they do for `run`; register Micrometer's JVM binders (with `UptimeMetrics`) for what is about the JVM.
        `notReady()` says why the application does not process records now, for your health check; name your topics with
        `watchTopics`, so that it says when one is gone. A thread of its own asks the brokers every three seconds.

        ```java
        ApplicationMeters meters = new ApplicationMeters(registry, configs);
        KafkaStreams streams = new KafkaStreams(topology, new StreamsConfig(configs));
        meters.attachTo(streams);
        streams.start();
        ```

        `KafkaStreams` takes only one state listener and one restore listener. If you have your own, pass them through the meters
        instead of calling `attachTo`:

        ```java
        streams.setStateListener(meters.stateListener(myStateListener));
        streams.setGlobalStateRestoreListener(meters.restoreListener(myRestoreListener));
        meters.bindTo(streams);
        ```

        If something else registers Kafka's own meters, such as Spring's `KafkaStreamsMicrometerListener`, call `bindLagTo` instead
        of `bindTo`. To choose the tag `topology`, set `undercurrent.meters.topology` in `configs`. Dead letters are counted
        with `configs.putAll(DeadLetterHandler.settings("dead-letters", registry))`. `src/example` shows all of it.

        ## Our own

        """);
    table(out, own());
    out.append("\n## Values of tags\n");
    values(out, "undercurrent_dead_letters_total", MeterNames.REASON, deadLetterReasons());
    values(out, "undercurrent_ahead_dropped_results_total", MeterNames.REASON, droppedReasons());
    values(out, "undercurrent_drift_psi", MeterNames.OF, DRIFT_OF);
    out.append("\n## Meters of Kafka and the JVM that dashboards and alerts read\n\n");
    table(out, borrowed());
    return out.toString();
  }

  private static Map<String, String> deadLetterReasons() {
    Map<String, String> reasons = new LinkedHashMap<>();
    for (DeadLetterReason reason : DeadLetterReason.values()) {
      reasons.put(reason.code(), reason.description());
    }
    return reasons;
  }

  private static Map<String, String> droppedReasons() {
    Map<String, String> reasons = new LinkedHashMap<>();
    for (DroppedReason reason : DroppedReason.values()) {
      reasons.put(reason.code(), reason.description());
    }
    return reasons;
  }

  private static void values(
      StringBuilder out, String meter, String tag, Map<String, String> meanings) {
    out.append("\n| `%s` of `%s` | description |\n| --- | --- |\n".formatted(tag, meter));
    meanings.forEach((value, meaning) -> out.append("| `%s` | %s |\n".formatted(value, meaning)));
  }

  private static void table(StringBuilder out, List<Entry> entries) {
    out.append("| meter | type | unit | tags | description |\n| --- | --- | --- | --- | --- |\n");
    for (Entry e : entries) {
      out.append("| `%s` | %s | %s | ".formatted(e.name, e.type, e.unit));
      out.append(String.join(", ", e.tags.stream().map(tag -> "`" + tag + "`").toList()));
      out.append(" | ").append(e.description).append(" |\n");
    }
  }
}
