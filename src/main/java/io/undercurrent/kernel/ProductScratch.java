package io.undercurrent.kernel;

/**
 * Buffers that a product needs while it runs. The caller of {@link PackedMatrix#multiply} owns them
 * and passes the same object to all of its products, so that these allocate nothing. Owned by one
 * thread at a time.
 *
 * <p>Empty at first. Each buffer grows to the largest size that a product asked for: with the
 * Vector API at most 53 kB, otherwise one row of the widest product.
 */
public final class ProductScratch {

  private float[] left = {};
  private float[] out = {};

  /** At least {@code n} floats for rows of A; they hold what the last product left in them. */
  float[] left(int n) {
    if (left.length < n) {
      left = new float[n];
    }
    return left;
  }

  /** At least {@code n} floats for values of C; they hold what the last product left in them. */
  float[] out(int n) {
    if (out.length < n) {
      out = new float[n];
    }
    return out;
  }
}
