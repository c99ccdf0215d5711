package io.undercurrent.train;

import io.undercurrent.inference.Observer.Ranking;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.text.Tokenizer;

/**
 * How well the tokens of some records were expected.
 *
 * <p>Next words are counted where a word came, known or not, and not where a sign or a marker did;
 * of what had been expected there, only words are ranked. An unknown word counts as not found.
 */
public final class LanguageScores {

  /** How far down the ranking a word is looked for. */
  public static final int MOST = 5;

  private static final double LN2 = Math.log(2);

  private final Tokenizer tokenizer;
  private final boolean[] words; // (V)
  private final long[] found = new long[MOST]; // by rank
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
      words[id] = tokenizer.isWord(id) && !tokenizer.isSign(id);
    }
  }

  /** Counts a record. */
  void add(Reading reading) {
    tokens += reading.tokens();
    unknown += reading.unknown();
    bits += reading.tokens() == 0 ? 0 : reading.surpriseBits() * reading.tokens();
  }

  /** Counts the position of one token, of an end of record too. */
  void add(int token, double logProbability, Ranking ranking) {
    if (token == tokenizer.endOfRecord()) {
      ends++;
      endBits -= logProbability / LN2;
    } else if (words[token]) {
      positions++;
      NextToken[] top = ranking.top(words, MOST);
      for (int rank = 0; rank < top.length; rank++) {
        found[rank] += top[rank].id() == token ? 1 : 0;
      }
    } else if (tokenizer.isUnknown(token)) {
      positions++;
    }
  }

  /** Tokens read, ends of records not counted. */
  public long tokens() {
    return tokens;
  }

  /** Share of the tokens that stand for unknown words. */
  public double unknownShare() {
    return (double) unknown / tokens;
  }

  /** Mean surprise over the tokens, ends of records not counted. */
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

  /** Positions where a word came. */
  public long words() {
    return positions;
  }

  /** Share of those positions whose word was among the {@code k} likeliest, 1 to {@link #MOST}. */
  public double top(int k) {
    long all = 0;
    for (int rank = 0; rank < k; rank++) {
      all += found[rank];
    }
    return (double) all / positions;
  }
}
