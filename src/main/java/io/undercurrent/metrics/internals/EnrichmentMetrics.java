package io.undercurrent.metrics.internals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The meters of one enricher in one application. Its processors report to them. Created by {@link
 * EnricherMeters#in}.
 *
 * <p>The constructor registers all meters, so that each exports 0 before its first event and rates
 * are correct. All stream threads report to the same meters.
 *
 * <p>Thread-safe; reporting a record takes no lock. No argument may be null.
 */
public final class EnrichmentMetrics {
  /** Value of {@link MeterNames#LABEL} for a label that the model does not have. */
  public static final String OTHER_LABEL = "other";

  // One token takes 10 to 100 microseconds alone, and less in a batch.
  private static final Duration[] STEP_BUCKETS = {
    Duration.ofNanos(2_500),
    Duration.ofNanos(5_000),
    Duration.ofNanos(10_000),
    Duration.ofNanos(25_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(5)
  };

  // From the latency of a quiet stream to a backlog of one day.
  private static final Duration[] LATENCY_BUCKETS = {
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(30),
    Duration.ofHours(2),
    Duration.ofDays(1)
  };

  // From the next message in a chat to a customer who returns after three months.
  private static final Duration[] AGE_BUCKETS = {
    Duration.ofSeconds(1),
    Duration.ofSeconds(10),
    Duration.ofMinutes(1),
    Duration.ofMinutes(10),
    Duration.ofHours(1),
    Duration.ofHours(6),
    Duration.ofDays(1),
    Duration.ofDays(7),
    Duration.ofDays(30),
    Duration.ofDays(90)
  };

  // From a short record in a batch (tens of microseconds) to one that blocks its thread for long.
  private static final Duration[] DURATION_BUCKETS = {
    Duration.ofNanos(25_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(2)
  };

  // Powers of two; the limit is 1,024.
  private static final double[] BATCH_BUCKETS_RECORDS = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024
  };

  private final MeterRegistry registry;
  private final Tags tags;
  private final LanguageMetrics language;
  private final Counter records;
  private final Counter tokens;
  private final Counter unknownTokens;
  private final Counter truncatedRecords;
  private final Counter emptyRecords;
  private final Counter tombstones;
  private final Counter freshStates;
  private final Counter brokenStates;
  private final Counter foreignStates;
  private final Counter expired;
  private final Timer stepDuration;
  private final Timer recordDuration;
  private final Timer latency;
  private final Timer stateAge;
  private final DistributionSummary batchRecords;
  private final Counter aheadUsed;
  private final Counter inlineRecords;
  private final Counter searchedClusters;
  private final Counter skippedClusters;
  private final Counter storedBytes;
  private final Map<DroppedReason, Counter> aheadDropped = new EnumMap<>(DroppedReason.class);

  /**
   * Registers the meters of one enricher in one application.
   *
   * @param topology value of the tag {@link MeterNames#TOPOLOGY}
   * @param enricher value of the tag {@link MeterNames#ENRICHER}
   */
  static EnrichmentMetrics of(
      MeterRegistry registry, String topology, String enricher, Model model) {
    EnrichmentMetrics metrics =
        new EnrichmentMetrics(
            registry, topology, enricher, model.config().labels(), model.reference());
    metrics.model(model.name(), model.fingerprint(), model.config().kind().toString());
    metrics.kernels(Kernels.best().name());
    return metrics;
  }

  /**
   * @param labels the model's; any other label is counted as {@value #OTHER_LABEL}. Without a score
   *     there are no meters of scores
   * @param reference null for a model without one; there are no meters of drift then
   */
  EnrichmentMetrics(
      MeterRegistry registry,
      String topology,
      String enricher,
      Labels labels,
      DriftReference reference) {
    this.registry = registry;
    tags = Tags.of(MeterNames.TOPOLOGY, topology, MeterNames.ENRICHER, enricher);
    language = new LanguageMetrics(registry, tags, labels, reference);
    records =
        counter(MeterNames.RECORDS, "records", "Records enriched, including those without a token");
    tokens = counter(MeterNames.TOKENS, "tokens", "Tokens read");
    unknownTokens =
        counter(MeterNames.UNKNOWN_TOKENS, "tokens", "Tokens read that are not in the vocabulary");
    truncatedRecords =
        counter(
            MeterNames.TRUNCATED_RECORDS,
            "records",
            "Records whose text was cut at undercurrent.max.tokens");
    emptyRecords = counter(MeterNames.EMPTY_RECORDS, "records", "Records without any token");
    tombstones =
        counter(
            MeterNames.TOMBSTONES,
            "tombstones",
            "Records with a null value; each deletes the state of its key");
    freshStates = counter(MeterNames.FRESH_STATES, "states", "Keys seen for the first time");
    brokenStates =
        counter(
            MeterNames.BROKEN_STATES,
            "states",
            "States and memories of keys that were broken, also after a restore from the changelog; their keys started again");
    foreignStates =
        counter(
            MeterNames.FOREIGN_STATES,
            "states",
            "States of another model that were found and ignored; their keys started again");
    expired =
        counter(
            MeterNames.EXPIRED,
            "entries",
            "Entries deleted from keys' memories because they were too old");
    stepDuration =
        timer(
            MeterNames.STEP_DURATION,
            "Time to read one token: the time of a batch divided by its tokens",
            STEP_BUCKETS);
    recordDuration =
        timer(
            MeterNames.RECORD_DURATION,
            "Time to enrich one record, or its share of a batch's time",
            DURATION_BUCKETS);
    latency =
        timer(
            MeterNames.END_TO_END_LATENCY,
            "Time from a record's timestamp until it is enriched, before the commit",
            LATENCY_BUCKETS);
    stateAge =
        timer(
            MeterNames.STATE_AGE,
            "Time between a record and the one before it of the same key, by timestamps",
            AGE_BUCKETS);
    batchRecords =
        DistributionSummary.builder(MeterNames.BATCH_RECORDS)
            .tags(tags)
            .description("Records computed together in one batch")
            .baseUnit("records")
            .serviceLevelObjectives(BATCH_BUCKETS_RECORDS)
            .register(registry);
    aheadUsed =
        counter(
            MeterNames.AHEAD_USED, "records", "Records for which a result computed ahead was used");
    inlineRecords =
        counter(
            MeterNames.INLINE_RECORDS,
            "records",
            "Records computed when they arrived, because no result computed ahead could be used");
    searchedClusters =
        counter(
            MeterNames.SEARCHED_CLUSTERS,
            "clusters",
            "Clusters of rare words that were searched for likely next words");
    skippedClusters =
        counter(
            MeterNames.SKIPPED_CLUSTERS,
            "clusters",
            "Clusters of rare words that were not searched, because none of their words could be likely enough");
    storedBytes =
        counter(
            MeterNames.STORED_BYTES,
            "bytes",
            "Bytes of keys and values written to the stores of states and memories; an upper limit of"
                + " what their changelogs receive");
    for (DroppedReason reason : DroppedReason.values()) {
      aheadDropped.put(
          reason,
          Counter.builder(MeterNames.AHEAD_DROPPED)
              .tags(tags)
              .tag(MeterNames.REASON, reason.code())
              .baseUnit("results")
              .description("Results computed ahead but not used")
              .register(registry));
    }
  }

  /**
   * Counts one enriched record.
   *
   * @param tokens the number of tokens in the record, at least 0, without the end-of-record token
   * @param unknown the number of them that are not in the vocabulary
   * @param truncated whether the text was cut at the limit of tokens
   * @param nanos time to enrich the record, or its share of a batch's time
   */
  public void record(int tokens, int unknown, boolean truncated, long nanos) {
    records.increment();
    this.tokens.increment(tokens);
    unknownTokens.increment(unknown);
    if (tokens == 0) {
      emptyRecords.increment();
    }
    if (truncated) {
      truncatedRecords.increment();
    }
    recordDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** The meters of the records' language: sentiment, surprise, predictions and drift. */
  public LanguageMetrics language() {
    return language;
  }

  /**
   * Records the latency of one record.
   *
   * @param ms time since the record's timestamp; a negative one counts as 0
   */
  public void latency(long ms) {
    latency.record(Math.max(0, ms), TimeUnit.MILLISECONDS);
  }

  /**
   * Records the time between a record and the one before it of the same key.
   *
   * @param ms at least 0
   */
  public void stateAge(long ms) {
    stateAge.record(ms, TimeUnit.MILLISECONDS);
  }

  /** Counts deleted entries of a key's memory. */
  public void expired(int entries) {
    expired.increment(entries);
  }

  /** Counts one record with a null value. */
  public void tombstone() {
    tombstones.increment();
  }

  /** Counts one key seen for the first time. */
  public void freshState() {
    freshStates.increment();
  }

  /** Counts one key whose state or memory was broken. */
  public void brokenState() {
    brokenStates.increment();
  }

  /** Counts one state that another model made. */
  public void foreignState() {
    foreignStates.increment();
  }

  /**
   * Counts one batch.
   *
   * @param records in the batch
   * @param steps tokens that the network read, with one end-of-record token for each record
   * @param nanos time of the whole batch
   */
  public void batch(int records, int steps, long nanos) {
    batchRecords.record(records);
    if (steps > 0) {
      stepDuration.record(nanos / steps, TimeUnit.NANOSECONDS);
    }
  }

  /** Counts one record for which a result computed ahead was used. */
  public void usedAhead() {
    aheadUsed.increment();
  }

  /** Counts one record that is computed when it arrives. */
  public void inline() {
    inlineRecords.increment();
  }

  /** Counts clusters of rare words that were searched for likely next words, and skipped ones. */
  public void clusters(long searched, long skipped) {
    searchedClusters.increment(searched);
    skippedClusters.increment(skipped);
  }

  /** Counts one result that was computed ahead and is not used. */
  public void droppedAhead(DroppedReason reason) {
    aheadDropped.get(reason).increment();
  }

  /** Counts bytes of keys and values that were written to the stores. */
  public void stored(long bytes) {
    storedBytes.increment(bytes);
  }

  void model(String name, String fingerprint, String kind) {
    Tags described =
        tags.and(
            MeterNames.MODEL_NAME,
            name,
            MeterNames.FINGERPRINT,
            fingerprint,
            MeterNames.KIND,
            kind);
    info(MeterNames.MODEL, described, "Always 1; the tags name the model that is running");
  }

  void kernels(String provider) {
    info(
        MeterNames.KERNELS,
        tags.and(MeterNames.PROVIDER, provider),
        "Always 1; the tag names the kernels that compute: vector, plain, or plain-software-fma on a"
            + " CPU without an FMA instruction");
  }

  private void info(String name, Tags described, String description) {
    Gauges.remove(registry, name, tags); // of a former model
    Gauges.register(registry, name, described, "info", description, this, metrics -> 1);
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder(name)
        .tags(tags)
        .baseUnit(unit)
        .description(description)
        .register(registry);
  }

  private Timer timer(String name, String description, Duration[] buckets) {
    return Timer.builder(name)
        .tags(tags)
        .description(description)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }
}
