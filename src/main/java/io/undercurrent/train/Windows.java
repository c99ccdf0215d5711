package io.undercurrent.train;

import io.undercurrent.model.HiddenState;
import java.util.Arrays;
import java.util.List;

/**
 * The last n tokens at each position of a chunk, oldest first, which are the input of the first
 * layer. Carries the last tokens of each row to the next chunk. Owned by one thread at a time.
 */
final class Windows {

  final int size; // n
  final int[] token; // (T*B, n), NO_TOKEN before the first
  private final int rows; // B
  private final float[] last; // (B, n), floats like all that is carried, which are exact up to 2^24

  Windows(int size, int steps, int rows) {
    this.size = size;
    this.rows = rows;
    token = new int[steps * rows * size];
    last = new float[rows * size];
    clear();
  }

  /** Forgets what earlier chunks carried over. */
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
      for (int i = 0; i < size; i++) {
        token[r * size + i] = (int) last[at + i];
      }
    }
  }

  /** The row b of index {@code i} of {@link #token}. */
  int row(int i) {
    return i / size % rows;
  }

  /** The arrays that are carried to the next chunk, not copied. */
  List<float[]> carried() {
    return size == 1 ? List.of() : List.of(last);
  }
}
