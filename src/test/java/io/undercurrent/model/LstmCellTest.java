package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LstmCellTest {

  /** Gates are rational functions good to about 1e-7, and a handful of float operations follow. */
  private static final Offset<Double> FLOAT = within(1e-6);

  @Test
  void shouldHalveTheCellStateWhereEveryPreActivationIsZero() {
    // i = f = o = 0.5 and g = 0: c' = 0.5 * 1, h' = 0.5 * tanh(0.5) = 0.231058578630...
    float[] i = {0f};
    float[] f = {0f};
    float[] g = {0f};
    float[] o = {0f};
    float[] cNext = new float[1];
    float[] tanhC = new float[1];
    float[] h = new float[1];

    LstmCell.forward(i, f, g, o, new float[] {1f}, cNext, tanhC, h, 1);

    assertThat(i).containsExactly(0.5f);
    assertThat(f).containsExactly(0.5f);
    assertThat(g).containsExactly(0f);
    assertThat(o).containsExactly(0.5f);
    assertThat(cNext).containsExactly(0.5f);
    assertThat((double) tanhC[0]).isCloseTo(0.46211715726, FLOAT);
    assertThat((double) h[0]).isCloseTo(0.23105857863, FLOAT);
  }

  @Test
  void shouldFollowTheFormulaFromSaturatedToTinyPreActivations() {
    int n = 64;
    SplittableRandom random = new SplittableRandom(1);
    double[] scales = {1e-6, 0.1, 1, 5, 40};
    for (double scale : scales) {
      float[][] z = {
        floats(random, n, scale),
        floats(random, n, scale),
        floats(random, n, scale),
        floats(random, n, scale)
      };
      float[] c = floats(random, n, 2);
      double[][] expected = new double[n][];
      for (int u = 0; u < n; u++) {
        expected[u] = cell(z[0][u], z[1][u], z[2][u], z[3][u], c[u]);
      }
      float[] cNext = new float[n];
      float[] tanhC = new float[n];
      float[] h = new float[n];

      LstmCell.forward(z[0], z[1], z[2], z[3], c, cNext, tanhC, h, n);

      for (int u = 0; u < n; u++) {
        assertThat((double) h[u])
            .as("h'[%d] at scale %s", u, scale)
            .isCloseTo(expected[u][0], FLOAT);
        assertThat((double) cNext[u])
            .as("c'[%d] at scale %s", u, scale)
            .isCloseTo(expected[u][1], FLOAT);
      }
    }
  }

  @Test
  void shouldGiveTheSameBitsInPlaceAsIntoAnotherArray() {
    int n = 37;
    SplittableRandom random = new SplittableRandom(2);
    float[][] z = new float[4][];
    for (int k = 0; k < 4; k++) {
      z[k] = floats(random, n, 3);
    }
    float[] c = floats(random, n, 1);
    float[] cNext = new float[n];
    float[] apart = new float[n];
    float[] inPlace = new float[n];

    LstmCell.forward(
        z[0].clone(), z[1].clone(), z[2].clone(), z[3].clone(), c, cNext, new float[n], apart, n);
    LstmCell.forward(z[0], z[1], z[2], z[3], c, c, new float[n], inPlace, n);

    assertThat(inPlace).containsExactly(apart);
    assertThat(c).containsExactly(cNext);
  }

  @Test
  void shouldGiveTheGradientsThatDifferencesOfTheFormulaGive() {
    int n = 9;
    SplittableRandom random = new SplittableRandom(3);
    float[][] z = new float[4][];
    for (int k = 0; k < 4; k++) {
      z[k] = floats(random, n, 2);
    }
    float[] c = floats(random, n, 1.5);
    float[] dh = floats(random, n, 1);
    float[] dcNext = floats(random, n, 1);
    double[][] inputs = new double[5][n]; // zi, zf, zg, zo, c
    for (int u = 0; u < n; u++) {
      for (int k = 0; k < 4; k++) {
        inputs[k][u] = z[k][u];
      }
      inputs[4][u] = c[u];
    }

    float[] tanhC = new float[n];
    LstmCell.forward(z[0], z[1], z[2], z[3], c, new float[n], tanhC, new float[n], n);
    float[] dc = dcNext.clone();
    LstmCell.backward(dh, dc, z[0], z[1], z[2], z[3], c, tanhC, new float[n], n);

    float[][] gradients = {z[0], z[1], z[2], z[3], dc};
    String[] names = {"dzi", "dzf", "dzg", "dzo", "dc"};
    double epsilon = 1e-5; // in doubles: the differences are good to 1e-9
    for (int k = 0; k < 5; k++) {
      for (int u = 0; u < n; u++) {
        double up = loss(inputs, k, u, epsilon, dh, dcNext);
        double down = loss(inputs, k, u, -epsilon, dh, dcNext);
        assertThat((double) gradients[k][u])
            .as("%s[%d]", names[k], u)
            .isCloseTo((up - down) / (2 * epsilon), FLOAT);
      }
    }
  }

  private static double loss(
      double[][] inputs, int k, int u, double epsilon, float[] dh, float[] dc) {
    double[] in = new double[5];
    for (int j = 0; j < 5; j++) {
      in[j] = inputs[j][u] + (j == k ? epsilon : 0);
    }
    double[] out = cell(in[0], in[1], in[2], in[3], in[4]);
    return dh[u] * out[0] + dc[u] * out[1];
  }

  /** h' and c' of one unit. */
  private static double[] cell(double zi, double zf, double zg, double zo, double c) {
    double i = 1 / (1 + Math.exp(-zi));
    double f = 1 / (1 + Math.exp(-zf));
    double g = Math.tanh(zg);
    double o = 1 / (1 + Math.exp(-zo));
    double cNext = f * c + i * g;
    return new double[] {o * Math.tanh(cNext), cNext};
  }

  private static float[] floats(SplittableRandom random, int n, double scale) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (scale * (2 * random.nextDouble() - 1));
    }
    return x;
  }
}
