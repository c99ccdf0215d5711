package io.undercurrent.text;

public interface Tokenizer {
  Encoding encode(String text, int maxTokens);

  int size();

  String token(int id);

  int endOfRecord();

  boolean isUnknown(int id);

  boolean isWord(int id);

  byte[] toJson();
}
