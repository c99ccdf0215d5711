package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;

/**
 * Observes {@link Inference} while it reads, on the reading thread. It cannot change the result.
 * Tokens are reported in blocks: {@link #onSentiment} for every token of a block, then {@link
 * #onToken} for every token of it.
 */
public interface Observer {

  /**
   * Reports the sentiment of the record up to a token.
   *
   * @param position of the token, from 0
   * @param probabilities of the classes, in label order; the observer may keep the array
   */
  void onSentiment(int position, float[] probabilities);

  /**
   * Reports the prediction for a token before it was read. Never called without a language model.
   *
   * @param token its id; the end of record after the record's last token
   * @param logProbability natural logarithm of its predicted probability
   * @param ranking the predicted tokens; valid only during the call
   */
  void onToken(int token, double logProbability, Ranking ranking);

  /** The predicted tokens at one position. */
  interface Ranking {

    /**
     * The likeliest of the offered tokens, most probable first.
     *
     * @param offered (V) whether a token may be among them
     * @param max the maximum number of tokens, at least 1
     */
    NextToken[] top(boolean[] offered, int max);
  }
}
