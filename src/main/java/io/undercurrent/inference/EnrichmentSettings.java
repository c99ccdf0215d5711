package io.undercurrent.inference;

/**
 * How records are enriched. Immutable.
 *
 * @param maxTokens the maximum number of tokens read from a record, 1 to 65,536; the rest of its
 *     text is cut off
 * @param nextTokens the number of likely next tokens that are listed, 0 to 100
 * @param halfLifeTokens tokens after which a record's weight in the conversation's score has
 *     halved, more than 0
 * @param store name of the state store, unique in its topology; after a change all keys start
 *     without a state
 * @param maxRecordBytes size of the largest enriched record, in bytes; a larger one is rejected
 *     before it changes the key's state
 * @param batchRecords the maximum number of records computed together, if there is a look-ahead; 1
 *     to 1,024. With 1 each record is computed when it arrives
 * @param batchTokens the maximum number of tokens computed together, 1 to 1,048,576; a single
 *     record may have more
 */
public record EnrichmentSettings(
    int maxTokens,
    int nextTokens,
    double halfLifeTokens,
    String store,
    int maxRecordBytes,
    int batchRecords,
    int batchTokens) {

  /** The default settings. */
  public static final EnrichmentSettings DEFAULTS =
      new EnrichmentSettings(512, 5, 60, "hidden-state", Integer.MAX_VALUE, 32, 4_096);

  public static final int MAX_TOKENS = 65_536;
  public static final int MAX_BATCH_RECORDS = 1_024;
  public static final int MAX_BATCH_TOKENS = 1_048_576;
  public static final int MAX_NEXT_TOKENS = 100;

  /**
   * A record's sentiment is uncertain if at least this share of its tokens is unknown. With {@code
   * en-chat} that is 88 % of German and 75 % of French sentences, and 0.1 % of messages to customer
   * care.
   */
  public static final double UNCERTAIN_UNKNOWN_SHARE = 0.4;

  public EnrichmentSettings {
    require(
        "maxTokens", maxTokens >= 1 && maxTokens <= MAX_TOKENS, "1 to " + MAX_TOKENS, maxTokens);
    require(
        "nextTokens",
        nextTokens >= 0 && nextTokens <= MAX_NEXT_TOKENS,
        "0 to " + MAX_NEXT_TOKENS,
        nextTokens);
    require(
        "halfLifeTokens",
        halfLifeTokens > 0 && Double.isFinite(halfLifeTokens),
        "a number above 0",
        halfLifeTokens);
    require("store", !store.isBlank(), "not blank", store);
    require("maxRecordBytes", maxRecordBytes >= 1, "at least 1", maxRecordBytes);
    require(
        "batchRecords",
        batchRecords >= 1 && batchRecords <= MAX_BATCH_RECORDS,
        "1 to " + MAX_BATCH_RECORDS,
        batchRecords);
    require(
        "batchTokens",
        batchTokens >= 1 && batchTokens <= MAX_BATCH_TOKENS,
        "1 to " + MAX_BATCH_TOKENS,
        batchTokens);
  }

  private static void require(String name, boolean holds, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + expected + ", found " + found);
    }
  }

  /** The name of the store of memory entries, which models with a memory use. */
  public String memoryStore() {
    return store + "-memory";
  }

  public EnrichmentSettings withMaxTokens(int maxTokens) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }

  public EnrichmentSettings withNextTokens(int nextTokens) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }

  public EnrichmentSettings withHalfLifeTokens(double halfLifeTokens) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }

  public EnrichmentSettings withStore(String store) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }

  public EnrichmentSettings withMaxRecordBytes(int maxRecordBytes) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }

  /**
   * @param batchRecords as {@link #batchRecords}
   * @param batchTokens as {@link #batchTokens}
   */
  public EnrichmentSettings withBatch(int batchRecords, int batchTokens) {
    return new EnrichmentSettings(
        maxTokens, nextTokens, halfLifeTokens, store, maxRecordBytes, batchRecords, batchTokens);
  }
}
