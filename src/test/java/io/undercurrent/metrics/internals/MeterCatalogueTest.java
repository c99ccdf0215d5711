package io.undercurrent.metrics.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.metrics.internals.MeterCatalogue.Entry;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MeterCatalogueTest {

  private static final Path DOCUMENT = Path.of("docs/meters.md");

  @Test
  void shouldEqualTheDocumentedTable() throws Exception {
    if (System.getProperty("meters.write") != null) {
      Files.writeString(DOCUMENT, MeterCatalogue.markdown());
    }
    assertThat(Files.readString(DOCUMENT))
        .as("docs/meters.md; -Dmeters.write writes it")
        .isEqualTo(MeterCatalogue.markdown());
  }

  @Test
  void shouldDescribeEveryReasonInOneSentence() {
    Map<String, String> reasons = new TreeMap<>();
    for (DeadLetterReason reason : DeadLetterReason.values()) {
      reasons.put("dead letter: " + reason.code(), reason.description());
    }
    for (DroppedReason reason : DroppedReason.values()) {
      reasons.put("dropped: " + reason.code(), reason.description());
    }
    assertThat(reasons).hasSize(DeadLetterReason.values().length + DroppedReason.values().length);
    reasons.forEach(
        (code, description) -> {
          assertThat(code).matches("[a-z ]+: [a-z0-9]+(-[a-z0-9]+)*");
          assertThat(description).as(code).matches("[A-Z][^.]*\\.");
        });
    assertThat(reasons.values()).doesNotHaveDuplicates();
  }

  @Test
  void shouldListAndDescribeEveryMeterInAnyRegistry() throws Exception {
    Set<String> names = new TreeSet<>();
    for (Field field : MeterNames.class.getFields()) {
      assertThat(Modifier.isStatic(field.getModifiers())).isTrue();
      String value = (String) field.get(null);
      if (value.startsWith("undercurrent.")) {
        assertThat(value).matches("undercurrent(\\.[a-z]+)+");
        names.add(value.replace('.', '_'));
      }
    }
    List<Entry> entries = MeterCatalogue.own();
    assertThat(entries).hasSameSizeAs(names);
    for (String name : names) {
      assertThat(entries).as(name).anyMatch(entry -> entry.name().startsWith(name));
    }
    assertThat(entries)
        .allSatisfy(
            entry -> {
              assertThat(entry.description()).isNotBlank();
              assertThat(entry.unit()).isNotBlank();
            });

    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    register(new CompositeMeterRegistry().add(simple));
    assertThat(MeterCatalogue.of(simple)).isEqualTo(entries);
  }

  @Test
  void shouldNameMetersLikePrometheus() {
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    register(prometheus);
    Set<String> scraped =
        prometheus
            .scrape()
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.split("[{ ]")[0])
            .collect(Collectors.toCollection(TreeSet::new));

    Set<String> expected =
        MeterCatalogue.own().stream()
            .flatMap(
                entry ->
                    entry.type().equals("histogram")
                        ? Stream.of("_bucket", "_count", "_sum", "_max").map(entry.name()::concat)
                        : Stream.of(entry.name()))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(scraped).isEqualTo(expected);
  }

  private static void register(MeterRegistry registry) {
    Histogram bins = new Histogram(new double[] {0}, new double[] {0.5, 0.5});
    EnricherMeters.of(
            registry,
            "support",
            LetterModel.of(1).withReference(new DriftReference(10, bins, bins, bins)))
        .in("desk");
    new DeadLetterMetrics(registry, "desk");
    new AppMetrics(registry, "desk").health(() -> null, () -> false, () -> 0, () -> 0);
  }
}
