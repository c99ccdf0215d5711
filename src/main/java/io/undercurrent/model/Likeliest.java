package io.undercurrent.model;

/**
 * The k likeliest tokens at some rows, most probable first, the lower id where two are alike.
 * Mutable, owned by one thread.
 */
public final class Likeliest {

  private final int k;
  private final int[] ids; // (rows, k)
  private final float[] probabilities; // (rows, k)
  private final int[] count; // (rows)

  /**
   * @param k how many are wanted, at least 1
   */
  public Likeliest(int rows, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be >= 1, found " + k);
    }
    this.k = k;
    ids = new int[Math.multiplyExact(rows, k)];
    probabilities = new float[rows * k];
    count = new int[rows];
  }

  /** How many are wanted at each row. */
  public int k() {
    return k;
  }

  /** How many were found at a row, at most k. */
  public int count(int row) {
    return count[row];
  }

  /** The token in a place of a row, the likeliest in place 0. */
  public int id(int row, int place) {
    return ids[row * k + place];
  }

  public float probability(int row, int place) {
    return probabilities[row * k + place];
  }

  void clear(int row) {
    count[row] = 0;
  }

  /** Whether a token so probable, whose id is above those of all that were added, is among them. */
  boolean takes(int row, float probability) {
    return count[row] < k || !(probability <= probabilities[row * k + k - 1]);
  }

  /** Adds a token that {@link #takes} took; the last of k makes room. */
  void add(int row, int id, float probability) {
    int first = row * k;
    int place = first + Math.min(count[row], k - 1);
    for (; place > first && probability > probabilities[place - 1]; place--) {
      ids[place] = ids[place - 1];
      probabilities[place] = probabilities[place - 1];
    }
    ids[place] = id;
    probabilities[place] = probability;
    count[row] = Math.min(count[row] + 1, k);
  }
}
