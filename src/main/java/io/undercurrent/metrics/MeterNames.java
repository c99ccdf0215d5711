package io.undercurrent.metrics;

import io.undercurrent.metrics.internals.MeterCatalogue;

/**
 * Names of our meters and tags, as Micrometer knows them. Prometheus exports {@code
 * undercurrent.unknown.tokens} as {@code undercurrent_unknown_tokens_total}; see {@link
 * MeterCatalogue} for all of them.
 */
public final class MeterNames {
  /** Counter, records: records enriched, including those without a token. */
  public static final String RECORDS = "undercurrent.records";

  /** Counter, tokens: tokens read, without the end-of-record tokens. */
  public static final String TOKENS = "undercurrent.tokens";

  /** Counter, tokens: tokens read that are not in the vocabulary. */
  public static final String UNKNOWN_TOKENS = "undercurrent.unknown.tokens";

  /** Counter, records: records whose text was cut at the limit of tokens. */
  public static final String TRUNCATED_RECORDS = "undercurrent.truncated.records";

  /** Counter, records: records without any token. */
  public static final String EMPTY_RECORDS = "undercurrent.empty.records";

  /** Counter, tombstones: records with a null value; each deletes the state of its key. */
  public static final String TOMBSTONES = "undercurrent.tombstones";

  /** Counter, states: keys seen for the first time. */
  public static final String FRESH_STATES = "undercurrent.fresh.states";

  /**
   * Counter, states: states and memories that were broken in the changelog too; keys began anew.
   */
  public static final String BROKEN_STATES = "undercurrent.broken.states";

  /** Counter, states: states of another model that were found and ignored. */
  public static final String FOREIGN_STATES = "undercurrent.foreign.states";

  /** Counter, letters, by {@link #REASON}: records that went to the dead-letter topic. */
  public static final String DEAD_LETTERS = "undercurrent.dead.letters";

  /** Timer: time to enrich one record. */
  public static final String RECORD_DURATION = "undercurrent.record.duration";

  /** Timer: time to read one token; the time of a batch divided by its tokens. */
  public static final String STEP_DURATION = "undercurrent.step.duration";

  /** Timer: time from a record's timestamp until it is enriched, before the commit. */
  public static final String END_TO_END_LATENCY = "undercurrent.end.to.end.latency";

  /** Timer: time between a record and the one before it of the same key, by timestamps. */
  public static final String STATE_AGE = "undercurrent.state.age";

  /** Counter, entries: entries deleted from keys' memories because they were too old. */
  public static final String EXPIRED = "undercurrent.expired";

  /** Distribution, bits: surprise of each record, in bits per token. */
  public static final String SURPRISE = "undercurrent.surprise";

  /** Counter, records, by {@link #LABEL}: records by sentiment. */
  public static final String SENTIMENT = "undercurrent.sentiment";

  /** Counter, records: records with so many unknown tokens that their sentiment says little. */
  public static final String UNCERTAIN = "undercurrent.uncertain.records";

  /** Counter, records, by {@link #UPPER}: records by score, in ten bins. */
  public static final String SCORE = "undercurrent.score";

  /** Counter, words: words that were compared with the predicted next words of their key. */
  public static final String NEXT_CHECKED = "undercurrent.next.checked";

  /** Counter, words: words that were among the predicted next words of their key. */
  public static final String NEXT_HIT = "undercurrent.next.hit";

  /** Gauge, population stability index, by {@link #OF}. */
  public static final String DRIFT = "undercurrent.drift";

  /** Gauge, records: records that {@link #DRIFT} is computed from. */
  public static final String DRIFT_WINDOW = "undercurrent.drift.window";

  /**
   * Gauge, always 1, by {@link #MODEL_NAME}, {@link #FINGERPRINT} and {@link #KIND}: the model that
   * is running.
   */
  public static final String MODEL = "undercurrent.model.info";

  /** Gauge, records: records of the source topics that are still to be read; NaN while unknown. */
  public static final String LAG = "undercurrent.lag";

  /** Gauge, instances: 1 while the application processes records, else 0. */
  public static final String READY = "undercurrent.ready";

  /** Gauge, seconds: time since a broker last answered; 0 while they answer. */
  public static final String BROKERS_UNREACHABLE = "undercurrent.brokers.unreachable";

  /** Gauge, threads: stream threads that do not go on. */
  public static final String STUCK_THREADS = "undercurrent.stuck.threads";

  /** Counter, rebalances: times that partitions were moved. */
  public static final String REBALANCES = "undercurrent.rebalances";

  /** Gauge, stores: partitions of stores that are being restored now. */
  public static final String RESTORING = "undercurrent.restoring";

  /** Gauge, records: records that the restores in progress have still to read. */
  public static final String RESTORE_REMAINING = "undercurrent.restore.remaining";

  /** Gauge, seconds: time until the last of the restores in progress ends. */
  public static final String RESTORE_TIME_LEFT = "undercurrent.restore.time.left";

  /** Counter, restores: finished restores. */
  public static final String RESTORES = "undercurrent.restores";

  /** Counter, records: records read from changelogs into stores. */
  public static final String RESTORED = "undercurrent.restored";

  /** Distribution, records: records computed together in one batch. */
  public static final String BATCH_RECORDS = "undercurrent.batch.records";

  /** Counter, records: records for which a result computed ahead was used. */
  public static final String AHEAD_USED = "undercurrent.ahead.used";

  /** Counter, results, by {@link #REASON}: results computed ahead but not used. */
  public static final String AHEAD_DROPPED = "undercurrent.ahead.dropped";

  /** Counter, records: records that were computed when they arrived. */
  public static final String INLINE_RECORDS = "undercurrent.inline.records";

  /** Counter, clusters: clusters of rare words that were searched for likely next words. */
  public static final String SEARCHED_CLUSTERS = "undercurrent.searched.clusters";

  /** Counter, clusters: clusters that were skipped: none of their words could be likely enough. */
  public static final String SKIPPED_CLUSTERS = "undercurrent.skipped.clusters";

  /**
   * Counter, bytes: keys and values written to the stores of states and memories. Their changelogs
   * receive as much, or less if a key is written more than once within a commit.
   */
  public static final String STORED_BYTES = "undercurrent.stored.bytes";

  /** Gauge, always 1, by {@link #PROVIDER}: the kernels that compute. */
  public static final String KERNELS = "undercurrent.kernels.info";

  /** Tag of {@link #KERNELS}: {@code vector}, {@code plain} or {@code plain-software-fma}. */
  public static final String PROVIDER = "provider";

  /** Tag of {@link #DEAD_LETTERS} and {@link #AHEAD_DROPPED}: the reason. */
  public static final String REASON = "reason";

  /** Tag of {@link #SENTIMENT}: a label of the model. */
  public static final String LABEL = "label";

  /** Tag of {@link #SCORE}: the upper edge of a bin, {@code -0.8} to {@code 1.0}. */
  public static final String UPPER = "upper";

  /** Tag of {@link #DRIFT}: {@code sentiment}, {@code surprise} or {@code unknown}. */
  public static final String OF = "of";

  /** Tag of {@link #MODEL}: the name of the model. */
  public static final String MODEL_NAME = "model";

  /** Tag of {@link #MODEL}: the fingerprint of the model, which changes with every weight. */
  public static final String FINGERPRINT = "fingerprint";

  /** Tag of {@link #MODEL}: the kind of network, such as {@code lstm}. */
  public static final String KIND = "kind";

  /** Tag of every meter: the name of the application's topology. */
  public static final String TOPOLOGY = "topology";

  /** Tag of every meter that an enricher reports to: the enricher's name. */
  public static final String ENRICHER = "enricher";

  private MeterNames() {}
}
