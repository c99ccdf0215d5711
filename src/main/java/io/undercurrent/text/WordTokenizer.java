package io.undercurrent.text;

public final class WordTokenizer {
  public static Tokenizer read(byte[] b) {
    return null;
  }
}
