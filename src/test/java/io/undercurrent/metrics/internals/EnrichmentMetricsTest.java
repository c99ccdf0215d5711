package io.undercurrent.metrics.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EnrichmentMetricsTest {
  private static final Labels LABELS = Labels.SENTIMENT;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** Dashboards and alerts use these names, so a change here affects operators. */
  @Test
  void shouldExportEveryMeterFromTheStart() {
    assertThat(metrics()).isNotNull();

    assertThat(samples().filter(sample -> !sample.contains("_bucket")))
        .containsExactlyInAnyOrder(
            "undercurrent_records_total 0.0",
            "undercurrent_tokens_total 0.0",
            "undercurrent_unknown_tokens_total 0.0",
            "undercurrent_truncated_records_total 0.0",
            "undercurrent_empty_records_total 0.0",
            "undercurrent_tombstones_total 0.0",
            "undercurrent_uncertain_records_total 0.0",
            "undercurrent_fresh_states_total 0.0",
            "undercurrent_broken_states_total 0.0",
            "undercurrent_foreign_states_total 0.0",
            "undercurrent_expired_entries_total 0.0",
            "undercurrent_step_duration_seconds_count 0",
            "undercurrent_step_duration_seconds_sum 0.0",
            "undercurrent_step_duration_seconds_max 0.0",
            "undercurrent_end_to_end_latency_seconds_count 0",
            "undercurrent_end_to_end_latency_seconds_sum 0.0",
            "undercurrent_end_to_end_latency_seconds_max 0.0",
            "undercurrent_state_age_seconds_count 0",
            "undercurrent_state_age_seconds_sum 0.0",
            "undercurrent_state_age_seconds_max 0.0",
            "undercurrent_next_checked_words_total 0.0",
            "undercurrent_next_hit_words_total 0.0",
            "undercurrent_score_records_total{upper=\"-0.8\"} 0.0",
            "undercurrent_score_records_total{upper=\"-0.6\"} 0.0",
            "undercurrent_score_records_total{upper=\"-0.4\"} 0.0",
            "undercurrent_score_records_total{upper=\"-0.2\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.0\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.2\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.4\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.6\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.8\"} 0.0",
            "undercurrent_score_records_total{upper=\"1.0\"} 0.0",
            "undercurrent_batch_records_count 0",
            "undercurrent_batch_records_sum 0.0",
            "undercurrent_batch_records_max 0.0",
            "undercurrent_ahead_used_records_total 0.0",
            "undercurrent_stored_bytes_total 0.0",
            "undercurrent_inline_records_total 0.0",
            "undercurrent_searched_clusters_total 0.0",
            "undercurrent_skipped_clusters_total 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"key\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"text\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"timestamp\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"source\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"state\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"model\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"memory\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"passed\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"closed\"} 0.0",
            "undercurrent_record_duration_seconds_count 0",
            "undercurrent_record_duration_seconds_sum 0.0",
            "undercurrent_record_duration_seconds_max 0.0",
            "undercurrent_surprise_bits_count 0",
            "undercurrent_surprise_bits_sum 0.0",
            "undercurrent_surprise_bits_max 0.0",
            "undercurrent_sentiment_records_total{label=\"negative\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"neutral\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"other\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"positive\"} 0.0");
  }

  @Test
  void shouldCountTokensAndSpecialRecords() {
    EnrichmentMetrics metrics = metrics();
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
    EnrichmentMetrics metrics = metrics();
    metrics.freshState();
    metrics.freshState();
    metrics.foreignState();
    metrics.brokenState();
    metrics.tombstone();

    assertThat(samples())
        .contains(
            "undercurrent_fresh_states_total 2.0",
            "undercurrent_foreign_states_total 1.0",
            "undercurrent_broken_states_total 1.0",
            "undercurrent_tombstones_total 1.0");
  }

  @Test
  void shouldCountDeadLettersByReasonFromZero() {
    DeadLetterMetrics letters = new DeadLetterMetrics(registry, "desk");
    letters.deadLetter(DeadLetterReason.INVALID_UTF8);
    new DeadLetterMetrics(registry, "desk").deadLetter(DeadLetterReason.INVALID_UTF8);
    letters.deadLetter(DeadLetterReason.OTHER);
    new DeadLetterMetrics(registry, "sales").deadLetter(DeadLetterReason.OTHER);

    List<String> expected = new ArrayList<>();
    for (DeadLetterReason reason : DeadLetterReason.values()) {
      int desk = reason == DeadLetterReason.INVALID_UTF8 ? 2 : 0;
      int both = reason == DeadLetterReason.OTHER ? 1 : 0;
      String sample = "undercurrent_dead_letters_total{reason=\"%s\",topology=\"%s\"} %d.0";
      expected.add(sample.formatted(reason.code(), "desk", desk + both));
      expected.add(sample.formatted(reason.code(), "sales", both));
    }
    assertThat(lines()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void shouldNameTheRunningModel() {
    metrics().model("en-chat", "002fdc5510ff", "lstm");

    assertThat(samples())
        .contains(
            "undercurrent_model_info{fingerprint=\"002fdc5510ff\",kind=\"lstm\",model=\"en-chat\"}"
                + " 1");
  }

  @Test
  void shouldCountBatchesAndResultsComputedAhead() {
    EnrichmentMetrics metrics = metrics();
    metrics.batch(1, 0, 5_000);
    metrics.batch(20, 200, 4_000_000);
    metrics.inline();
    metrics.usedAhead();
    metrics.usedAhead();
    metrics.droppedAhead(DroppedReason.STATE);

    assertThat(samples())
        .contains(
            "undercurrent_batch_records_count 2",
            "undercurrent_batch_records_sum 21.0",
            "undercurrent_batch_records_bucket{le=\"16.0\"} 1",
            "undercurrent_batch_records_bucket{le=\"32.0\"} 2",
            "undercurrent_step_duration_seconds_count 1",
            "undercurrent_step_duration_seconds_sum 2.0E-5",
            "undercurrent_step_duration_seconds_bucket{le=\"1.0E-5\"} 0",
            "undercurrent_step_duration_seconds_bucket{le=\"2.5E-5\"} 1",
            "undercurrent_ahead_used_records_total 2.0",
            "undercurrent_inline_records_total 1.0",
            "undercurrent_ahead_dropped_results_total{reason=\"key\"} 0.0",
            "undercurrent_ahead_dropped_results_total{reason=\"state\"} 1.0");
  }

  @Test
  void shouldCountSearchedAndSkippedClusters() {
    EnrichmentMetrics metrics = metrics();
    metrics.clusters(1, 3);
    metrics.clusters(0, 2);

    assertThat(samples())
        .contains(
            "undercurrent_searched_clusters_total 1.0", "undercurrent_skipped_clusters_total 5.0");
  }

  @Test
  void shouldCountRecordsByLabelAndByBinOfTheScore() {
    LanguageMetrics language = metrics().language();
    language.record("negative", -1, 7.5, 0);
    language.record("negative", -0.8, 0.5, 0);
    language.record("positive", 1, 7, 0);
    language.record("order-1187", 0.01, 8, 0);
    language.uncertain();

    assertThat(samples())
        .contains(
            "undercurrent_sentiment_records_total{label=\"negative\"} 2.0",
            "undercurrent_sentiment_records_total{label=\"other\"} 1.0",
            "undercurrent_sentiment_records_total{label=\"positive\"} 1.0",
            "undercurrent_score_records_total{upper=\"-0.8\"} 2.0",
            "undercurrent_score_records_total{upper=\"0.0\"} 0.0",
            "undercurrent_score_records_total{upper=\"0.2\"} 1.0",
            "undercurrent_score_records_total{upper=\"1.0\"} 1.0",
            "undercurrent_uncertain_records_total 1.0",
            "undercurrent_surprise_bits_count 4",
            "undercurrent_surprise_bits_sum 23.0",
            "undercurrent_surprise_bits_max 8.0",
            "undercurrent_surprise_bits_bucket{le=\"1.0\"} 1",
            "undercurrent_surprise_bits_bucket{le=\"7.0\"} 2",
            "undercurrent_surprise_bits_bucket{le=\"8.0\"} 4");
    assertThat(registry.scrape()).doesNotContain("order-1187");
  }

  @Test
  void shouldHaveNoMetersOfScoresForLabelsWithoutValences() {
    Histogram bins = new Histogram(new double[] {0.5}, new double[] {0.5, 0.5});
    EnrichmentMetrics metrics =
        new EnrichmentMetrics(
            registry,
            "desk",
            "support",
            Labels.unscored(List.of("book", "cancel")),
            new DriftReference(10, null, bins, bins));
    for (int i = 0; i < 250; i++) {
      metrics.language().record("cancel", Double.NaN, i % 2, i % 2);
    }

    assertThat(samples())
        .contains(
            "undercurrent_sentiment_records_total{label=\"book\"} 0.0",
            "undercurrent_sentiment_records_total{label=\"cancel\"} 250.0",
            "undercurrent_surprise_bits_count 250",
            "undercurrent_drift_window_records 250.0",
            "undercurrent_drift_psi{of=\"surprise\"} 0.0",
            "undercurrent_drift_psi{of=\"unknown\"} 0.0");
    assertThat(registry.scrape())
        .doesNotContain("undercurrent_score_records")
        .doesNotContain("of=\"sentiment\"");
  }

  @Test
  void shouldLeaveOutNaNAndInfinity() {
    LanguageMetrics language = metrics().language();
    language.record("neutral", 0, Double.NaN, 0);
    language.record("neutral", 0, Double.POSITIVE_INFINITY, 0);
    language.record("neutral", Double.NaN, 1, 0);

    assertThat(samples())
        .contains(
            "undercurrent_surprise_bits_count 0",
            "undercurrent_score_records_total{upper=\"0.0\"} 0.0");
  }

  @Test
  void shouldCountWordsThatWerePredicted() {
    LanguageMetrics language = metrics().language();
    language.nextWord(true);
    language.nextWord(false);
    language.nextWord(false);

    assertThat(samples())
        .contains(
            "undercurrent_next_checked_words_total 3.0", "undercurrent_next_hit_words_total 1.0");
  }

  @Test
  void shouldMeasureLatencyAgeOfStatesAndStoredBytes() {
    EnrichmentMetrics metrics = metrics();
    metrics.latency(40);
    metrics.latency(-3); // the record's clock is ahead
    metrics.stateAge(0);
    metrics.stateAge(3_600_001);
    metrics.expired(3);
    metrics.stored(2_359);
    metrics.stored(10);
    metrics.kernels("vector");

    assertThat(samples())
        .contains(
            "undercurrent_end_to_end_latency_seconds_count 2",
            "undercurrent_end_to_end_latency_seconds_bucket{le=\"0.005\"} 1",
            "undercurrent_end_to_end_latency_seconds_bucket{le=\"0.05\"} 2",
            "undercurrent_end_to_end_latency_seconds_bucket{le=\"86400.0\"} 2",
            "undercurrent_state_age_seconds_bucket{le=\"1.0\"} 1",
            "undercurrent_state_age_seconds_bucket{le=\"3600.0\"} 1",
            "undercurrent_state_age_seconds_bucket{le=\"21600.0\"} 2",
            "undercurrent_expired_entries_total 3.0",
            "undercurrent_stored_bytes_total 2369.0",
            "undercurrent_kernels_info{provider=\"vector\"} 1");
  }

  @Test
  void shouldAddUpOverThreadsAndProcessors() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      EnrichmentMetrics metrics = metrics();
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  metrics.record(2, 1, false, 1_000);
                  metrics.language().record(LABELS.name(i % 3), 0, 1, 0);
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
            "undercurrent_sentiment_records_total{label=\"negative\"} 13336.0");
  }

  /** Enriching a record allocates so much that a few more bytes would not be noticed elsewhere. */
  @Test
  void shouldAllocateNothingForARecord() {
    Histogram bins = new Histogram(new double[] {0, 0.5}, new double[] {0.5, 0.25, 0.25});
    EnrichmentMetrics metrics =
        new EnrichmentMetrics(
            registry, "desk", "support", LABELS, new DriftReference(9, bins, bins, bins));
    count(metrics, 20_000); // loads classes
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    int records = 100_000;
    count(metrics, records);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat((double) bytes / records).as("bytes a record").isLessThan(1);
  }

  private static void count(EnrichmentMetrics metrics, int records) {
    for (int i = 0; i < records; i++) {
      metrics.record(i % 9, i % 3, false, 1_000 + i);
      metrics.latency(i);
      metrics.stateAge(i);
      metrics.batch(8, 100, 50_000);
      metrics.usedAhead();
      metrics.language().record(LABELS.name(i % 3), i % 20 / 10.0 - 1, i % 12, i % 3 / 3.0);
      metrics.language().nextWord(i % 4 == 0);
    }
  }

  private EnrichmentMetrics metrics() {
    return new EnrichmentMetrics(registry, "desk", "support", LABELS, null);
  }

  /** The samples of a scrape, without the tags that all meters of an enricher have. */
  private Stream<String> samples() {
    List<String> lines = lines().toList();
    assertThat(lines)
        .allSatisfy(line -> assertThat(line).contains("enricher=\"support\"", "topology=\"desk\""));
    return lines.stream()
        .map(line -> line.replaceAll(",?(enricher=\"support\"|topology=\"desk\")", ""))
        .map(line -> line.replace("{,", "{").replace("{}", ""));
  }

  /** The samples of a scrape, without comments. */
  private Stream<String> lines() {
    return registry.scrape().lines().filter(line -> !line.startsWith("#"));
  }
}
