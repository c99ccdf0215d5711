package io.undercurrent.model;

import io.undercurrent.model.ModelConfig.Pooling;
import java.util.Arrays;

/**
 * The features of one record that the sentiment head reads: the last h, and with concat pooling the
 * running maximum and the running mean (Howard and Ruder 2018), updated with every token. Owned by
 * one thread.
 */
public final class Pool {

  private final Pooling pooling;
  private final float[] last; // (H)
  private final float[] max; // (H)
  private final float[] sum; // (H)
  private int tokens;

  public Pool(Pooling pooling, int hiddenSize) {
    this.pooling = pooling;
    last = new float[hiddenSize];
    max = new float[hiddenSize];
    sum = new float[hiddenSize];
    clear();
  }

  /** Starts a record. */
  public void clear() {
    tokens = 0;
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    Arrays.fill(sum, 0f);
  }

  /** Adds the next token's top h, (H). */
  public void add(float[] h) {
    add(h, 0);
  }

  /** Adds the next token's top h, (H), which begins at {@code offset}. */
  public void add(float[] h, int offset) {
    tokens++;
    System.arraycopy(h, offset, last, 0, last.length);
    for (int u = 0; u < max.length; u++) {
      max[u] = Math.max(max[u], last[u]);
    }
    for (int u = 0; u < sum.length; u++) {
      sum[u] += last[u];
    }
  }

  /** Writes the head's input, (parts * H). At least one token must have been added. */
  public void features(float[] out) {
    int size = last.length;
    System.arraycopy(last, 0, out, 0, size);
    if (pooling == Pooling.CONCAT) {
      System.arraycopy(max, 0, out, size, size);
      for (int u = 0; u < size; u++) {
        out[2 * size + u] = sum[u] / tokens;
      }
    }
  }
}
