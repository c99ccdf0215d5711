package io.undercurrent.metrics;

/**
 * Names of our meters and tags, as Micrometer knows them. Prometheus exports {@code
 * undercurrent.unknown.tokens} as {@code undercurrent_unknown_tokens_total}, and the others alike.
 */
public final class MeterNames {
  /** Counter, records: records enriched, empty ones too. */
  public static final String RECORDS = "undercurrent.records";

  /** Counter, tokens: tokens read, without end-of-record tokens. */
  public static final String TOKENS = "undercurrent.tokens";

  /** Counter, tokens: tokens read that the vocabulary lacks. */
  public static final String UNKNOWN_TOKENS = "undercurrent.unknown.tokens";

  /** Counter, records: records whose text was cut at a limit. */
  public static final String TRUNCATED_RECORDS = "undercurrent.truncated.records";

  /** Counter, records: records without any token. */
  public static final String EMPTY_RECORDS = "undercurrent.empty.records";

  /** Counter, tombstones: records without a value, which make a key forgotten. */
  public static final String TOMBSTONES = "undercurrent.tombstones";

  /** Counter, states: keys seen for the first time. */
  public static final String FRESH_STATES = "undercurrent.fresh.states";

  /** Counter, states: states of another model that were found and not read. */
  public static final String FOREIGN_STATES = "undercurrent.foreign.states";

  /** Counter, letters, by {@link #REASON}: records that went to the dead-letter topic. */
  public static final String DEAD_LETTERS = "undercurrent.dead.letters";

  /** Timer: time to enrich one record. */
  public static final String RECORD_DURATION = "undercurrent.record.duration";

  /** Timer: time of one token through the network, of each batch divided by its steps. */
  public static final String STEP_DURATION = "undercurrent.step.duration";

  /** Timer: from a record's timestamp to its being enriched; the commit follows. */
  public static final String END_TO_END_LATENCY = "undercurrent.end.to.end.latency";

  /** Timer: how long before a record its key's last one was, by their timestamps. */
  public static final String STATE_AGE = "undercurrent.state.age";

  /** Counter, entries: of a key's memory, deleted because they lay too far back. */
  public static final String EXPIRED = "undercurrent.expired";

  /** Distribution, bits: surprise of each record, in bits per token. */
  public static final String SURPRISE = "undercurrent.surprise";

  /** Counter, records, by {@link #LABEL}: records by their sentiment. */
  public static final String SENTIMENT = "undercurrent.sentiment";

  /** Counter, records, by {@link #UPPER}: records by their score, in ten bins. */
  public static final String SCORE = "undercurrent.score";

  /** Counter, words: compared with what had been likeliest for their key. */
  public static final String NEXT_CHECKED = "undercurrent.next.checked";

  /** Counter, words: that were among the likeliest. */
  public static final String NEXT_HIT = "undercurrent.next.hit";

  /** Gauge, population stability index, by {@link #OF}: see {@link Drift}. */
  public static final String DRIFT = "undercurrent.drift";

  /** Gauge, records: that {@link #DRIFT} is computed over. */
  public static final String DRIFT_WINDOW = "undercurrent.drift.window";

  /** Gauge, always 1, by {@link #MODEL_NAME}, {@link #FINGERPRINT} and {@link #KIND}: what runs. */
  public static final String MODEL = "undercurrent.model.info";

  /** Gauge, records: of the source topics that are still to be read. */
  public static final String LAG = "undercurrent.lag";

  /** Counter, rebalances: times that partitions moved. */
  public static final String REBALANCES = "undercurrent.rebalances";

  /** Gauge, stores: partitions of stores that are being restored. */
  public static final String RESTORING = "undercurrent.restoring";

  /** Gauge, records: that restores have still to read. */
  public static final String RESTORE_REMAINING = "undercurrent.restore.remaining";

  /** Gauge, seconds: until the last of the restores ends. */
  public static final String RESTORE_TIME_LEFT = "undercurrent.restore.time.left";

  /** Counter, restores: that ended. */
  public static final String RESTORES = "undercurrent.restores";

  /** Counter, records: read from changelogs. */
  public static final String RESTORED = "undercurrent.restored";

  /** Distribution, records: how many were computed at once. */
  public static final String BATCH_RECORDS = "undercurrent.batch.records";

  /** Counter, records: enriched records whose result had been computed ahead. */
  public static final String AHEAD_USED = "undercurrent.ahead.used";

  /** Counter, results, by {@link #REASON}: computed ahead and not used. */
  public static final String AHEAD_DROPPED = "undercurrent.ahead.dropped";

  /** Counter, records: enriched records that were computed when they came. */
  public static final String INLINE_RECORDS = "undercurrent.inline.records";

  /** Counter, clusters: clusters of rare words that were searched for likely next words. */
  public static final String SEARCHED_CLUSTERS = "undercurrent.searched.clusters";

  /** Counter, clusters: those that were not, for none of their words could be likely enough. */
  public static final String SKIPPED_CLUSTERS = "undercurrent.skipped.clusters";

  /**
   * Counter, bytes: keys and values written to the stores of states and memories. Their changelogs
   * get as much, or less where a key comes again within a commit.
   */
  public static final String STORED_BYTES = "undercurrent.stored.bytes";

  /** Gauge, always 1, by {@link #PROVIDER}: which kernels compute here. */
  public static final String KERNELS = "undercurrent.kernels.info";

  /** Tag of {@link #KERNELS}: {@code vector}, {@code plain} or {@code plain-software-fma}. */
  public static final String PROVIDER = "provider";

  /** Tag of {@link #DEAD_LETTERS} and {@link #AHEAD_DROPPED}: why. */
  public static final String REASON = "reason";

  /** Tag of {@link #SENTIMENT}: the model's label. */
  public static final String LABEL = "label";

  /** Tag of {@link #SCORE}: the upper edge of a bin, {@code -0.8} to {@code 1.0}. */
  public static final String UPPER = "upper";

  /** Tag of {@link #DRIFT}: {@code sentiment}, {@code surprise} or {@code unknown}. */
  public static final String OF = "of";

  /** Tag of {@link #MODEL}. */
  public static final String MODEL_NAME = "model";

  /** Tag of {@link #MODEL}: it changes with every weight. */
  public static final String FINGERPRINT = "fingerprint";

  /** Tag of {@link #MODEL}: {@code lstm} and the like. */
  public static final String KIND = "kind";

  /** Tag of everything that an app exports: its topology's name. */
  public static final String TOPOLOGY = "topology";

  private MeterNames() {}
}
