package io.undercurrent.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The meters that a processor reports to.
 *
 * <p>All meters exist from the start, so that they export 0 and a rate over them is right from the
 * first event. Several holders in one registry share their meters: the counts of all stream threads
 * add up.
 *
 * <p>Thread safe, and without locks on the way of a record. No argument may be null.
 */
public final class EnrichmentMetrics {
  /** Value of {@link MeterNames#REASON} for a reason outside the closed set. */
  public static final String OTHER_REASON = "other";

  /** Value of {@link MeterNames#LABEL} for a label that is not the model's. */
  public static final String OTHER_LABEL = "other";

  // A step is 10 to 100 microseconds; shared by a batch, less.
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

  // From what a quiet stream takes to a backlog of a day.
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

  // From the answers of a chat to a customer who comes back after a season.
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

  // From one short record in a batch (tens of microseconds) to one that starves its stream thread.
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
  private final LanguageMetrics language;
  private final Counter records;
  private final Counter tokens;
  private final Counter unknownTokens;
  private final Counter truncatedRecords;
  private final Counter emptyRecords;
  private final Counter tombstones;
  private final Counter freshStates;
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
  private final Map<String, Counter> aheadDropped;
  private final Map<String, Counter> deadLetters;

  /**
   * Meters in {@code registry} with no sentiment labels and no reasons but {@value #OTHER_REASON}.
   */
  public static EnrichmentMetrics in(MeterRegistry registry) {
    return in(registry, List.of(), List.of(), List.of(), null);
  }

  /**
   * Meters in {@code registry}.
   *
   * @param sentimentLabels the model's labels, in any order; any other is counted as {@value
   *     #OTHER_LABEL}
   * @param deadLetterReasons the closed set of reasons; any other is counted as {@value
   *     #OTHER_REASON}, so that the text of an exception cannot become a tag
   * @param droppedReasons the closed set of reasons for which results computed ahead are not used
   * @param drift from the model's reference, or null where there is none; the meters of a registry
   *     show that of the first holder that has one
   */
  public static EnrichmentMetrics in(
      MeterRegistry registry,
      Collection<String> sentimentLabels,
      Collection<String> deadLetterReasons,
      Collection<String> droppedReasons,
      Drift drift) {
    return new EnrichmentMetrics(
        Objects.requireNonNull(registry, "registry"),
        sentimentLabels,
        deadLetterReasons,
        droppedReasons,
        drift);
  }

  private EnrichmentMetrics(
      MeterRegistry registry,
      Collection<String> sentimentLabels,
      Collection<String> deadLetterReasons,
      Collection<String> droppedReasons,
      Drift drift) {
    this.registry = registry;
    language = new LanguageMetrics(registry, sentimentLabels, drift);
    records = counter(MeterNames.RECORDS, "records", "Records enriched");
    tokens = counter(MeterNames.TOKENS, "tokens", "Tokens read");
    unknownTokens =
        counter(MeterNames.UNKNOWN_TOKENS, "tokens", "Tokens read that the vocabulary lacks");
    truncatedRecords =
        counter(MeterNames.TRUNCATED_RECORDS, "records", "Records whose text was cut at a limit");
    emptyRecords = counter(MeterNames.EMPTY_RECORDS, "records", "Records without any token");
    tombstones = counter(MeterNames.TOMBSTONES, "tombstones", "Records that made a key forgotten");
    freshStates = counter(MeterNames.FRESH_STATES, "states", "Keys seen for the first time");
    foreignStates =
        counter(MeterNames.FOREIGN_STATES, "states", "States of another model, found and not read");
    expired =
        counter(
            MeterNames.EXPIRED,
            "entries",
            "Entries of keys' memories that lay too far back and were deleted");
    stepDuration =
        timer(
            MeterNames.STEP_DURATION,
            "Time of one token through the network: of each batch, divided by its steps",
            STEP_BUCKETS);
    recordDuration =
        timer(MeterNames.RECORD_DURATION, "Time to enrich one record", DURATION_BUCKETS);
    latency =
        timer(
            MeterNames.END_TO_END_LATENCY,
            "From a record's timestamp to its being enriched; the commit follows",
            LATENCY_BUCKETS);
    stateAge =
        timer(
            MeterNames.STATE_AGE,
            "How long before a record its key's last one was, by their timestamps",
            AGE_BUCKETS);
    batchRecords =
        DistributionSummary.builder(MeterNames.BATCH_RECORDS)
            .description("Records computed at once")
            .baseUnit("records")
            .serviceLevelObjectives(BATCH_BUCKETS_RECORDS)
            .register(registry);
    aheadUsed =
        counter(MeterNames.AHEAD_USED, "records", "Records whose result had been computed ahead");
    inlineRecords =
        counter(MeterNames.INLINE_RECORDS, "records", "Records that were computed when they came");
    searchedClusters =
        counter(
            MeterNames.SEARCHED_CLUSTERS,
            "clusters",
            "Clusters of rare words that were searched for likely next words");
    skippedClusters =
        counter(
            MeterNames.SKIPPED_CLUSTERS,
            "clusters",
            "Clusters of rare words that could have no likely next word and were not searched");
    storedBytes =
        counter(
            MeterNames.STORED_BYTES,
            "bytes",
            "Keys and values written to the stores of states and memories; their changelogs get no"
                + " more");
    Map<String, Counter> dropped = new HashMap<>();
    droppedReasons.forEach(reason -> dropped.put(reason, droppedCounter(reason)));
    dropped.put(OTHER_REASON, droppedCounter(OTHER_REASON));
    aheadDropped = Map.copyOf(dropped);
    Map<String, Counter> byReason = new HashMap<>();
    for (String reason : deadLetterReasons) {
      byReason.put(reason, deadLetterCounter(reason));
    }
    byReason.put(OTHER_REASON, deadLetterCounter(OTHER_REASON));
    deadLetters = Map.copyOf(byReason);
  }

  /**
   * One record was enriched.
   *
   * @param tokens tokens in it, at least 0, without the end-of-record token; 0 makes it an empty
   *     record
   * @param unknown how many of them the vocabulary lacks, 0 to {@code tokens}
   * @param truncated whether its text was cut at a limit
   * @param nanos time that it took, or its share of the time where it was computed in a batch
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

  /** Those of what was read. */
  public LanguageMetrics language() {
    return language;
  }

  /** So long after its timestamp a record was enriched; a timestamp in the future counts as now. */
  public void latency(long ms) {
    latency.record(Math.max(0, ms), TimeUnit.MILLISECONDS);
  }

  /** So long before a record its key's last one was, at least 0. */
  public void stateAge(long ms) {
    stateAge.record(ms, TimeUnit.MILLISECONDS);
  }

  /** So many entries of a key's memory were deleted. */
  public void expired(int entries) {
    expired.increment(entries);
  }

  /** A record without a value made its key forgotten. */
  public void tombstone() {
    tombstones.increment();
  }

  /** A key was seen for the first time. */
  public void freshState() {
    freshStates.increment();
  }

  /** A state of another model was found and not read. */
  public void foreignState() {
    foreignStates.increment();
  }

  /**
   * Records were computed at once.
   *
   * @param steps of all of them: a token each, end-of-record tokens too
   * @param nanos that it took
   */
  public void batch(int records, int steps, long nanos) {
    batchRecords.record(records);
    if (steps > 0) {
      stepDuration.record(nanos / steps, TimeUnit.NANOSECONDS);
    }
  }

  /** A record took the result that had been computed ahead for it. */
  public void usedAhead() {
    aheadUsed.increment();
  }

  /** A record is computed now that it has come. */
  public void inline() {
    inlineRecords.increment();
  }

  /** So many clusters of rare words were searched for likely next words, and so many were not. */
  public void clusters(long searched, long skipped) {
    searchedClusters.increment(searched);
    skippedClusters.increment(skipped);
  }

  /** A result that was computed ahead is not used. */
  public void droppedAhead(String reason) {
    aheadDropped.getOrDefault(reason, aheadDropped.get(OTHER_REASON)).increment();
  }

  /** So many bytes, keys and values, were written to the stores. */
  public void stored(long bytes) {
    storedBytes.increment(bytes);
  }

  /** The name of the kernels that compute here. */
  public void kernels(String provider) {
    Gauge.builder(MeterNames.KERNELS, () -> 1)
        .tag(MeterNames.PROVIDER, provider)
        .baseUnit("info")
        .description(
            "Always 1; its tag says which kernels compute: vector, plain, or plain-software-fma"
                + " where the JVM has no FMA instruction")
        .register(registry);
  }

  /** A record went to the dead-letter topic. */
  public void deadLetter(String reason) {
    deadLetters.getOrDefault(reason, deadLetters.get(OTHER_REASON)).increment();
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder(name).baseUnit(unit).description(description).register(registry);
  }

  private Counter droppedCounter(String reason) {
    return Counter.builder(MeterNames.AHEAD_DROPPED)
        .tag(MeterNames.REASON, reason)
        .baseUnit("results")
        .description("Results that were computed ahead and not used")
        .register(registry);
  }

  private Counter deadLetterCounter(String reason) {
    return Counter.builder(MeterNames.DEAD_LETTERS)
        .tag(MeterNames.REASON, reason)
        .baseUnit("letters")
        .description("Records that went to the dead-letter topic")
        .register(registry);
  }

  private Timer timer(String name, String description, Duration[] buckets) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }
}
