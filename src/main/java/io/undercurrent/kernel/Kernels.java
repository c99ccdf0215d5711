package io.undercurrent.kernel;

/**
 * A provider of the numeric kernels. Stateless and thread-safe.
 *
 * <p>All providers give the same bits as {@link PlainKernels}.
 */
public interface Kernels {

  /** The number of partial sums of {@link #exponentials}. */
  int PARTIAL_SUMS = 16;

  /**
   * A short name for logs and metrics: {@code vector}, {@code plain}, or {@code plain-software-fma}
   * where {@link Fma} has no instruction.
   */
  String name();

  /** An empty right-hand side B (K, N) of products; {@link PackedMatrix#pack} fills it. */
  PackedMatrix matrix(int k, int n);

  /**
   * Replaces each {@code x[i]} by exp(x[i] - max), for i in [offset, offset + n), and returns the
   * sum of the results. The element at {@code offset + i} is added to partial sum i mod 16; the 16
   * partial sums are added in a fixed tree.
   *
   * @param sums ({@value #PARTIAL_SUMS}) the caller's scratch, overwritten
   */
  float exponentials(float[] x, int offset, int n, float max, float[] sums);

  /** The maximum of {@code x[offset .. offset + n)}, or NaN if one of them is NaN; n >= 1. */
  float max(float[] x, int offset, int n);

  /**
   * The number of rows, {@code rows} or a few more, that a product computes fastest for {@code
   * rows} rows. The added rows may hold anything: they change no result of the others.
   */
  default int paddedRows(int rows) {
    return rows;
  }

  /** The fastest provider that gives the defined bits on this machine; chosen once per JVM. */
  static Kernels best() {
    return KernelChoice.BEST;
  }
}
