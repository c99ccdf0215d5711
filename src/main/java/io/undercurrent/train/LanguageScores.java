package io.undercurrent.train;

import io.undercurrent.inference.Observer.Ranking;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.text.Tokenizer;

/**
 * How well a model predicts the tokens of some records. The spelling of unknown words is left out,
 * so that models with and without it can be compared.
 *
 * <p>The accuracy of next words is measured at positions where the next token is a word that may be
 * offered ({@link Tokenizer#isWord}) or an unknown word. Only words that may be offered are ranked
 * there. An unknown word counts as not found. Not thread-safe.
 */
public final class LanguageScores {

  /** The largest k of {@link #top}. */
  public static final int MAX_RANK = 5;

  private final Tokenizer tokenizer;
  private final boolean[] words; // (V)
  private final long[] found = new long[MAX_RANK]; // by rank
  private long tokens;
  private long unknown;
  private double bits;
  private long ends;
  private double endBits;
  private long positions;

  LanguageScores(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    words = new boolean[tokenizer.size()];
    for (int id = 0; id < words.length; id++) {
      words[id] = tokenizer.isWord(id);
    }
  }

  /** Counts a record. */
  void add(Reading reading) {
    boolean empty = reading.tokens() == 0;
    add(
        reading.tokens(),
        reading.unknown(),
        empty ? 0 : (reading.surpriseBits() - reading.spellingBits()) * reading.tokens());
  }

  /**
   * Counts the tokens of a record.
   *
   * @param unknown how many of them are unknown words
   * @param bits the sum of their surprise
   */
  void add(int tokens, int unknown, double bits) {
    this.tokens += tokens;
    this.unknown += unknown;
    this.bits += bits;
  }

  /** Counts one token, or the end of a record. */
  void add(int token, double logProbability, Ranking ranking) {
    if (token == tokenizer.endOfRecord()) {
      ends++;
      endBits -= logProbability / Reading.LN2;
    } else if (words[token]) {
      positions++;
      NextToken[] top = ranking.top(words, MAX_RANK);
      for (int rank = 0; rank < top.length; rank++) {
        found[rank] += top[rank].id() == token ? 1 : 0;
      }
    } else if (tokenizer.isUnknown(token)) {
      positions++;
    }
  }

  /** Tokens, without ends of records. */
  public long tokens() {
    return tokens;
  }

  /** Share of the tokens that are unknown words. */
  public double unknownShare() {
    return (double) unknown / tokens;
  }

  /** Mean surprise over the tokens, without ends of records. */
  public double bitsPerToken() {
    return bits / tokens;
  }

  /**
   * Two to the power of the mean surprise.
   *
   * @param countEnds whether ends of records count as tokens
   */
  public double perplexity(boolean countEnds) {
    return Math.pow(2, countEnds ? (bits + endBits) / (tokens + ends) : bits / tokens);
  }

  /** Positions where the next token is a word. */
  public long words() {
    return positions;
  }

  /**
   * Share of those positions whose word is among the {@code k} likeliest words, 1 to {@link
   * #MAX_RANK}.
   */
  public double top(int k) {
    long all = 0;
    for (int rank = 0; rank < k; rank++) {
      all += found[rank];
    }
    return (double) all / positions;
  }
}
