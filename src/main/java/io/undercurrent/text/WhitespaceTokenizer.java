package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Splits a text at spaces. For text that has been cut into tokens already, such as the Penn
 * Treebank of the language modelling papers; nothing is folded. Token 0 ends a record. Token 1 is
 * {@value #UNKNOWN}: it stands for every token that the vocabulary lacks, and for itself. Immutable
 * and thread-safe; no argument or result is null.
 */
public final class WhitespaceTokenizer implements Tokenizer {

  /** The token that ends a record. */
  public static final String END_OF_RECORD = Special.END.token();

  /** The token that stands for all tokens that the vocabulary lacks. */
  public static final String UNKNOWN = "<unk>";

  /** The {@code type} in {@code tokenizer.json}. */
  static final String TYPE = "whitespace";

  private static final int VERSION = 1;
  private static final int END = 0;
  private static final int UNKNOWN_ID = 1;

  private final List<String> tokens;
  private final Map<String, Integer> ids = new HashMap<>();

  private WhitespaceTokenizer(List<String> tokens) {
    this.tokens = List.copyOf(tokens);
    for (int id = UNKNOWN_ID; id < tokens.size(); id++) {
      ids.put(tokens.get(id), id);
    }
  }

  /**
   * A vocabulary of the most frequent tokens, in order of frequency.
   *
   * @param maxSize maximum of V, end of record and unknown included
   */
  public static WhitespaceTokenizer count(Stream<String> texts, int maxSize) {
    Map<String, Integer> counts = new HashMap<>();
    texts.forEach(text -> split(text).forEach(token -> counts.merge(token, 1, Integer::sum)));
    counts.remove(UNKNOWN);
    counts.remove(Special.END.token());
    List<String> tokens = new ArrayList<>(List.of(Special.END.token(), UNKNOWN));
    counts.entrySet().stream()
        .sorted(
            Comparator.comparingInt((Map.Entry<String, Integer> entry) -> -entry.getValue())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(Math.max(0, maxSize - tokens.size()))
        .forEach(entry -> tokens.add(entry.getKey()));
    return new WhitespaceTokenizer(tokens);
  }

  private static Stream<String> split(String text) {
    return Arrays.stream(text.split(" ")).filter(token -> !token.isEmpty());
  }

  static WhitespaceTokenizer read(JsonNode root) {
    TokenizerJson.checkHeader(root, TYPE, VERSION, List.of("type", "version", "tokens"));
    return of(TokenizerJson.tokens(root));
  }

  /**
   * A vocabulary of these tokens, in this order.
   *
   * @param tokens {@link #END_OF_RECORD}, {@value #UNKNOWN}, then others
   * @throws IllegalArgumentException if they do not begin so, or if one is empty, contains a space
   *     or is listed twice
   */
  public static WhitespaceTokenizer of(List<String> tokens) {
    List<String> first = List.of(END_OF_RECORD, UNKNOWN);
    if (tokens.size() < first.size() || !tokens.subList(0, first.size()).equals(first)) {
      throw TokenizerJson.invalid(
          "tokens", "a list that begins with " + first, TokenizerJson.quoted(tokens.toString()));
    }
    Map<String, Integer> seen = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      Integer before = seen.putIfAbsent(token, id);
      if (token.isEmpty() || token.contains(" ") || before != null) {
        throw TokenizerJson.invalid(
            "tokens[" + id + "]",
            "a token without spaces that is not listed before",
            TokenizerJson.quoted(token));
      }
    }
    return new WhitespaceTokenizer(tokens);
  }

  @Override
  public Encoding encode(String text, int maxTokens, boolean spans) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be at least 1, found " + maxTokens);
    }
    int limit = (int) Math.min(text.length(), (long) maxTokens * MAX_CHARS_PER_TOKEN);
    int[] found = new int[(int) Math.min(maxTokens, (long) text.length() / 2 + 1)];
    int[] ends = spans ? new int[found.length] : Encoding.NO_SPANS;
    int count = 0;
    int unknown = 0;
    int end = 0;
    int at = 0;
    while (true) {
      while (at < limit && text.charAt(at) == ' ') {
        at++;
      }
      if (at == limit || count == maxTokens) {
        break;
      }
      int space = text.indexOf(' ', at);
      int next = space < 0 ? text.length() : space;
      if (next > limit) {
        if (count > 0) {
          break; // the token goes on behind the chars that may be read
        }
        next = limit;
      }
      int id = ids.getOrDefault(text.substring(at, next), UNKNOWN_ID);
      unknown += id == UNKNOWN_ID ? 1 : 0;
      if (spans) {
        ends[count] = next;
      }
      found[count++] = id;
      at = next;
      end = next;
    }
    boolean truncated = !isSpaces(text, end);
    if (!truncated) {
      end = text.length();
      if (spans && count > 0) {
        ends[count - 1] = end;
      }
    }
    return new Encoding(
        Arrays.copyOf(found, count),
        spans ? Arrays.copyOf(ends, count) : ends,
        unknown,
        end,
        truncated);
  }

  private static boolean isSpaces(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) != ' ') {
        return false;
      }
    }
    return true;
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
    return END;
  }

  @Override
  public boolean isUnknown(int id) {
    return id == UNKNOWN_ID;
  }

  @Override
  public boolean isWord(int id) {
    return id > UNKNOWN_ID && id < tokens.size();
  }

  @Override
  public TokenDecoder decoder() {
    return new TokenDecoder() {
      private boolean first = true;

      @Override
      public void skip(int id) {
        Objects.checkIndex(id, tokens.size());
        first = false;
      }

      @Override
      public String append(int id) {
        String text = (first ? "" : " ") + token(id);
        first = false;
        return text;
      }

      @Override
      public String finish() {
        return "";
      }
    };
  }

  @Override
  public byte[] toJson() {
    return TokenizerJson.write(TYPE, VERSION, 0, 0, tokens);
  }
}
