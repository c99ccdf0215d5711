package io.undercurrent.inference;

/**
 * What the network makes of one record.
 *
 * @param tokens tokens read, without the end of record
 * @param unknown how many of them are unknown words
 * @param end chars of the text that were read
 * @param truncated whether a limit cut the text there
 * @param probabilities of the sentiment classes, in label order; null for a record without tokens
 * @param surpriseBits mean negative log2-probability that the model gave the tokens; NaN without
 *     tokens, or where no language model was asked for
 * @param next the likeliest next tokens, most probable first
 * @param lookBack what of the key's past it was drawn from; null where the network never looks
 *     back, and for a record without tokens
 * @param hit whether one of its words, chosen by its tokens alone, was among the likeliest ones
 *     before it came, as many as are asked for in {@code next}
 */
public record Reading(
    int tokens,
    int unknown,
    int end,
    boolean truncated,
    float[] probabilities,
    double surpriseBits,
    NextToken[] next,
    LookBack lookBack,
    Hit hit) {

  /** Of a network that never looks back. */
  public Reading(
      int tokens,
      int unknown,
      int end,
      boolean truncated,
      float[] probabilities,
      double surpriseBits,
      NextToken[] next) {
    this(tokens, unknown, end, truncated, probabilities, surpriseBits, next, null, Hit.NONE);
  }

  /** What came of looking for a word among those that were likeliest before it came. */
  public enum Hit {
    /** None was looked for: the record has no word of the vocabulary, or none are asked for. */
    NONE,
    /** It was not among them. */
    MISS,
    /** It was. */
    HIT
  }

  /** A token that may come next. */
  public record NextToken(int id, float probability) {}

  /** The class with the highest probability. */
  public int label() {
    int best = 0;
    for (int i = 1; i < probabilities.length; i++) {
      if (probabilities[i] > probabilities[best]) {
        best = i;
      }
    }
    return best;
  }

  /** P(positive) - P(negative), from -1 to 1. */
  public float score() {
    return score(probabilities);
  }

  /** The same of some probabilities, in label order. */
  public static float score(float[] probabilities) {
    return probabilities[probabilities.length - 1] - probabilities[0];
  }
}
