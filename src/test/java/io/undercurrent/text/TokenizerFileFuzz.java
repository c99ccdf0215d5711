package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.OneLineMessage;

/** Any {@code tokenizer.json}: one that is read works, and is written as the same vocabulary. */
public final class TokenizerFileFuzz implements FuzzTarget {

  private static final String TEXT =
      "Don't read <this>, it's GOOOOD \ud83d\ude02 :) http://x.org a";

  @Override
  public void read(byte[] input) {
    Tokenizer tokenizer;
    try {
      tokenizer = Tokenizer.read(input);
    } catch (IllegalArgumentException e) {
      OneLineMessage.check(e);
      return;
    }
    byte[] json = tokenizer.toJson();
    assertThat(Tokenizer.read(json).toJson()).isEqualTo(json);
    Spans.check(tokenizer, TEXT, 40);
    for (int id = 0; id < tokenizer.size(); id++) {
      assertThat(tokenizer.token(id)).isNotNull();
    }
  }

  @Override
  public long maxAllocation(int inputBytes) {
    return (16L << 20) + 4_000L * inputBytes;
  }
}
