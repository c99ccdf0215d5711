package io.undercurrent.kernel;

/**
 * The right-hand side B (K, N) of products C (M, N) = A (M, K) · B, in the layout that its provider
 * multiplies fastest.
 *
 * <p>No other call may run during {@link #pack}. After it any number of threads may multiply at
 * once, each with its own {@link ProductScratch}.
 */
public abstract class PackedMatrix {

  protected final int k;
  protected final int n;

  protected PackedMatrix(int k, int n) {
    if (k < 1 || n < 1) {
      throw new IllegalArgumentException(
          "a packed matrix must have K >= 1 and N >= 1, found K=" + k + " N=" + n);
    }
    this.k = k;
    this.n = n;
  }

  /** Rows of B. */
  public final int k() {
    return k;
  }

  /** Columns of B. */
  public final int n() {
    return n;
  }

  /**
   * Copies B into this matrix; element (k, n) is read at {@code b[offset + k * rowStride + n *
   * columnStride]}. For a weight in PyTorch's layout (N, K), rowStride is 1 and columnStride is K.
   */
  public abstract void pack(float[] b, int offset, int rowStride, int columnStride);

  /**
   * C (M, N) = A (M, K) · B, or C += A · B if {@code add} is set. Each output is one chain of fused
   * multiply-adds with k ascending. It starts from zero, or from the value in C if {@code add} is
   * set.
   *
   * @param a element (m, k) is read at {@code a[aOffset + m * aRowStride + k * aColumnStride]}
   * @param c element (m, n) is written at {@code c[cOffset + m * cRowStride + n]}
   * @param scratch the caller's buffers, overwritten; used by no other thread meanwhile
   */
  public abstract void multiply(
      int m,
      float[] a,
      int aOffset,
      int aRowStride,
      int aColumnStride,
      float[] c,
      int cOffset,
      int cRowStride,
      boolean add,
      ProductScratch scratch);

  /** C (M, N) = A (M, K) · B, for A and C in row-major order without gaps. */
  public final void multiply(int m, float[] a, float[] c, ProductScratch scratch) {
    multiply(m, a, 0, k, 1, c, 0, n, false, scratch);
  }
}
