package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Functions;
import java.util.Arrays;

/**
 * A simple recurrent unit (Lei et al. 2018), gates in the order x~, f, r, x. No product reads the
 * state, so the products of all tokens of a record can be computed at once:
 *
 * <pre>
 *   f = sigmoid(zf + vf * c)   r = sigmoid(zr + vr * c)
 *   c' = f * c + (1 - f) * x~
 *   h' = r * c' + (1 - r) * x
 * </pre>
 *
 * <p>x is the layer's input; where that has not H values, it is a product of it.
 */
final class SruCell implements Cell {

  @Override
  public int gates() {
    return 4;
  }

  @Override
  public boolean hasCellState() {
    return true;
  }

  @Override
  public boolean keepsPartsApart() {
    return false;
  }

  @Override
  public boolean multipliesH() {
    return false;
  }

  @Override
  public int gatesThatSeeC() {
    return 2;
  }

  @Override
  public boolean lastGateIsInput() {
    return true;
  }

  @Override
  public void forward(Step step, float[] h, float[] c, int n) {
    float[] candidate = step.z()[0];
    float[] f = step.z()[1];
    float[] r = step.z()[2];
    float[] x = step.z()[3];
    float[] vf = step.v()[0];
    float[] vr = step.v()[1];
    float[] previous = step.previous();
    System.arraycopy(c, 0, previous, 0, n);
    for (int u = 0; u < n; u++) {
      f[u] = fma(vf[u], previous[u], f[u]);
    }
    Functions.sigmoid(f, n);
    for (int u = 0; u < n; u++) {
      r[u] = fma(vr[u], previous[u], r[u]);
    }
    Functions.sigmoid(r, n);
    for (int u = 0; u < n; u++) {
      c[u] = fma(f[u], previous[u] - candidate[u], candidate[u]);
    }
    for (int u = 0; u < n; u++) {
      h[u] = fma(r[u], c[u] - x[u], x[u]);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <pre>
   *   dzr = dh' * (c' - x) * r * (1 - r)      dx  = dh' * (1 - r)
   *   dc' += dh' * r
   *   dzf = dc' * (c - x~) * f * (1 - f)      dx~ = dc' * (1 - f)
   *   dc  = dc' * f + dzf * vf + dzr * vr
   *   dh  = 0
   * </pre>
   */
  @Override
  public void backward(Step step, float[] dh, float[] dc, float[] scratch, int n) {
    float[] candidate = step.z()[0];
    float[] f = step.z()[1];
    float[] r = step.z()[2];
    float[] x = step.z()[3];
    float[] vf = step.v()[0];
    float[] vr = step.v()[1];
    float[] previous = step.previous();
    for (int u = 0; u < n; u++) {
      dc[u] = fma(dh[u], r[u], dc[u]);
    }
    for (int u = 0; u < n; u++) {
      scratch[u] = fma(f[u], previous[u] - candidate[u], candidate[u]) - x[u]; // c' - x
    }
    for (int u = 0; u < n; u++) {
      x[u] = dh[u] * (1f - r[u]);
    }
    for (int u = 0; u < n; u++) {
      r[u] = dh[u] * scratch[u] * r[u] * (1f - r[u]);
    }
    for (int u = 0; u < n; u++) {
      scratch[u] = dc[u] * (previous[u] - candidate[u]) * f[u] * (1f - f[u]);
    }
    for (int u = 0; u < n; u++) {
      candidate[u] = dc[u] * (1f - f[u]);
    }
    for (int u = 0; u < n; u++) {
      dc[u] = dc[u] * f[u] + scratch[u] * vf[u] + r[u] * vr[u];
    }
    System.arraycopy(scratch, 0, f, 0, n);
    Arrays.fill(dh, 0, n, 0f);
  }
}
