package io.undercurrent.model;

import io.undercurrent.kernel.Functions;
import java.util.Arrays;

/**
 * One hyperbolic tangent: of what is read and what was remembered in an Elman network (Elman 1990),
 * of what is read alone in a feed-forward one.
 *
 * <pre>
 *   h' = tanh(z)
 * </pre>
 */
final class TanhCell implements Cell {

  @Override
  public int gates() {
    return 1;
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
  public void forward(Step step, float[] h, float[] c, int n) {
    float[] z = step.z()[0];
    Functions.tanh(z, n);
    System.arraycopy(z, 0, h, 0, n);
  }

  /**
   * {@inheritDoc}
   *
   * <pre>
   *   dz = dh' * (1 - h'^2)
   *   dh = 0
   * </pre>
   */
  @Override
  public void backward(Step step, float[] dh, float[] dc, float[] scratch, int n) {
    float[] z = step.z()[0];
    for (int u = 0; u < n; u++) {
      z[u] = dh[u] * (1f - z[u] * z[u]);
    }
    Arrays.fill(dh, 0, n, 0f);
  }
}
