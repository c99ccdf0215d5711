package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Functions;

/**
 * A gated recurrent unit (Cho et al. 2014) as PyTorch and cuDNN define it, gates in the order r, z,
 * n: the reset gate acts on the product with h, not on h.
 *
 * <pre>
 *   r = sigmoid(zr + ur)   z = sigmoid(zz + uz)   n = tanh(zn + r * un)
 *   h' = (1 - z) * n + z * h
 * </pre>
 */
final class GruCell implements Cell {

  @Override
  public int gates() {
    return 3;
  }

  @Override
  public boolean hasCellState() {
    return false;
  }

  @Override
  public boolean keepsPartsApart() {
    return true;
  }

  @Override
  public void forward(Step step, float[] h, float[] c, int size) {
    float[] r = step.z()[0];
    float[] z = step.z()[1];
    float[] n = step.z()[2];
    float[] ur = step.u()[0];
    float[] uz = step.u()[1];
    float[] un = step.u()[2];
    float[] previous = step.previous();
    for (int u = 0; u < size; u++) {
      r[u] += ur[u];
    }
    Functions.sigmoid(r, size);
    for (int u = 0; u < size; u++) {
      z[u] += uz[u];
    }
    Functions.sigmoid(z, size);
    for (int u = 0; u < size; u++) {
      n[u] = fma(r[u], un[u], n[u]);
    }
    Functions.tanh(n, size);
    System.arraycopy(h, 0, previous, 0, size);
    for (int u = 0; u < size; u++) {
      h[u] = fma(z[u], previous[u] - n[u], n[u]);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <pre>
   *   dzn = dh' * (1 - z) * (1 - n^2)         dun = dzn * r
   *   dzr = dur = dzn * un * r * (1 - r)
   *   dzz = duz = dh' * (h - n) * z * (1 - z)
   *   dh  = dh' * z
   * </pre>
   */
  @Override
  public void backward(Step step, float[] dh, float[] dc, float[] dn, int size) {
    float[] r = step.z()[0];
    float[] z = step.z()[1];
    float[] n = step.z()[2];
    float[] ur = step.u()[0];
    float[] uz = step.u()[1];
    float[] un = step.u()[2];
    float[] previous = step.previous();
    for (int u = 0; u < size; u++) {
      dn[u] = dh[u] * (1f - z[u]) * (1f - n[u] * n[u]);
    }
    for (int u = 0; u < size; u++) {
      uz[u] = dh[u] * (previous[u] - n[u]) * z[u] * (1f - z[u]);
    }
    for (int u = 0; u < size; u++) {
      dh[u] *= z[u];
    }
    for (int u = 0; u < size; u++) {
      ur[u] = dn[u] * un[u] * r[u] * (1f - r[u]);
    }
    for (int u = 0; u < size; u++) {
      un[u] = dn[u] * r[u];
    }
    System.arraycopy(ur, 0, r, 0, size);
    System.arraycopy(uz, 0, z, 0, size);
    System.arraycopy(dn, 0, n, 0, size);
  }
}
