package io.undercurrent.inference;

import io.undercurrent.model.TopK;
import io.undercurrent.text.Encoding;
import java.util.Arrays;

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
 * @param lookBack the part of the key's history that influenced it; null for a network that never
 *     looks back, and for a record without tokens
 * @param hit whether one of its words was among the likeliest next tokens before it came. The
 *     record's tokens alone decide which word that is; as many likely tokens are looked at as
 *     {@code next} lists
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

  /** No likely next tokens. */
  public static final NextToken[] NO_TOKENS = {};

  /** The reading of a text without tokens. */
  public static Reading empty(Encoding encoding) {
    return new Reading(0, 0, encoding.end(), encoding.truncated(), null, Double.NaN, NO_TOKENS);
  }

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

  /** Whether a word of the record was among the likeliest next tokens before it came. */
  public enum Hit {
    /** No word was looked for: the record has none, or no next tokens are asked for. */
    NONE,
    /** It was not among them. */
    MISS,
    /** It was. */
    HIT
  }

  /** A token that may come next. */
  public record NextToken(int id, float probability) {

    /** What was found in a row, most probable first. */
    public static NextToken[] of(TopK found, int row) {
      NextToken[] next = new NextToken[found.count(row)];
      for (int i = 0; i < next.length; i++) {
        next[i] = new NextToken(found.id(row, i), found.probability(row, i));
      }
      return next;
    }
  }

  /**
   * The position of one of the tokens that are words. The tokens alone decide which one, so that
   * the choice is the same however the record is read.
   *
   * @return -1 if no token is a word
   */
  public static int checkedPosition(int[] ids, boolean[] words) {
    int known = 0;
    for (int id : ids) {
      known += words[id] ? 1 : 0;
    }
    if (known == 0) {
      return -1;
    }
    int before = Math.floorMod(Arrays.hashCode(ids), known); // words
    int position = 0;
    for (; before > 0 || !words[ids[position]]; position++) {
      before -= words[ids[position]] ? 1 : 0;
    }
    return position;
  }

  /** Whether a token is among some others. */
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

  /** P(positive) - P(negative), from -1 to 1. */
  public float score() {
    return score(probabilities);
  }

  /** The same of some probabilities, in label order. */
  public static float score(float[] probabilities) {
    return probabilities[probabilities.length - 1] - probabilities[0];
  }
}
