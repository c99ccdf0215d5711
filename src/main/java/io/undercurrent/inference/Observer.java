package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;

/**
 * Looks on while {@link Inference} reads, on the thread that reads; what is read does not change by
 * it. Of every block of tokens it is told first how each felt, then how each had been expected.
 */
public interface Observer {

  /**
   * The sentiment of the record so far.
   *
   * @param position of the token just read, from 0
   * @param probabilities of the classes, in label order; the receiver's own
   */
  void felt(int position, float[] probabilities);

  /**
   * How a token had been expected before it was read; never called without a language model.
   *
   * @param token its id; after the record's last one, the end of record
   * @param logProbability natural logarithm of the probability that it had
   * @param ranking what had been likeliest; valid during the call
   */
  void expected(int token, double logProbability, Ranking ranking);

  /** All tokens by how likely each was at one position. */
  interface Ranking {

    /**
     * The likeliest of the offered tokens, most probable first.
     *
     * @param offered (V) whether a token may be among them
     * @param most how many are wanted, at least 1
     */
    NextToken[] top(boolean[] offered, int most);
  }
}
