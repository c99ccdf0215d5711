package io.undercurrent.model;

/**
 * The k most probable tokens of each of some rows, most probable first; of two equally probable
 * tokens the lower id comes first. Mutable, owned by one thread.
 */
public final class TopK {

  private final int k;
  private final int[] ids; // (rows, k)
  private final float[] probabilities; // (rows, k)
  private final int[] count; // (rows)

  /**
   * @param k the maximum number of tokens in each row, at least 1
   */
  public TopK(int rows, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, found " + k);
    }
    this.k = k;
    ids = new int[Math.multiplyExact(rows, k)];
    probabilities = new float[rows * k];
    count = new int[rows];
  }

  /** The maximum number of tokens in each row. */
  public int k() {
    return k;
  }

  /** The number of tokens in a row, at most k. */
  public int count(int row) {
    return count[row];
  }

  /** The token at an index of a row; the most probable has index 0. */
  public int id(int row, int index) {
    return ids[row * k + index];
  }

  /** The probability of the token at an index of a row. */
  public float probability(int row, int index) {
    return probabilities[row * k + index];
  }

  void clear(int row) {
    count[row] = 0;
  }

  /**
   * Whether {@link #add} would keep a token of this probability, whose id is above those of all
   * tokens added before.
   */
  boolean takes(int row, float probability) {
    return count[row] < k || !(probability <= probabilities[row * k + k - 1]);
  }

  /**
   * Adds a token for which {@link #takes} is true; if there are k tokens, the last one is removed.
   */
  void add(int row, int id, float probability) {
    int first = row * k;
    int index = first + Math.min(count[row], k - 1);
    for (; index > first && probability > probabilities[index - 1]; index--) {
      ids[index] = ids[index - 1];
      probabilities[index] = probabilities[index - 1];
    }
    ids[index] = id;
    probabilities[index] = probability;
    count[row] = Math.min(count[row] + 1, k);
  }
}
