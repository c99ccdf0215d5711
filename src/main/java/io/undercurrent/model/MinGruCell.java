package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Functions;

/**
 * A minimal gated recurrent unit (Feng et al. 2024), gates in the order z, h~. No product reads the
 * state, so the products of all tokens of a record can be computed at once:
 *
 * <pre>
 *   z = sigmoid(zz)
 *   h' = (1 - z) * h + z * h~
 * </pre>
 */
final class MinGruCell implements Cell {

  @Override
  public int gates() {
    return 2;
  }

  @Override
  public boolean hasCellState() {
    return false;
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
  public void forward(Step step, float[] h, float[] c, int n) {
    float[] z = step.z()[0];
    float[] candidate = step.z()[1];
    float[] previous = step.previous();
    Functions.sigmoid(z, n);
    System.arraycopy(h, 0, previous, 0, n);
    for (int u = 0; u < n; u++) {
      h[u] = fma(z[u], candidate[u] - previous[u], previous[u]);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <pre>
   *   dzz = dh' * (h~ - h) * z * (1 - z)
   *   dh~ = dh' * z
   *   dh  = dh' * (1 - z)
   * </pre>
   */
  @Override
  public void backward(Step step, float[] dh, float[] dc, float[] scratch, int n) {
    float[] z = step.z()[0];
    float[] candidate = step.z()[1];
    float[] previous = step.previous();
    for (int u = 0; u < n; u++) {
      scratch[u] = dh[u] * (candidate[u] - previous[u]) * z[u] * (1f - z[u]);
    }
    for (int u = 0; u < n; u++) {
      candidate[u] = dh[u] * z[u];
    }
    for (int u = 0; u < n; u++) {
      dh[u] *= 1f - z[u];
    }
    System.arraycopy(scratch, 0, z, 0, n);
  }
}
