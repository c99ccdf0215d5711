package io.undercurrent.inference;

import io.undercurrent.model.ContinuousCache;
import java.util.List;

/**
 * What of a key's past a record was read in the light of.
 *
 * @param records that learnt attention looked at most, heaviest first
 * @param nothing the weight that it left unspent; with those of all past records it is 1. NaN for a
 *     network without attention
 * @param tokens that the cache expected the next one from most, heaviest first; those of the record
 *     itself are among them
 */
public record LookBack(List<Past> records, float nothing, List<ContinuousCache.Pair> tokens) {

  /** Records that are named at most. */
  static final int RECORDS = 3;

  /** Tokens that are named at most. */
  static final int TOKENS = 5;

  /**
   * A past record.
   *
   * @param record its number among the key's, from 1
   * @param tokens as read
   */
  public record Past(long record, int[] tokens, float weight) {}
}
