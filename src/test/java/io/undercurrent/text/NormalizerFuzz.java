package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;

/** Any text through the normaliser, which must be able to cut what it read. */
public final class NormalizerFuzz implements FuzzTarget {

  private static final int MAX_CUTS = 40;

  @Override
  public void read(byte[] bytes) {
    String text = new Input(bytes).text();
    NormalizedText read = Normalizer.LATEST.read(text, text.length());

    assertThat(read.originalLength()).isEqualTo(text.length());
    assertThat(read.originalEnd(read.length())).isLessThanOrEqualTo(text.length());
    int cuts = 0;
    for (int at = 1; at < read.length(); at++) {
      assertThat(read.originalEnd(at)).isBetween(read.originalEnd(at - 1), text.length());
      if (read.isBoundary(at) && cuts++ < MAX_CUTS) {
        NormalizedText start = Normalizer.LATEST.read(text, read.originalEnd(at));
        assertThat(start.text().substring(0, start.length()))
            .isEqualTo(read.text().substring(0, at));
      }
    }
  }

  @Override
  public long maxAllocation(int inputBytes) {
    return (4L << 20) + 20_000L * inputBytes;
  }
}
