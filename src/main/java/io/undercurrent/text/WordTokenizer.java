package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads words, signs and emoji as tokens. Immutable and thread-safe; no argument or result is null.
 *
 * <p>The limit never cuts a group of tokens that belong together (do n't, {@code <caps>} and its
 * word, the parts of a hashtag), so fewer than {@code maxTokens} ids may be returned. Encoding
 * takes about 0.1 microseconds a token (the demo's messages on JDK 17, compiled code).
 */
public final class WordTokenizer implements Tokenizer {

  /** The {@code type} in {@code tokenizer.json}. */
  static final String TYPE = "word";

  private static final int VERSION = 1;

  /** The {@code spelling} in {@code tokenizer.json}: version of {@link Spelling}. */
  private static final int SPELLING = 1;

  private final List<String> tokens;
  private final Normalizer normalizer;
  private final int specials;
  private final WordIndex vocabulary;
  private final Segmenter segmenter;
  private final Spelling spelling; // null if spellings are not rated

  private WordTokenizer(List<String> tokens, Normalizer normalizer, boolean ratesSpelling) {
    checkTokens(tokens, Special.tokens(normalizer));
    this.tokens = List.copyOf(tokens);
    this.normalizer = normalizer;
    this.specials = Special.count(normalizer);
    this.vocabulary = new WordIndex(this.tokens.subList(specials, tokens.size()), specials);
    this.segmenter = new Segmenter(vocabulary, specials);
    this.spelling = ratesSpelling ? new Spelling(spelled()) : null;
  }

  /** The words that the letter model is made from: all but signs. */
  private List<String> spelled() {
    List<String> words = new ArrayList<>();
    for (int id = specials; id < tokens.size(); id++) {
      if (isSpelled(id)) {
        words.add(tokens.get(id));
      }
    }
    return words;
  }

  /**
   * A tokenizer with these words, most frequent first, behind the special tokens. It reads texts
   * without a normaliser, as models do that were trained before there was one.
   *
   * @throws IllegalArgumentException if a word is empty, longer than 64 chars, listed twice, a
   *     special token or not well-formed UTF-16
   */
  public static WordTokenizer of(List<String> words) {
    return of(words, Normalizer.NONE);
  }

  /**
   * A tokenizer with these words that reads texts through the latest normaliser; otherwise as
   * {@link #of(List)}.
   */
  public static WordTokenizer normalizing(List<String> words) {
    return of(words, Normalizer.LATEST);
  }

  private static WordTokenizer of(List<String> words, Normalizer normalizer) {
    List<String> tokens = new ArrayList<>(Special.tokens(normalizer));
    tokens.addAll(words);
    return new WordTokenizer(tokens, normalizer, false);
  }

  /**
   * The same tokenizer, which also says what the spelling of unknown words costs. It makes its
   * model of letters from the vocabulary alone.
   */
  public WordTokenizer withSpelling() {
    return new WordTokenizer(tokens, normalizer, true);
  }

  /**
   * Reads a {@code tokenizer.json}; the stream is read to its end and not closed.
   *
   * @throws IllegalArgumentException if the content is not that of a word tokenizer; the message
   *     says where
   */
  public static WordTokenizer read(InputStream json) throws IOException {
    return read(json.readAllBytes());
  }

  /**
   * Reads the content of a {@code tokenizer.json}.
   *
   * @throws IllegalArgumentException if it is not that of a word tokenizer; the message says where
   */
  public static WordTokenizer read(byte[] json) {
    return read(TokenizerJson.parse(json));
  }

  static WordTokenizer read(JsonNode root) {
    TokenizerJson.checkHeader(
        root, TYPE, VERSION, List.of("type", "version", Normalizer.KEY, "spelling", "tokens"));
    JsonNode spelling = root.path("spelling");
    TokenizerJson.require(
        spelling.isMissingNode() || spelling.isInt() && spelling.intValue() == SPELLING,
        "spelling",
        SPELLING + " or left out",
        spelling);
    return new WordTokenizer(
        TokenizerJson.tokens(root), Normalizer.read(root), !spelling.isMissingNode());
  }

  private static void checkTokens(List<String> tokens, List<String> specials) {
    if (tokens.size() < specials.size()) {
      throw TokenizerJson.invalid(
          "tokens",
          "at least " + specials.size() + " long (the special tokens)",
          "" + tokens.size());
    }
    Map<String, Integer> seen = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      String key = "tokens[" + id + "]";
      if (id < specials.size() && !token.equals(specials.get(id))) {
        throw TokenizerJson.invalid(
            key, "the special token " + specials.get(id), TokenizerJson.quoted(token));
      }
      if (token.isEmpty() || token.length() > RawToken.MAX_CHARS) {
        throw TokenizerJson.invalid(
            key, "1 to " + RawToken.MAX_CHARS + " chars long", TokenizerJson.quoted(token));
      }
      if (!isWellFormed(token)) {
        throw TokenizerJson.invalid(key, "well-formed text", "an unpaired surrogate");
      }
      Integer before = seen.putIfAbsent(token, id);
      if (before != null) {
        throw TokenizerJson.invalid(
            key,
            "a token not listed before",
            TokenizerJson.quoted(token) + ", which is tokens[" + before + "]");
      }
    }
  }

  private static boolean isWellFormed(String token) {
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < token.length()
          && Character.isLowSurrogate(token.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Encoding encode(String text, int maxTokens, boolean spans) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be at least 1, found " + maxTokens);
    }
    int limit = (int) Math.min(text.length(), (long) maxTokens * MAX_CHARS_PER_TOKEN);
    if (limit < text.length()
        && Character.isHighSurrogate(text.charAt(limit - 1))
        && Character.isLowSurrogate(text.charAt(limit))) {
      limit--;
    }
    NormalizedText read = normalizer.read(text, limit);
    int capacity = Math.min(maxTokens, read.length() / 3 + 8) + 8;
    return new WordEncoder(vocabulary, segmenter, spelling, read, normalizer, capacity, spans)
        .encode(text.length(), maxTokens);
  }

  @Override
  public int normalizer() {
    return normalizer.version();
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public int size() {
    return tokens.size();
  }

  @Override
  public String token(int id) {
    return tokens.get(id);
  }

  @Override
  public int endOfRecord() {
    return Special.END.id();
  }

  @Override
  public boolean isUnknown(int id) {
    return Special.isUnknown(id);
  }

  /**
   * Whether the token starts with a letter or a digit, behind an apostrophe as in 'em too, and is
   * not the end of a contraction.
   */
  @Override
  public boolean isWord(int id) {
    return id >= specials
        && id < tokens.size()
        && !WordDecoder.isClitic(token(id))
        && isSpelled(id);
  }

  /** Whether a token begins with a letter or digit, behind an apostrophe or not. */
  private boolean isSpelled(int id) {
    String token = token(id);
    int start = token.length() > 1 && token.charAt(0) == '\'' ? 1 : 0;
    byte kind = CharacterTable.frozen().kind(token.codePointAt(start));
    return kind == CharacterTable.LETTER || kind == CharacterTable.DIGIT;
  }

  @Override
  public boolean ratesSpelling() {
    return spelling != null;
  }

  @Override
  public TokenDecoder decoder() {
    return new WordDecoder(tokens, specials);
  }

  @Override
  public byte[] toJson() {
    return TokenizerJson.write(
        TYPE, VERSION, normalizer.version(), ratesSpelling() ? SPELLING : 0, tokens);
  }
}
