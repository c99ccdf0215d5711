package io.undercurrent.inference;

import io.undercurrent.model.Labels;
import io.undercurrent.model.TopK;
import io.undercurrent.text.Encoding;
import java.util.Arrays;

/**
 * The network's reading of one record.
 *
 * @param tokens the number of tokens read, without the end of record
 * @param unknown the number of them that are unknown words
 * @param end the number of chars of the text that were read
 * @param truncated whether the limit of tokens cut the text there
 * @param probabilities of the sentiment classes, in label order; null for a record without tokens
 * @param surpriseBits mean negative log2-probability that the model gave the tokens, plus {@code
 *     spellingBits}; NaN without tokens or without a language model
 * @param spellingBits what the spelling of the unknown words costs, in bits per token of the
 *     record; 0 without tokens and for a tokenizer that does not rate spellings
 * @param endProbability the probability that the record ends after these tokens, before its end is
 *     read; NaN without tokens or without a language model
 * @param next the likeliest first words of the key's next record, most probable first: read after
 *     the end of this record
 * @param lookBack the part of the key's history that influenced the reading; null for a network
 *     that never looks back, and for a record without tokens
 * @param hit whether one word of the record was among the likeliest next tokens before it was read.
 *     {@link #checkedPosition} chooses the word; it is compared with as many likely tokens as
 *     {@code next} lists
 */
public record Reading(
    int tokens,
    int unknown,
    int end,
    boolean truncated,
    float[] probabilities,
    double surpriseBits,
    double spellingBits,
    double endProbability,
    NextToken[] next,
    LookBack lookBack,
    Hit hit) {

  /**
   * The natural logarithm of 2, by which nats become bits. A literal: Math.log may differ by an
   * ulp.
   */
  public static final double LN2 = 0.6931471805599453;

  /** No likely next tokens. */
  public static final NextToken[] NO_TOKENS = {};

  /** The reading of a text without tokens. */
  public static Reading empty(Encoding encoding) {
    return new Reading(0, 0, encoding.end(), encoding.truncated(), null, Double.NaN, NO_TOKENS);
  }

  /** A reading without the probability of the end, of a network that never looks back. */
  public Reading(
      int tokens,
      int unknown,
      int end,
      boolean truncated,
      float[] probabilities,
      double surpriseBits,
      NextToken[] next) {
    this(
        tokens,
        unknown,
        end,
        truncated,
        probabilities,
        surpriseBits,
        0,
        Double.NaN,
        next,
        null,
        Hit.NONE);
  }

  /** Whether one word of the record was among the likeliest next tokens before it was read. */
  public enum Hit {
    /** No word was compared: the record has none, or no next tokens are wanted. */
    NONE,
    /** The word was not among them. */
    MISS,
    /** The word was among them. */
    HIT
  }

  /** A token that may come next. */
  public record NextToken(int id, float probability) {

    /** The tokens in one row of {@code found}, most probable first. */
    public static NextToken[] of(TopK found, int row) {
      NextToken[] next = new NextToken[found.count(row)];
      for (int i = 0; i < next.length; i++) {
        next[i] = new NextToken(found.id(row, i), found.probability(row, i));
      }
      return next;
    }
  }

  /**
   * Chooses one token that is a word. The choice depends only on the tokens, so it is the same
   * however the record is read.
   *
   * @return its position, from 0; -1 if no token is a word
   */
  public static int checkedPosition(int[] ids, boolean[] words) {
    int known = 0;
    for (int id : ids) {
      known += words[id] ? 1 : 0;
    }
    if (known == 0) {
      return -1;
    }
    int before = Math.floorMod(Arrays.hashCode(ids), known); // words before the chosen one
    int position = 0;
    for (; before > 0 || !words[ids[position]]; position++) {
      before -= words[ids[position]] ? 1 : 0;
    }
    return position;
  }

  /** The probability with this natural logarithm. A cache may round it to a little above 1. */
  static double probability(double logProbability) {
    return Math.min(1, StrictMath.exp(logProbability));
  }

  /** Whether a token is one of {@code likeliest}. */
  public static boolean contains(NextToken[] likeliest, int token) {
    for (NextToken likely : likeliest) {
      if (likely.id() == token) {
        return true;
      }
    }
    return false;
  }

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

  /** The {@link Labels#score} of the record; NaN for labels without one. */
  public float score(Labels labels) {
    return labels.score(probabilities);
  }
}
