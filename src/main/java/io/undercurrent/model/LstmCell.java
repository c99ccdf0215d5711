package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Functions;
import java.util.Arrays;

/**
 * A long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates), gates in the order
 * i, f, g, o:
 *
 * <pre>
 *   i = sigmoid(zi)   f = sigmoid(zf)   g = tanh(zg)   o = sigmoid(zo)
 *   c' = f * c + i * g
 *   h' = o * tanh(c')
 * </pre>
 */
final class LstmCell implements Cell {

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
  public void forward(Step step, float[] h, float[] c, int n) {
    float[] i = step.z()[0];
    float[] f = step.z()[1];
    float[] g = step.z()[2];
    float[] o = step.z()[3];
    float[] previous = step.previous();
    float[] tanhC = step.tanhC();
    Functions.sigmoid(i, n);
    Functions.sigmoid(f, n);
    Functions.tanh(g, n);
    Functions.sigmoid(o, n);
    System.arraycopy(c, 0, previous, 0, n);
    for (int u = 0; u < n; u++) {
      c[u] = fma(f[u], previous[u], i[u] * g[u]);
    }
    System.arraycopy(c, 0, tanhC, 0, n);
    Functions.tanh(tanhC, n);
    for (int u = 0; u < n; u++) {
      h[u] = o[u] * tanhC[u];
    }
  }

  /**
   * {@inheritDoc}
   *
   * <pre>
   *   dc' += dh' * o * (1 - tanh(c')^2)
   *   dzo = dh' * tanh(c') * o * (1 - o)
   *   dzi = dc' * g * i * (1 - i)     dzf = dc' * c * f * (1 - f)     dzg = dc' * i * (1 - g^2)
   *   dc  = dc' * f
   *   dh  = 0
   * </pre>
   */
  @Override
  public void backward(Step step, float[] dh, float[] dc, float[] scratch, int n) {
    float[] i = step.z()[0];
    float[] f = step.z()[1];
    float[] g = step.z()[2];
    float[] o = step.z()[3];
    float[] previous = step.previous();
    float[] tanhC = step.tanhC();
    for (int u = 0; u < n; u++) {
      dc[u] += dh[u] * o[u] * (1f - tanhC[u] * tanhC[u]);
    }
    for (int u = 0; u < n; u++) {
      o[u] = dh[u] * tanhC[u] * o[u] * (1f - o[u]);
    }
    for (int u = 0; u < n; u++) {
      scratch[u] = dc[u] * g[u] * i[u] * (1f - i[u]);
    }
    for (int u = 0; u < n; u++) {
      g[u] = dc[u] * i[u] * (1f - g[u] * g[u]);
    }
    System.arraycopy(scratch, 0, i, 0, n);
    for (int u = 0; u < n; u++) {
      scratch[u] = dc[u] * f[u];
    }
    for (int u = 0; u < n; u++) {
      f[u] = dc[u] * previous[u] * f[u] * (1f - f[u]);
    }
    System.arraycopy(scratch, 0, dc, 0, n);
    Arrays.fill(dh, 0, n, 0f);
  }
}
