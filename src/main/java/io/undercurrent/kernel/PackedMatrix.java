package io.undercurrent.kernel;

/**
 * The right-hand side B (K, N) of products C (M, N) = A (M, K) · B, stored the way its provider
 * multiplies fastest.
 *
 * <p>{@link #pack} must not run beside another call; between packs any number of threads may
 * multiply.
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
   * Takes over B; element (k, n) is read at {@code b[offset + k * rowStride + n * columnStride]}. A
   * weight in PyTorch's layout (N, K) packs with rowStride 1 and columnStride K.
   */
  public abstract void pack(float[] b, int offset, int rowStride, int columnStride);

  /**
   * C (M, N) = A (M, K) · B, or C += A · B. Each output is one chain of fused multiply-adds, k
   * ascending, that starts from zero, or from the value in C when {@code add} is set.
   *
   * @param a element (m, k) is read at {@code a[aOffset + m * aRowStride + k * aColumnStride]}
   * @param c element (m, n) is written at {@code c[cOffset + m * cRowStride + n]}
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
      boolean add);

  /** C (M, N) = A (M, K) · B for row-major A and C without gaps. */
  public final void multiply(int m, float[] a, float[] c) {
    multiply(m, a, 0, k, 1, c, 0, n, false);
  }
}
