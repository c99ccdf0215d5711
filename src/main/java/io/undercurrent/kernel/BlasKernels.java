package io.undercurrent.kernel;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Large products by the OpenBLAS that ND4J brings ({@code nd4j-native-platform}); everything else
 * as {@link PlainKernels}. For JVMs without the vector module.
 *
 * <p>OpenBLAS splits long chains, has other kernels for small products (found below 1,000,000
 * multiplications in 0.3.19) and adds to C only after a product: all these go to the plain loops,
 * since their bits would differ. With its AVX2 kernels the bits differ everywhere, which the
 * self-check at start finds.
 */
final class BlasKernels implements Kernels {

  private static final int MOST_K = 256;
  private static final long LEAST_WORK = 2_000_000; // multiplications

  private final Kernels plain = new PlainKernels();

  BlasKernels() throws ReflectiveOperationException {
    loadOnAnotherThread();
  }

  /** Loading a native library may leave its thread flushing subnormals to zero (JDK 17). */
  private static void loadOnAnotherThread() throws ReflectiveOperationException {
    Throwable[] failure = new Throwable[1];
    Thread loader =
        new Thread(
            () -> {
              try {
                openblas.blas_set_num_threads(1);
              } catch (LinkageError | RuntimeException e) {
                failure[0] = e;
              }
            },
            "openblas-loader");
    loader.start();
    try {
      loader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReflectiveOperationException("interrupted while OpenBLAS was loaded", e);
    }
    if (failure[0] != null) {
      throw new ReflectiveOperationException("OpenBLAS cannot be loaded", failure[0]);
    }
  }

  @Override
  public String name() {
    return "openblas";
  }

  @Override
  public PackedMatrix matrix(int k, int n) {
    return k > MOST_K ? plain.matrix(k, n) : new BlasMatrix(k, n, plain.matrix(k, n));
  }

  @Override
  public float exponentials(float[] x, int offset, int n, float max, float[] sums) {
    return plain.exponentials(x, offset, n, max, sums);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return plain.max(x, offset, n);
  }

  private static final class BlasMatrix extends PackedMatrix {

    private final PackedMatrix fallback;
    private final FloatPointer right; // (K, N), off-heap

    BlasMatrix(int k, int n, PackedMatrix fallback) {
      super(k, n);
      this.fallback = fallback;
      right = new FloatPointer(Math.multiplyExact(k, n));
    }

    @Override
    public void pack(float[] b, int offset, int rowStride, int columnStride) {
      fallback.pack(b, offset, rowStride, columnStride);
      float[] values = new float[k * n];
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < n; j++) {
          values[i * n + j] = b[offset + i * rowStride + j * columnStride];
        }
      }
      right.put(values);
    }

    @Override
    public void multiply(
        int m,
        float[] a,
        int aOffset,
        int aRowStride,
        int aColumnStride,
        float[] c,
        int cOffset,
        int cRowStride,
        boolean add) {
      boolean dense = aColumnStride == 1 && aRowStride == k && cRowStride == n;
      if (add || !dense || (long) m * n * k < LEAST_WORK) {
        fallback.multiply(m, a, aOffset, aRowStride, aColumnStride, c, cOffset, cRowStride, add);
        return;
      }
      try (FloatPointer left = new FloatPointer((long) m * k);
          FloatPointer out = new FloatPointer((long) m * n)) {
        left.put(a, aOffset, m * k);
        openblas.cblas_sgemm(
            openblas.CblasRowMajor,
            openblas.CblasNoTrans,
            openblas.CblasNoTrans,
            m,
            n,
            k,
            1f,
            left,
            k,
            right,
            n,
            0f,
            out,
            n);
        out.get(c, cOffset, m * n);
      }
    }
  }
}
