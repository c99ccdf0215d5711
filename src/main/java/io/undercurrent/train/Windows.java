package io.undercurrent.train;

import io.undercurrent.model.HiddenState;
import java.util.Arrays;
import java.util.List;

/**
 * The last n tokens at each position of a chunk, its own last: what the first layer reads. Carries
 * the n - 1 tokens before each row's next one to the next chunk.
 */
final class Windows {

  final int size; // n
  final int[] token; // (T*B, n), NO_TOKEN before the first
  private final int rows; // B
  private final float[] last; // (B, n), exact up to 2^24, in floats as all that is carried

  Windows(int size, int steps, int rows) {
    this.size = size;
    this.rows = rows;
    token = new int[steps * rows * size];
    last = new float[rows * size];
    clear();
  }

  /** Forgets what earlier chunks left. */
  void clear() {
    Arrays.fill(last, HiddenState.NO_TOKEN);
  }

  /** Fills {@link #token}. */
  void read(Chunk chunk) {
    for (int r = 0; r < chunk.token.length; r++) {
      int at = row(r * size) * size;
      if (chunk.reset[r]) {
        Arrays.fill(last, at, at + size, HiddenState.NO_TOKEN);
      }
      System.arraycopy(last, at + 1, last, at, size - 1);
      last[at + size - 1] = chunk.token[r];
      for (int place = 0; place < size; place++) {
        token[r * size + place] = (int) last[at + place];
      }
    }
  }

  /** The row b that the i-th of {@link #token} is in. */
  int row(int i) {
    return i / size % rows;
  }

  /** What is carried over to the next chunk, shared and not copied. */
  List<float[]> carried() {
    return size == 1 ? List.of() : List.of(last);
  }
}
