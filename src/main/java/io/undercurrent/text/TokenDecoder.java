package io.undercurrent.text;

/**
 * Puts the text of one record together, token by token. What a call returns is final: a token whose
 * look depends on the next one comes with that one, or with {@link #finish}. Mutable, not
 * thread-safe; no result is null.
 */
public interface TokenDecoder {

  /**
   * Takes a token whose text the reader has already, as of a prompt: nothing is returned for it
   * later, and what follows is joined to it.
   */
  void skip(int id);

  /**
   * Takes the next token, any but the end of record.
   *
   * @return the text that is certain now, possibly none
   */
  String append(int id);

  /** The rest of the text; the decoder is used up. */
  String finish();
}
