package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;

/** Text to token ids and back. Immutable and thread-safe; no argument or result is null. */
public interface Tokenizer {

  /** Maximum number of chars read for each token asked for: it bounds the work for one text. */
  int MAX_CHARS_PER_TOKEN = 64;

  /**
   * The tokens of a text without their spans, as {@link #encode(String, int, boolean)} reads it.
   */
  default Encoding encode(String text, int maxTokens) {
    return encode(text, maxTokens, false);
  }

  /**
   * Reads a text from its start, as far as whole groups of tokens fit into the limit.
   *
   * @param text any chars, unpaired surrogates and control characters included
   * @param maxTokens the maximum number of ids to return, at least 1; at most {@code maxTokens *}
   *     {@value #MAX_CHARS_PER_TOKEN} chars are read
   * @param spans whether to find the span of the text that each token stands for; this takes 5 %
   *     more time for words and twice the time for bytes
   * @throws IllegalArgumentException if {@code maxTokens} is less than 1
   */
  Encoding encode(String text, int maxTokens, boolean spans);

  /** The {@code type} in {@code tokenizer.json}: which kind of tokenizer this is. */
  String type();

  /**
   * The version of the normaliser that reads a text before it is split into tokens; 0 if there is
   * none.
   */
  default int normalizer() {
    return 0;
  }

  /** Number of tokens V; ids are 0 to V - 1. */
  int size();

  /** The token with this id for a person to read: a marker, a word, a sign or a byte. */
  String token(int id);

  /** Id of the token that ends a record. {@link #encode} never returns it. */
  int endOfRecord();

  /** Whether the id is one of the classes of unknown words. */
  boolean isUnknown(int id);

  /**
   * Whether the id may be offered as a next word: a whole word that stands for its own text. A
   * marker, a class of words, a sign (punctuation, an emoji, an emoticon) and the end of a
   * contraction (n't, 's) are no words. For a tokenizer that knows no words, each token of a text
   * is one.
   */
  boolean isWord(int id);

  /**
   * Whether {@link Encoding#spelling} says what the spelling of unknown words costs. If not, an
   * unknown word costs what its class costs, however it is spelt.
   */
  default boolean ratesSpelling() {
    return false;
  }

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

  /** The content of {@code tokenizer.json} in UTF-8: the same bytes for the same vocabulary. */
  byte[] toJson();

  /**
   * Reads the content of a {@code tokenizer.json} of any type.
   *
   * @throws IllegalArgumentException if it is not that of a tokenizer; the message says where
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
