package io.undercurrent.text;

/**
 * The tokens of one text and, where asked for, the span of the text that each stands for. The
 * arrays belong to the receiver; they are not copied.
 *
 * <p>Tokens that the tokenizer reads as one piece of text share a span: {@code do} and {@code n't}
 * of "don't", or the bytes of one character. Spans are in the order of the text and leave no gap:
 * together they are the text from 0 to {@code end}. White space belongs to the span beside it.
 *
 * @param ids token ids in the order of the text, without an end-of-record token; never null
 * @param ends for each token the index in the text behind the last char of its span; never
 *     descending, as many as {@code ids}; the last one is {@code end}. Empty if spans were not
 *     asked for
 * @param unknown how many of the ids are classes of unknown words
 * @param end chars of the text that were read: {@code text.substring(0, end)} alone gives the same
 *     ids; never inside a surrogate pair; the length of the text unless it was truncated
 * @param truncated whether a limit left text unread
 * @param spelling for each token what its spelling costs, in bits: more than 0 for an unknown word
 *     alone. Empty if the tokenizer does not rate spellings
 */
public record Encoding(
    int[] ids, int[] ends, int unknown, int end, boolean truncated, double[] spelling) {

  /** The {@code ends} of an encoding without spans. */
  public static final int[] NO_SPANS = {};

  static final double[] NO_SPELLING = {};

  /** An encoding of a tokenizer that does not rate spellings. */
  public Encoding(int[] ids, int[] ends, int unknown, int end, boolean truncated) {
    this(ids, ends, unknown, end, truncated, NO_SPELLING);
  }

  /** What a token's spelling costs, in bits; 0 if the tokenizer does not rate spellings. */
  public double spelling(int token) {
    return spelling.length == 0 ? 0 : spelling[token];
  }

  /** What the spelling of all tokens costs, in bits. */
  public double spellingBits() {
    double bits = 0;
    for (double ofToken : spelling) {
      bits += ofToken;
    }
    return bits;
  }

  /**
   * The index in the text of the first char of a token's span.
   *
   * @throws IndexOutOfBoundsException if there is no such token, or spans were not asked for
   */
  public int start(int token) {
    int end = ends[token];
    int before = token - 1;
    while (before >= 0 && ends[before] == end) {
      before--;
    }
    return before < 0 ? 0 : ends[before];
  }

  /**
   * The index in the text behind the last char of a token's span.
   *
   * @throws IndexOutOfBoundsException if there is no such token, or spans were not asked for
   */
  public int end(int token) {
    return ends[token];
  }
}
