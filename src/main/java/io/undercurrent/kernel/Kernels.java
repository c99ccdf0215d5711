package io.undercurrent.kernel;

/**
 * A provider of the numeric kernels. Stateless and thread-safe.
 *
 * <p>All providers give the same bits as {@link PlainKernels}.
 */
public interface Kernels {

  /**
   * A short name for logs and metrics: {@code vector}, {@code plain}, or {@code plain-software-fma}
   * where {@link Fma} has no instruction.
   */
  String name();

  /** An empty right-hand side B (K, N) of a product; {@link PackedMatrix#pack} fills it. */
  PackedMatrix matrix(int k, int n);

  /** Partial sums of {@link #exponentials}. */
  int PARTIAL_SUMS = 16;

  /**
   * Replaces each {@code x[i]} by exp(x[i] - max), for i in [offset, offset + n), and returns the
   * sum of the results: 16 partial sums (element i goes to sum i mod 16, counted from the offset)
   * added in a fixed tree.
   *
   * @param sums ({@value #PARTIAL_SUMS}) the caller's scratch, overwritten
   */
  float exponentials(float[] x, int offset, int n, float max, float[] sums);

  /** The largest of {@code x[offset .. offset + n)}, NaN if one is; n >= 1. */
  float max(float[] x, int offset, int n);

  /**
   * So many rows, at least {@code rows}, that a product of them wastes none. Those past {@code
   * rows} cost nothing more, and are of no consequence to the others.
   */
  default int paddedRows(int rows) {
    return rows;
  }

  /** The fastest provider that gives the defined bits on this machine; chosen once. */
  static Kernels best() {
    return KernelChoice.BEST;
  }
}
