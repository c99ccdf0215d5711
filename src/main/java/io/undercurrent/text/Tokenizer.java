package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;

/** Text to token ids and back. Immutable and thread-safe; no argument or result is null. */
public interface Tokenizer {

  /** Chars of text that may be read per token asked for: what bounds the work for one text. */
  int MAX_CHARS_PER_TOKEN = 64;

  /**
   * Reads a text from its start, as far as whole groups of tokens fit.
   *
   * @param text any chars, unpaired surrogates and control characters included
   * @param maxTokens most ids to return, at least 1; no more than {@code maxTokens *} {@value
   *     #MAX_CHARS_PER_TOKEN} chars are read
   */
  Encoding encode(String text, int maxTokens);

  /** Number of tokens V; ids are 0 to V - 1. */
  int size();

  /** The token with this id for a person to read: a marker, a word, a sign or a byte. */
  String token(int id);

  /** Id of the token that ends a record. {@link #encode} never returns it. */
  int endOfRecord();

  /** Whether the id is one of the classes of unknown words. */
  boolean isUnknown(int id);

  /**
   * Whether the id stands for a sign of its own, not for a word: punctuation, an emoji, an
   * emoticon. A tokenizer without words has none.
   */
  default boolean isSign(int id) {
    return false;
  }

  /**
   * Whether the id may be offered as a next word: it stands for its own text and is not a marker or
   * class.
   */
  boolean isWord(int id);

  /** A decoder for the tokens of one record. */
  TokenDecoder decoder();

  /** The text of one record's tokens, as {@link #decoder} puts it together. */
  default String decode(int[] ids) {
    TokenDecoder decoder = decoder();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(decoder.append(id));
    }
    return text.append(decoder.finish()).toString();
  }

  /** The content of {@code tokenizer.json}, UTF-8; the same bytes for the same vocabulary. */
  byte[] toJson();

  /**
   * Reads the content of a {@code tokenizer.json} of any type.
   *
   * @throws IllegalArgumentException if it is not that of a tokenizer, saying where
   */
  static Tokenizer read(byte[] json) {
    JsonNode root = TokenizerJson.parse(json);
    JsonNode type = root.path("type");
    return switch (type.asText()) {
      case WordTokenizer.TYPE -> WordTokenizer.read(root);
      case ByteTokenizer.TYPE -> ByteTokenizer.read(root);
      case WhitespaceTokenizer.TYPE -> WhitespaceTokenizer.read(root);
      default -> throw TokenizerJson.invalid("type", "\"word\", \"byte\" or \"whitespace\"", type);
    };
  }
}
