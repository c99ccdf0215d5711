package io.undercurrent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EnrichmentMetricsTest {
  private static final List<String> LABELS = List.of("negative", "neutral", "positive");
  private static final List<String> DROPPED = List.of("state");
  private static final List<String> REASONS = List.of("too-long", "undecodable");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** These names are in dashboards and alerts: a change here is a change for operators. */
  @Test
  void shouldExportEveryMeterFromTheStart() {
    EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);

    assertThat(samples().filter(sample -> !sample.contains("_bucket")))
        .containsExactlyInAnyOrder(
            "undercurrent_records_total 0.0",
            "undercurrent_tokens_total 0.0",
            "undercurrent_unknown_tokens_total 0.0",
            "undercurrent_truncated_records_total 0.0",
            "undercurrent_empty_records_total 0.0",
            "undercurrent_tombstones_total 0.0",
            "undercurrent_fresh_states_total 0.0",
            "undercurrent_foreign_states_total 0.0",
            "undercurrent_dead_letters_total{reason=\"other\"} 0.0",
            "undercurrent_dead_letters_total{reason=\"too-long\"} 0.0",
            "undercurrent_dead_letters_total{reason=\"undecodable\"} 0.0",
            "undercurrent_batch_records_count 0",
            "undercurrent_batch_records_sum 0.0",
            "undercurrent_batch_records_max 0.0",
            "undercurrent_ahead_used_records_total 0.0",
            "undercurrent_inline_records_total 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"other\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"state\"} 0.0",
            "undercurrent_record_duration_seconds_count 0",
            "undercurrent_record_duration_seconds_sum 0.0",
            "undercurrent_record_duration_seconds_max 0.0",
            "undercurrent_surprise_bits_count 0",
            "undercurrent_surprise_bits_sum 0.0",
            "undercurrent_surprise_bits_max 0.0",
            "undercurrent_sentiment_records_total{label=\"negative\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"neutral\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"positive\"} 0.0");
  }

  @Test
  void shouldCountRecordsByWhatIsInThem() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);
    metrics.record(8, 1, false, 200_000);
    metrics.record(512, 3, true, 3_000_000);
    metrics.record(0, 0, false, 1_000);

    assertThat(samples())
        .contains(
            "undercurrent_records_total 3.0",
            "undercurrent_tokens_total 520.0",
            "undercurrent_unknown_tokens_total 4.0",
            "undercurrent_truncated_records_total 1.0",
            "undercurrent_empty_records_total 1.0",
            "undercurrent_record_duration_seconds_count 3",
            "undercurrent_record_duration_seconds_sum 0.003201",
            "undercurrent_record_duration_seconds_max 0.003",
            "undercurrent_record_duration_seconds_bucket{le=\"2.5E-5\"} 1",
            "undercurrent_record_duration_seconds_bucket{le=\"1.0E-4\"} 1",
            "undercurrent_record_duration_seconds_bucket{le=\"2.5E-4\"} 2",
            "undercurrent_record_duration_seconds_bucket{le=\"0.005\"} 3",
            "undercurrent_record_duration_seconds_bucket{le=\"2.0\"} 3",
            "undercurrent_record_duration_seconds_bucket{le=\"+Inf\"} 3");
  }

  @Test
  void shouldCountStatesAndTombstones() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry);
    metrics.freshState();
    metrics.freshState();
    metrics.foreignState();
    metrics.tombstone();

    assertThat(samples())
        .contains(
            "undercurrent_fresh_states_total 2.0",
            "undercurrent_foreign_states_total 1.0",
            "undercurrent_tombstones_total 1.0");
  }

  @Test
  void shouldKeepDeadLetterReasonsAClosedSet() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);
    metrics.deadLetter("undecodable");
    metrics.deadLetter("undecodable");
    metrics.deadLetter("java.lang.IllegalStateException: key order-1187");

    assertThat(samples().filter(sample -> sample.startsWith("undercurrent_dead_letters")))
        .containsExactlyInAnyOrder(
            "undercurrent_dead_letters_total{reason=\"other\"} 1.0",
            "undercurrent_dead_letters_total{reason=\"too-long\"} 0.0",
            "undercurrent_dead_letters_total{reason=\"undecodable\"} 2.0");
  }

  @Test
  void shouldCountWhatWasComputedAtOnceAndAhead() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);
    metrics.batch(1);
    metrics.batch(20);
    metrics.inline();
    metrics.usedAhead();
    metrics.usedAhead();
    metrics.droppedAhead("state");
    metrics.droppedAhead("never heard of");

    assertThat(samples())
        .contains(
            "undercurrent_batch_records_count 2",
            "undercurrent_batch_records_sum 21.0",
            "undercurrent_batch_records_bucket{le=\"16.0\"} 1",
            "undercurrent_batch_records_bucket{le=\"32.0\"} 2",
            "undercurrent_ahead_used_records_total 2.0",
            "undercurrent_inline_records_total 1.0",
            "undercurrent_ahead_dropped_results_total{reason=\"other\"} 1.0",
            "undercurrent_ahead_dropped_results_total{reason=\"state\"} 1.0");
  }

  @Test
  void shouldCountSentimentByLabel() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);
    metrics.sentiment("negative");
    metrics.sentiment("negative");
    metrics.sentiment("mixed");

    assertThat(samples())
        .contains(
            "undercurrent_sentiment_records_total{label=\"negative\"} 2.0",
            "undercurrent_sentiment_records_total{label=\"mixed\"} 1.0",
            "undercurrent_sentiment_records_total{label=\"positive\"} 0.0");
  }

  @Test
  void shouldKeepTheDistributionOfSurpriseFreeOfNonNumbers() {
    EnrichmentMetrics metrics = EnrichmentMetrics.in(registry);
    metrics.surprise(7.5);
    metrics.surprise(0.5);
    metrics.surprise(Double.NaN);
    metrics.surprise(Double.POSITIVE_INFINITY);

    assertThat(samples())
        .contains(
            "undercurrent_surprise_bits_count 2",
            "undercurrent_surprise_bits_sum 8.0",
            "undercurrent_surprise_bits_max 7.5",
            "undercurrent_surprise_bits_bucket{le=\"1.0\"} 1",
            "undercurrent_surprise_bits_bucket{le=\"7.0\"} 1",
            "undercurrent_surprise_bits_bucket{le=\"8.0\"} 2");
  }

  @Test
  void shouldAddUpOverThreadsAndHolders() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      EnrichmentMetrics metrics = EnrichmentMetrics.in(registry, LABELS, REASONS, DROPPED);
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  metrics.record(2, 1, false, 1_000);
                  metrics.sentiment("late-" + i % 3);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(samples())
        .contains(
            "undercurrent_records_total 40000.0",
            "undercurrent_tokens_total 80000.0",
            "undercurrent_record_duration_seconds_count 40000",
            "undercurrent_sentiment_records_total{label=\"late-0\"} 13336.0");
  }

  @Test
  void shouldDescribeEveryMeterAndGiveItsUnitInAnyRegistry() throws Exception {
    Set<String> names = new TreeSet<>();
    for (Field field : MeterNames.class.getFields()) {
      assertThat(Modifier.isStatic(field.getModifiers())).isTrue();
      String value = (String) field.get(null);
      if (value.startsWith("undercurrent.")) {
        names.add(value);
      }
    }
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    EnrichmentMetrics.in(new CompositeMeterRegistry().add(simple), LABELS, REASONS, DROPPED)
        .record(1, 0, false, 1);

    List<Meter.Id> ids =
        simple.getMeters().stream()
            .map(Meter::getId)
            // The simple registry shows each histogram bucket as a gauge of its own.
            .filter(id -> !id.getName().endsWith(".histogram"))
            .toList();
    assertThat(ids.stream().map(Meter.Id::getName).collect(Collectors.toSet())).isEqualTo(names);
    assertThat(names).allMatch(name -> name.matches("undercurrent(\\.[a-z]+)+"));
    assertThat(ids)
        .allSatisfy(
            id -> {
              assertThat(id.getDescription()).isNotBlank();
              assertThat(id.getBaseUnit()).isNotBlank();
            });
  }

  /** The scrape's samples, without comments. */
  private Stream<String> samples() {
    return registry.scrape().lines().filter(line -> !line.startsWith("#"));
  }
}
