package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Claims about the spans of an {@link Encoding} that hold for every tokenizer and text. */
final class Spans {

  private Spans() {}

  /**
   * Checks that spans ascend, leave no gap and cover the text that was read; that the text up to
   * the end of a span alone gives the tokens up to there; and that short texts are cut where limits
   * of tokens cut them.
   */
  static void check(Tokenizer tokenizer, String text, int maxTokens) {
    Encoding encoding = tokenizer.encode(text, maxTokens, true);
    int tokens = encoding.ids().length;
    Encoding without = tokenizer.encode(text, maxTokens);
    assertThat(without.ids()).isEqualTo(encoding.ids());
    assertThat(without.ends()).isEmpty();
    assertThat(encoding.ends()).hasSize(tokens).isSorted();
    if (tokens > 0) {
      assertThat(encoding.start(0)).isZero();
      assertThat(encoding.end(tokens - 1)).isEqualTo(encoding.end());
    }
    for (int token = 0; token < tokens; token++) {
      assertThat(encoding.start(token)).isLessThan(encoding.end(token));
      if (token + 1 < tokens && encoding.end(token + 1) > encoding.end(token)) {
        assertThat(encoding.start(token + 1)).isEqualTo(encoding.end(token));
        Encoding kept = tokenizer.encode(text.substring(0, encoding.end(token)), maxTokens, true);
        assertThat(kept.ids()).isEqualTo(Arrays.copyOf(encoding.ids(), token + 1));
        assertThat(kept.ends()).isEqualTo(Arrays.copyOf(encoding.ends(), token + 1));
      }
    }
    if (text.length()
        <= Tokenizer.MAX_CHARS_PER_TOKEN) { // so that every limit of tokens lets all chars be read
      assertThat(pieces(encoding, text)).isEqualTo(piecesUnderEachLimit(tokenizer, encoding, text));
    }
  }

  /** The text that was read, cut where spans end. */
  static List<String> pieces(Encoding encoding, String text) {
    List<String> pieces = new ArrayList<>();
    int from = 0;
    for (int end : Arrays.stream(encoding.ends()).distinct().toArray()) {
      pieces.add(text.substring(from, end));
      from = end;
    }
    return pieces;
  }

  /**
   * The same pieces found without spans: a text that is read under a limit of tokens ends where a
   * span ends, so each limit shows one end. Traces were made so before tokens had spans.
   */
  private static List<String> piecesUnderEachLimit(
      Tokenizer tokenizer, Encoding encoding, String text) {
    List<String> pieces = new ArrayList<>();
    int[] ids = encoding.ids();
    int tokens = 0;
    int from = 0;
    for (int limit = 1; limit <= ids.length; limit++) {
      Encoding part = tokenizer.encode(text, limit);
      int count = part.ids().length;
      if (count > tokens && Arrays.equals(part.ids(), 0, count, ids, 0, count)) {
        int end = limit == ids.length ? encoding.end() : part.end();
        pieces.add(text.substring(from, end));
        tokens = count;
        from = end;
      }
    }
    return pieces;
  }
}
