package io.undercurrent.kernel;

import static io.undercurrent.kernel.Fma.fma;

import java.util.Arrays;

/**
 * The definition of every kernel: plain Java loops, which HotSpot can vectorise. Stateless and
 * thread-safe.
 */
public final class PlainKernels implements Kernels {

  @Override
  public String name() {
    return Fma.HARDWARE ? "plain" : "plain-software-fma";
  }

  @Override
  public PackedMatrix matrix(int k, int n) {
    return new PlainMatrix(k, n);
  }

  @Override
  public float exponentials(float[] x, int offset, int n, float max, float[] sums) {
    Arrays.fill(sums, 0f);
    for (int i = 0; i < n; i++) {
      float e = Functions.exp(x[offset + i] - max);
      x[offset + i] = e;
      sums[i & 15] += e;
    }
    return Functions.tree16(sums);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return Functions.max(x, offset, n);
  }

  /** B as K rows of N: the inner loop runs over outputs, so that each output stays one chain. */
  private static final class PlainMatrix extends PackedMatrix {

    private final float[][] rows; // (K, N)

    PlainMatrix(int k, int n) {
      super(k, n);
      rows = new float[k][n];
    }

    @Override
    public void pack(float[] b, int offset, int rowStride, int columnStride) {
      for (int i = 0; i < k; i++) {
        float[] row = rows[i];
        int at = offset + i * rowStride;
        for (int j = 0; j < n; j++, at += columnStride) {
          row[j] = b[at];
        }
      }
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
        boolean add,
        ProductScratch scratch) {
      // HotSpot vectorises loops that begin at index 0, not loops at an offset.
      float[] out = m == 1 && cOffset == 0 ? c : scratch.out(n);
      for (int i = 0; i < m; i++) {
        int at = cOffset + i * cRowStride;
        if (add) {
          System.arraycopy(c, at, out, 0, n);
        } else {
          Arrays.fill(out, 0, n, 0f);
        }
        int left = aOffset + i * aRowStride;
        int p = 0;
        for (; p + 4 <= k; p += 4) {
          fourSteps(
              a[left],
              a[left + aColumnStride],
              a[left + 2 * aColumnStride],
              a[left + 3 * aColumnStride],
              rows[p],
              rows[p + 1],
              rows[p + 2],
              rows[p + 3],
              out,
              n);
          left += 4 * aColumnStride;
        }
        for (; p < k; p++, left += aColumnStride) {
          step(a[left], rows[p], out, n);
        }
        if (out != c) {
          System.arraycopy(out, 0, c, at, n);
        }
      }
    }

    private static void fourSteps(
        float a0,
        float a1,
        float a2,
        float a3,
        float[] b0,
        float[] b1,
        float[] b2,
        float[] b3,
        float[] out,
        int n) {
      for (int j = 0; j < n; j++) {
        out[j] = fma(a3, b3[j], fma(a2, b2[j], fma(a1, b1[j], fma(a0, b0[j], out[j]))));
      }
    }

    private static void step(float a, float[] b, float[] out, int n) {
      for (int j = 0; j < n; j++) {
        out[j] = fma(a, b[j], out[j]);
      }
    }
  }
}
