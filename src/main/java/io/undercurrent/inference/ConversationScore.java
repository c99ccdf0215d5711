package io.undercurrent.inference;

/**
 * Computes the running sentiment of a key: a mean over its tokens, in which a token weighs half as
 * much as a token one half-life later. With T tokens before a record of n tokens, and a half-life
 * of h:
 *
 * <pre>
 *   w = min(2^(-n/h), T/(T+n))     score' = w * score + (1 - w) * scoreOfRecord
 * </pre>
 *
 * <p>Because of the second bound a record never weighs less than its share of all tokens so far. So
 * the first records form a plain mean, and the score can turn when the conversation turns.
 */
final class ConversationScore {

  private ConversationScore() {}

  /**
   * The score after a record.
   *
   * @param score before the record, from -1 to 1; null before the first token
   * @param tokensBefore tokens of the key before the record, T
   * @param scoreOfRecord from -1 to 1
   * @param tokens of the record, n, at least 1
   * @param halfLifeTokens h, above 0
   */
  static double after(
      Double score, long tokensBefore, double scoreOfRecord, int tokens, double halfLifeTokens) {
    if (score == null) {
      return scoreOfRecord;
    }
    double decay = StrictMath.pow(2, -tokens / halfLifeTokens);
    double share = (double) tokensBefore / (tokensBefore + tokens);
    double w = Math.min(decay, share);
    return w * score + (1 - w) * scoreOfRecord;
  }
}
