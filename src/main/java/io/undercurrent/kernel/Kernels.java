package io.undercurrent.kernel;

/**
 * A provider of the numeric kernels. Stateless and thread-safe.
 *
 * <p>All providers give the same bits as {@link PlainKernels}.
 */
public interface Kernels {

  /** A short name for logs and metrics: {@code plain}, {@code vector} or {@code openblas}. */
  String name();

  /** An empty right-hand side B (K, N) of a product; {@link PackedMatrix#pack} fills it. */
  PackedMatrix matrix(int k, int n);

  /**
   * Replaces each {@code x[i]} by exp(x[i] - max), for i in [offset, offset + n), and returns the
   * sum of the results: 16 partial sums (element i goes to sum i mod 16, counted from the offset)
   * added in a fixed tree.
   */
  float exponentials(float[] x, int offset, int n, float max);

  /**
   * Rows that a product takes at once: where M is 1 or a multiple of these it needs no buffers, and
   * rows short of that cost as much as if they were there.
   */
  default int rowsAtOnce() {
    return 1;
  }

  /** The fastest provider that gives the defined bits on this machine; chosen and logged once. */
  static Kernels best() {
    return KernelChoice.BEST;
  }
}
