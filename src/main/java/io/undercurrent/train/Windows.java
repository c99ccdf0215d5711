package io.undercurrent.train;

import io.undercurrent.model.HiddenState;
import java.util.Arrays;

/**
 * The last n tokens at each position of a chunk, its own last: what the first layer reads. Carries
 * the n - 1 tokens before each row's next one to the next chunk.
 */
final class Windows {

  final int size; // n
  final int[] token; // (T*B, n), NO_TOKEN before the first
  private final int rows; // B
  private final int[] last; // (B, n)

  Windows(int size, int steps, int rows) {
    this.size = size;
    this.rows = rows;
    token = new int[steps * rows * size];
    last = new int[rows * size];
    clear();
  }

  /** Forgets what earlier chunks left. */
  void clear() {
    Arrays.fill(last, HiddenState.NO_TOKEN);
  }

  /** Fills {@link #token}. */
  void read(Chunk chunk) {
    for (int r = 0; r < chunk.token.length; r++) {
      int at = r % rows * size;
      if (chunk.reset[r]) {
        Arrays.fill(last, at, at + size, HiddenState.NO_TOKEN);
      }
      System.arraycopy(last, at + 1, last, at, size - 1);
      last[at + size - 1] = chunk.token[r];
      System.arraycopy(last, at, token, r * size, size);
    }
  }
}
