package io.undercurrent.text;

/**
 * Turns the tokens of one record into text, one by one. Returned text is final: where the form of a
 * token depends on the next one, its text is returned with the next one or by {@link #finish}.
 * Mutable, not thread-safe; no result is null.
 */
public interface TokenDecoder {

  /**
   * Takes a token whose text the reader already has, such as a token of a prompt. Its text is never
   * returned; the text of the next token continues it.
   */
  void skip(int id);

  /**
   * Takes the next token, any but the end of record.
   *
   * @return the text that is final now; may be empty
   */
  String append(int id);

  /** Returns the rest of the text. The decoder cannot be used after that. */
  String finish();
}
