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

  /** Distribution, bits: surprise of each record, in bits per token. */
  public static final String SURPRISE = "undercurrent.surprise";

  /** Counter, records, by {@link #LABEL}: records by their sentiment. */
  public static final String SENTIMENT = "undercurrent.sentiment";

  /** Distribution, records: how many were computed at once. */
  public static final String BATCH_RECORDS = "undercurrent.batch.records";

  /** Counter, records: enriched records whose result had been computed ahead. */
  public static final String AHEAD_USED = "undercurrent.ahead.used";

  /** Counter, results, by {@link #REASON}: computed ahead and not used. */
  public static final String AHEAD_DROPPED = "undercurrent.ahead.dropped";

  /** Counter, records: enriched records that were computed when they came. */
  public static final String INLINE_RECORDS = "undercurrent.inline.records";

  /** Tag of {@link #DEAD_LETTERS} and {@link #AHEAD_DROPPED}: why. */
  public static final String REASON = "reason";

  /** Tag of {@link #SENTIMENT}: the model's label. */
  public static final String LABEL = "label";

  private MeterNames() {}
}
