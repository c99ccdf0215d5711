package io.undercurrent.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels on the Vector API (incubating: needs {@code --add-modules jdk.incubator.vector}).
 *
 * <p>B is packed once into panels that are two vectors wide. Six rows of A are multiplied with one
 * panel at a time, or three rows with two panels: twelve accumulators in both cases. A vector holds
 * neighbouring outputs, so each output is the same chain as in {@link PlainKernels}.
 */
final class VectorKernels implements Kernels {

  /** At most 16 lanes, because exponentials are summed into 16 partial sums. */
  private static final VectorSpecies<Float> S =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  private static final int L = S.length();

  /** Throws if multiply-adds of vectors would be slow. */
  VectorKernels() {
    if (!Fma.HARDWARE) {
      throw new UnsupportedOperationException("the Vector API needs a JVM with an FMA instruction");
    }
  }

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public PackedMatrix matrix(int k, int n) {
    return new PanelMatrix(k, n);
  }

  @Override
  public int paddedRows(int rows) {
    int last = rows % PanelMatrix.ROWS; // rows after the last whole six
    return last == 2 ? rows + 1 : last > 3 ? rows - last + PanelMatrix.ROWS : rows;
  }

  @Override
  public float max(float[] x, int offset, int n) {
    int whole = n - n % (4 * L);
    if (whole == 0) {
      return Functions.max(x, offset, n);
    }
    FloatVector m0 = FloatVector.fromArray(S, x, offset);
    FloatVector m1 = FloatVector.fromArray(S, x, offset + L);
    FloatVector m2 = FloatVector.fromArray(S, x, offset + 2 * L);
    FloatVector m3 = FloatVector.fromArray(S, x, offset + 3 * L);
    for (int i = offset + 4 * L; i < offset + whole; i += 4 * L) {
      m0 = m0.max(FloatVector.fromArray(S, x, i));
      m1 = m1.max(FloatVector.fromArray(S, x, i + L));
      m2 = m2.max(FloatVector.fromArray(S, x, i + 2 * L));
      m3 = m3.max(FloatVector.fromArray(S, x, i + 3 * L));
    }
    float max =
        m0.max(m1).max(m2.max(m3)).reduceLanes(VectorOperators.MAX); // the order does not matter
    return whole == n ? max : Math.max(max, Functions.max(x, offset + whole, n - whole));
  }

  @Override
  public float exponentials(float[] x, int offset, int n, float max, float[] sums) {
    Arrays.fill(sums, 0f);
    int whole = n - n % 16;
    for (int lane = 0; lane < 16 && whole > 0; lane += L) {
      FloatVector sum = FloatVector.zero(S);
      for (int i = lane; i < whole; i += 16) {
        FloatVector e = exp(FloatVector.fromArray(S, x, offset + i).sub(max));
        e.intoArray(x, offset + i);
        sum = sum.add(e);
      }
      sum.intoArray(sums, lane);
    }
    for (int i = whole; i < n; i++) {
      float e = Functions.exp(x[offset + i] - max);
      x[offset + i] = e;
      sums[i & 15] += e;
    }
    return Functions.tree16(sums);
  }

  private static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.min(Functions.EXP_MAX).max(Functions.EXP_MIN);
    FloatVector round = FloatVector.broadcast(S, Functions.ROUND);
    FloatVector rounded = clamped.fma(FloatVector.broadcast(S, Functions.LOG2E), round);
    FloatVector n = rounded.sub(round);
    FloatVector r = n.fma(FloatVector.broadcast(S, -Functions.LN2_HIGH), clamped);
    r = n.fma(FloatVector.broadcast(S, -Functions.LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(S, Functions.E0);
    p = p.fma(r, FloatVector.broadcast(S, Functions.E1));
    p = p.fma(r, FloatVector.broadcast(S, Functions.E2));
    p = p.fma(r, FloatVector.broadcast(S, Functions.E3));
    p = p.fma(r, FloatVector.broadcast(S, Functions.E4));
    p = p.fma(r, FloatVector.broadcast(S, Functions.E5));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent =
        rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(Functions.ONE_BITS);
    return p.mul(exponent.reinterpretAsFloats());
  }

  private static final class PanelMatrix extends PackedMatrix {

    private static final int WIDTH = 2 * L;
    private static final int ROWS = 6;

    /** A block of B: 256 x 512 floats, 512 KiB, stay in a level-2 cache for all rows of A. */
    private static final int K_BLOCK = 256;

    private static final int N_BLOCK = 512;

    /** Rows of a transposed A that are copied at once: three cache lines of each column. */
    private static final int GROUP = 8 * ROWS;

    /** Columns of a transposed A that are copied at once; their lines fit a level-1 cache. */
    private static final int TILE = 32;

    /** Floats between two copied rows: no power of two, so that rows do not share cache sets. */
    private static final int COPY_STRIDE = K_BLOCK + 16;

    /**
     * The start of chains that do not continue C. It is read like C, because JDK 17 allocates an
     * object for a vector that a branch chooses: 45 kB a token in training.
     */
    private static final float[] ZEROS = new float[8 * L];

    private final float[] panels; // (ceil(N / WIDTH), K, WIDTH), zero past N
    private final int wholePanels;
    private final int lastColumns; // past the last whole panel

    PanelMatrix(int k, int n) {
      super(k, n);
      wholePanels = n / WIDTH;
      lastColumns = n % WIDTH;
      panels = new float[Math.multiplyExact((n + WIDTH - 1) / WIDTH * WIDTH, k)];
    }

    @Override
    public void pack(float[] b, int offset, int rowStride, int columnStride) {
      for (int j0 = 0; j0 < n; j0 += WIDTH) {
        int columns = Math.min(WIDTH, n - j0);
        int to = j0 * k;
        if (columnStride == 1) {
          for (int i = 0; i < k; i++) {
            System.arraycopy(b, offset + i * rowStride + j0, panels, to + i * WIDTH, columns);
          }
        } else {
          for (int j = 0; j < columns; j++) {
            int from = offset + (j0 + j) * columnStride;
            for (int i = 0; i < k; i++) {
              panels[to + i * WIDTH + j] = b[from + i * rowStride];
            }
          }
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
      int last = m % ROWS;
      boolean transposed = aColumnStride != 1 && m > 1; // its rows are copied before
      int inBlocks = last > 3 || transposed ? m : m - last; // six rows cost less than four alone
      if (inBlocks > 0) {
        blocks(
            inBlocks, a, aOffset, aRowStride, aColumnStride, c, cOffset, cRowStride, add, scratch);
      }
      int from = aOffset + inBlocks * aRowStride;
      int to = cOffset + inBlocks * cRowStride;
      if (m - inBlocks == 3) {
        threeRows(a, from, aRowStride, aColumnStride, c, to, cRowStride, add, scratch);
      } else {
        for (int i = inBlocks; i < m; i++, from += aRowStride, to += cRowStride) {
          row(0, a, from, aColumnStride, c, to, add, scratch);
        }
      }
    }

    /**
     * Multiplies six rows at a time with blocks of B that fit into the cache, so that every block
     * is fetched once for all rows. Between two K blocks the chains wait in C. Missing rows of the
     * last six and missing columns of the last panel are computed as zeros and dropped, which is
     * several times faster than one chain after the other.
     */
    private void blocks(
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
      boolean transposed = aColumnStride != 1;
      int group = transposed ? GROUP : ROWS; // rows that are copied at once
      float[] copies = scratch.left(group * COPY_STRIDE);
      float[] out = scratch.out(ROWS * WIDTH);
      int panelsPerBlock = Math.max(1, N_BLOCK / WIDTH);
      int allPanels = lastColumns > 0 ? wholePanels + 1 : wholePanels;
      for (int p0 = 0; p0 < allPanels; p0 += panelsPerBlock) {
        int p1 = Math.min(allPanels, p0 + panelsPerBlock);
        for (int k0 = 0; k0 < k; k0 += K_BLOCK) {
          int depth = Math.min(K_BLOCK, k - k0);
          boolean resume = add || k0 > 0;
          for (int i = 0; i < m; i += ROWS) {
            int rows = Math.min(ROWS, m - i);
            int from = aOffset + i * aRowStride + k0 * aColumnStride;
            boolean copied = transposed || rows < ROWS;
            if (copied && i % group == 0) {
              int together = Math.min(group, m - i);
              copyRows(a, from, aRowStride, aColumnStride, together, depth, copies);
            }
            float[] left = copied ? copies : a;
            int leftAt = copied ? i % group * COPY_STRIDE : from;
            int leftRow = copied ? COPY_STRIDE : aRowStride;
            for (int p = p0; p < p1; p++) {
              int panel = (p * k + k0) * WIDTH;
              int cAt = cOffset + i * cRowStride + p * WIDTH;
              int columns = p < wholePanels ? WIDTH : lastColumns;
              if (rows == ROWS && columns == WIDTH) {
                sixRows(left, leftAt, leftRow, depth, panels, panel, c, cAt, cRowStride, resume);
              } else {
                for (int r = 0; r < rows && resume; r++) {
                  System.arraycopy(c, cAt + r * cRowStride, out, r * WIDTH, columns);
                }
                sixRows(left, leftAt, leftRow, depth, panels, panel, out, 0, WIDTH, resume);
                for (int r = 0; r < rows; r++) {
                  System.arraycopy(out, r * WIDTH, c, cAt + r * cRowStride, columns);
                }
              }
            }
          }
        }
      }
    }

    /** Copies rows of A to rows of COPY_STRIDE, and adds rows of zeros up to a multiple of ROWS. */
    private static void copyRows(
        float[] a, int from, int rowStride, int columnStride, int rows, int depth, float[] to) {
      for (int r = rows; r % ROWS != 0; r++) {
        Arrays.fill(to, r * COPY_STRIDE, r * COPY_STRIDE + depth, 0f);
      }
      if (columnStride == 1) {
        for (int r = 0; r < rows; r++) {
          System.arraycopy(a, from + r * rowStride, to, r * COPY_STRIDE, depth);
        }
        return;
      }
      for (int q0 = 0; q0 < depth; q0 += TILE) {
        int q1 = Math.min(depth, q0 + TILE);
        for (int r = 0; r < rows; r++) {
          int at = from + r * rowStride + q0 * columnStride;
          for (int q = q0; q < q1; q++, at += columnStride) {
            to[r * COPY_STRIDE + q] = a[at];
          }
        }
      }
    }

    private static void sixRows(
        float[] a,
        int aAt,
        int aRow,
        int depth,
        float[] b,
        int bAt,
        float[] c,
        int cAt,
        int cRow,
        boolean add) {
      float[] from = add ? c : ZEROS;
      int start = add ? cAt : 0;
      int row = add ? cRow : 0;
      FloatVector c00 = FloatVector.fromArray(S, from, start);
      FloatVector c01 = FloatVector.fromArray(S, from, start + L);
      FloatVector c10 = FloatVector.fromArray(S, from, start + row);
      FloatVector c11 = FloatVector.fromArray(S, from, start + row + L);
      FloatVector c20 = FloatVector.fromArray(S, from, start + 2 * row);
      FloatVector c21 = FloatVector.fromArray(S, from, start + 2 * row + L);
      FloatVector c30 = FloatVector.fromArray(S, from, start + 3 * row);
      FloatVector c31 = FloatVector.fromArray(S, from, start + 3 * row + L);
      FloatVector c40 = FloatVector.fromArray(S, from, start + 4 * row);
      FloatVector c41 = FloatVector.fromArray(S, from, start + 4 * row + L);
      FloatVector c50 = FloatVector.fromArray(S, from, start + 5 * row);
      FloatVector c51 = FloatVector.fromArray(S, from, start + 5 * row + L);
      int at = bAt;
      for (int q = aAt; q < aAt + depth; q++, at += WIDTH) {
        FloatVector b0 = FloatVector.fromArray(S, b, at);
        FloatVector b1 = FloatVector.fromArray(S, b, at + L);
        FloatVector a0 = FloatVector.broadcast(S, a[q]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(S, a[q + aRow]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(S, a[q + 2 * aRow]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(S, a[q + 3 * aRow]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        FloatVector a4 = FloatVector.broadcast(S, a[q + 4 * aRow]);
        c40 = a4.fma(b0, c40);
        c41 = a4.fma(b1, c41);
        FloatVector a5 = FloatVector.broadcast(S, a[q + 5 * aRow]);
        c50 = a5.fma(b0, c50);
        c51 = a5.fma(b1, c51);
      }
      c00.intoArray(c, cAt);
      c01.intoArray(c, cAt + L);
      c10.intoArray(c, cAt + cRow);
      c11.intoArray(c, cAt + cRow + L);
      c20.intoArray(c, cAt + 2 * cRow);
      c21.intoArray(c, cAt + 2 * cRow + L);
      c30.intoArray(c, cAt + 3 * cRow);
      c31.intoArray(c, cAt + 3 * cRow + L);
      c40.intoArray(c, cAt + 4 * cRow);
      c41.intoArray(c, cAt + 4 * cRow + L);
      c50.intoArray(c, cAt + 5 * cRow);
      c51.intoArray(c, cAt + 5 * cRow + L);
    }

    /** Multiplies three rows with two panels at a time. */
    private void threeRows(
        float[] a,
        int aAt,
        int aRow,
        int aColumn,
        float[] c,
        int cAt,
        int cRow,
        boolean add,
        ProductScratch scratch) {
      int pairs = wholePanels - wholePanels % 2;
      for (int p = 0; p < pairs; p += 2) {
        int to = cAt + p * WIDTH;
        twoPanels(a, aAt, aRow, aColumn, k, panels, p * k * WIDTH, c, to, cRow, add);
      }
      for (int r = 0; r < 3; r++) {
        row(pairs, a, aAt + r * aRow, aColumn, c, cAt + r * cRow, add, scratch);
      }
    }

    private static void twoPanels(
        float[] a,
        int aAt,
        int aRow,
        int aColumn,
        int k,
        float[] b,
        int bAt,
        float[] c,
        int cAt,
        int cRow,
        boolean add) {
      float[] from = add ? c : ZEROS;
      int start = add ? cAt : 0;
      int row = add ? cRow : 0;
      FloatVector c00 = FloatVector.fromArray(S, from, start);
      FloatVector c01 = FloatVector.fromArray(S, from, start + L);
      FloatVector c02 = FloatVector.fromArray(S, from, start + 2 * L);
      FloatVector c03 = FloatVector.fromArray(S, from, start + 3 * L);
      FloatVector c10 = FloatVector.fromArray(S, from, start + row);
      FloatVector c11 = FloatVector.fromArray(S, from, start + row + L);
      FloatVector c12 = FloatVector.fromArray(S, from, start + row + 2 * L);
      FloatVector c13 = FloatVector.fromArray(S, from, start + row + 3 * L);
      FloatVector c20 = FloatVector.fromArray(S, from, start + 2 * row);
      FloatVector c21 = FloatVector.fromArray(S, from, start + 2 * row + L);
      FloatVector c22 = FloatVector.fromArray(S, from, start + 2 * row + 2 * L);
      FloatVector c23 = FloatVector.fromArray(S, from, start + 2 * row + 3 * L);
      int panel = k * WIDTH;
      int at = aAt;
      for (int q = bAt; q < bAt + panel; q += WIDTH, at += aColumn) {
        FloatVector b0 = FloatVector.fromArray(S, b, q);
        FloatVector b1 = FloatVector.fromArray(S, b, q + L);
        FloatVector b2 = FloatVector.fromArray(S, b, q + panel);
        FloatVector b3 = FloatVector.fromArray(S, b, q + panel + L);
        FloatVector a0 = FloatVector.broadcast(S, a[at]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        c03 = a0.fma(b3, c03);
        FloatVector a1 = FloatVector.broadcast(S, a[at + aRow]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        c13 = a1.fma(b3, c13);
        FloatVector a2 = FloatVector.broadcast(S, a[at + 2 * aRow]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        c23 = a2.fma(b3, c23);
      }
      c00.intoArray(c, cAt);
      c01.intoArray(c, cAt + L);
      c02.intoArray(c, cAt + 2 * L);
      c03.intoArray(c, cAt + 3 * L);
      c10.intoArray(c, cAt + cRow);
      c11.intoArray(c, cAt + cRow + L);
      c12.intoArray(c, cAt + cRow + 2 * L);
      c13.intoArray(c, cAt + cRow + 3 * L);
      c20.intoArray(c, cAt + 2 * cRow);
      c21.intoArray(c, cAt + 2 * cRow + L);
      c22.intoArray(c, cAt + 2 * cRow + 2 * L);
      c23.intoArray(c, cAt + 2 * cRow + 3 * L);
    }

    /**
     * Multiplies one row with four panels at a time, from {@code firstPanel} on: eight accumulators
     * hide the latency of a multiply-add.
     */
    private void row(
        int firstPanel,
        float[] a,
        int aAt,
        int aColumn,
        float[] c,
        int cAt,
        boolean add,
        ProductScratch scratch) {
      int p = firstPanel;
      for (; p + 4 <= wholePanels; p += 4) {
        fourPanels(a, aAt, aColumn, k, panels, p * k * WIDTH, c, cAt + p * WIDTH, add);
      }
      for (; p < wholePanels; p++) {
        onePanel(a, aAt, aColumn, k, panels, p * k * WIDTH, c, cAt + p * WIDTH, add);
      }
      if (lastColumns > 0) {
        float[] out = scratch.out(WIDTH);
        if (add) {
          System.arraycopy(c, cAt + p * WIDTH, out, 0, lastColumns);
        }
        onePanel(a, aAt, aColumn, k, panels, p * k * WIDTH, out, 0, add);
        System.arraycopy(out, 0, c, cAt + p * WIDTH, lastColumns);
      }
    }

    private static void fourPanels(
        float[] a,
        int aAt,
        int aColumn,
        int k,
        float[] b,
        int bAt,
        float[] c,
        int cAt,
        boolean add) {
      float[] from = add ? c : ZEROS;
      int start = add ? cAt : 0;
      FloatVector c0 = FloatVector.fromArray(S, from, start);
      FloatVector c1 = FloatVector.fromArray(S, from, start + L);
      FloatVector c2 = FloatVector.fromArray(S, from, start + 2 * L);
      FloatVector c3 = FloatVector.fromArray(S, from, start + 3 * L);
      FloatVector c4 = FloatVector.fromArray(S, from, start + 4 * L);
      FloatVector c5 = FloatVector.fromArray(S, from, start + 5 * L);
      FloatVector c6 = FloatVector.fromArray(S, from, start + 6 * L);
      FloatVector c7 = FloatVector.fromArray(S, from, start + 7 * L);
      int panel = k * WIDTH;
      int b0 = bAt;
      int b1 = bAt + panel;
      int b2 = bAt + 2 * panel;
      int b3 = bAt + 3 * panel;
      for (int q = 0, i = 0; q < panel; q += WIDTH, i += aColumn) {
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        c0 = x.fma(FloatVector.fromArray(S, b, b0 + q), c0);
        c1 = x.fma(FloatVector.fromArray(S, b, b0 + q + L), c1);
        c2 = x.fma(FloatVector.fromArray(S, b, b1 + q), c2);
        c3 = x.fma(FloatVector.fromArray(S, b, b1 + q + L), c3);
        c4 = x.fma(FloatVector.fromArray(S, b, b2 + q), c4);
        c5 = x.fma(FloatVector.fromArray(S, b, b2 + q + L), c5);
        c6 = x.fma(FloatVector.fromArray(S, b, b3 + q), c6);
        c7 = x.fma(FloatVector.fromArray(S, b, b3 + q + L), c7);
      }
      c0.intoArray(c, cAt);
      c1.intoArray(c, cAt + L);
      c2.intoArray(c, cAt + 2 * L);
      c3.intoArray(c, cAt + 3 * L);
      c4.intoArray(c, cAt + 4 * L);
      c5.intoArray(c, cAt + 5 * L);
      c6.intoArray(c, cAt + 6 * L);
      c7.intoArray(c, cAt + 7 * L);
    }

    private static void onePanel(
        float[] a,
        int aAt,
        int aColumn,
        int k,
        float[] b,
        int bAt,
        float[] c,
        int cAt,
        boolean add) {
      float[] from = add ? c : ZEROS;
      int start = add ? cAt : 0;
      FloatVector c0 = FloatVector.fromArray(S, from, start);
      FloatVector c1 = FloatVector.fromArray(S, from, start + L);
      for (int q = 0, i = 0; q < k * WIDTH; q += WIDTH, i += aColumn) {
        FloatVector x = FloatVector.broadcast(S, a[aAt + i]);
        c0 = x.fma(FloatVector.fromArray(S, b, bAt + q), c0);
        c1 = x.fma(FloatVector.fromArray(S, b, bAt + q + L), c1);
      }
      c0.intoArray(c, cAt);
      c1.intoArray(c, cAt + L);
    }
  }
}
