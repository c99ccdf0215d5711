package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import java.util.Arrays;
import java.util.List;

/** Any text through each tokenizer: tokens, their spans and the way back. */
public final class TokenizerFuzz implements FuzzTarget {

  private static final List<Tokenizer> TOKENIZERS =
      List.of(
          TestTokenizers.SMALL,
          TestTokenizers.NORMALIZING,
          TestTokenizers.NORMALIZING.withSpelling(),
          WhitespaceTokenizer.of(List.of("<end>", "<unk>", "a", "b", "good", "don't")),
          new ByteTokenizer());

  /** Choices: the tokenizer; the limit of tokens. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    Tokenizer tokenizer = TOKENIZERS.get(input.choice(TOKENIZERS.size()));
    int maxTokens = 1 + input.choice(64);
    String text = input.text();

    Spans.check(tokenizer, text, maxTokens);
    Encoding encoding = tokenizer.encode(text, maxTokens);
    assertThat(encoding.ids().length).isLessThanOrEqualTo(maxTokens);
    assertThat(encoding.end()).isBetween(0, text.length());
    assertThat(encoding.truncated()).isEqualTo(encoding.end() < text.length());
    assertThat(Arrays.stream(encoding.ids()).filter(tokenizer::isUnknown).count())
        .isEqualTo(encoding.unknown());
    for (int id : encoding.ids()) {
      assertThat(id).isBetween(0, tokenizer.size() - 1).isNotEqualTo(tokenizer.endOfRecord());
      assertThat(tokenizer.token(id)).isNotEmpty();
    }
    for (double bits : encoding.spelling()) {
      assertThat(bits).isBetween(0.0, Spelling.MAX_BITS);
    }
    String decoded = tokenizer.decode(encoding.ids());
    if (tokenizer instanceof ByteTokenizer) {
      assertThat(decoded).isEqualTo(Utf8.withoutLoneSurrogates(text.substring(0, encoding.end())));
    }
  }

  /** Each span's end reads the text again. */
  @Override
  public long maxAllocation(int inputBytes) {
    return (16L << 20) + 40_000L * inputBytes;
  }
}
