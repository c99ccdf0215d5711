package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CellTest {

  /** Gates are rational functions exact to about 1e-7, followed by a few float operations. */
  private static final Offset<Double> FLOAT = within(1e-6);

  @Test
  void shouldHalveTheCellStateIfEveryPreActivationIsZero() {
    // i = f = o = 0.5 and g = 0: c' = 0.5 * 1, h' = 0.5 * tanh(0.5) = 0.231058578630...
    Cell cell = CellType.LSTM.cell();
    Cell.Step step = cell.step(1);
    float[] h = {9f};
    float[] c = {1f};

    cell.forward(step, h, c, 1);

    assertThat(step.z()).isDeepEqualTo(new float[][] {{0.5f}, {0.5f}, {0f}, {0.5f}});
    assertThat(c).containsExactly(0.5f);
    assertThat((double) step.tanhC()[0]).isCloseTo(0.46211715726, FLOAT);
    assertThat((double) h[0]).isCloseTo(0.23105857863, FLOAT);
  }

  @Test
  void shouldKeepHalfOfHWhereEveryPreActivationOfAGruIsZeroButTheResetPart() {
    // r = z = 0.5, n = tanh(0.5 * 2) = 0.761594155956, h' = 0.5 * n + 0.5 * 0.25
    Cell cell = CellType.GRU.cell();
    Cell.Step step = cell.step(1);
    step.u()[2][0] = 2f;
    float[] h = {0.25f};

    cell.forward(step, h, new float[0], 1);

    assertThat((double) h[0]).isCloseTo(0.505797077978, FLOAT);
  }

  @ParameterizedTest
  @EnumSource(CellType.class)
  void shouldFollowTheFormulaFromSaturatedToTinyPreActivations(CellType kind) {
    for (double scale : new double[] {1e-6, 0.1, 1, 5, 40}) {
      Case in = new Case(kind.cell(), 64, scale);
      double[][] expected = new double[in.n][];
      for (int unit = 0; unit < in.n; unit++) {
        expected[unit] = next(kind, in.unit(unit), in.v(unit));
      }

      kind.cell().forward(in.step, in.h, in.c, in.n);

      for (int unit = 0; unit < in.n; unit++) {
        assertThat((double) in.h[unit])
            .as("h'[%d] at scale %s", unit, scale)
            .isCloseTo(expected[unit][0], within(1e-6 * Math.max(1, scale)));
        if (kind.cell().hasCellState()) {
          assertThat((double) in.c[unit])
              .as("c'[%d] at scale %s", unit, scale)
              .isCloseTo(expected[unit][1], within(1e-6 * Math.max(1, scale)));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(CellType.class)
  void shouldGiveTheGradientsThatDifferencesOfTheFormulaGive(CellType kind) {
    Cell cell = kind.cell();
    Case in = new Case(cell, 9, 2);
    double[][] units = new double[in.n][];
    double[][] v = new double[in.n][];
    for (int unit = 0; unit < in.n; unit++) {
      units[unit] = in.unit(unit);
      v[unit] = in.v(unit);
    }
    float[] dhNext = Case.floats(new SplittableRandom(4), in.n, 1);
    float[] dcNext = Case.floats(new SplittableRandom(5), in.c.length, 1);
    Case gradients = in; // forward and backward replace the inputs by gates and gradients

    cell.forward(in.step, in.h, in.c, in.n);
    System.arraycopy(dhNext, 0, in.h, 0, in.n);
    System.arraycopy(dcNext, 0, in.c, 0, in.c.length);
    cell.backward(in.step, in.h, in.c, new float[in.n], in.n);

    double epsilon = 1e-5; // in doubles: the differences are exact to 1e-9
    for (int unit = 0; unit < in.n; unit++) {
      double[] found = gradients.unit(unit);
      double dc = dcNext.length == 0 ? 0 : dcNext[unit];
      for (int k = 0; k < found.length; k++) {
        double up = loss(kind, units[unit], v[unit], k, epsilon, dhNext[unit], dc);
        double down = loss(kind, units[unit], v[unit], k, -epsilon, dhNext[unit], dc);
        assertThat(found[k])
            .as("gradient of input %d of unit %d", k, unit)
            .isCloseTo((up - down) / (2 * epsilon), FLOAT);
      }
    }
  }

  /** Random pre-activations and states of n units. */
  private static final class Case {
    final Cell cell;
    final int n;
    final Cell.Step step;
    final float[] h;
    final float[] c;

    Case(Cell cell, int n, double scale) {
      this.cell = cell;
      this.n = n;
      SplittableRandom random = new SplittableRandom(3);
      step = cell.step(n);
      for (int gate = 0; gate < cell.gates(); gate++) {
        System.arraycopy(floats(random, n, scale), 0, step.z()[gate], 0, n);
        if (cell.keepsPartsApart()) {
          System.arraycopy(floats(random, n, scale), 0, step.u()[gate], 0, n);
        }
      }
      h = floats(random, n, 1);
      c = floats(random, cell.hasCellState() ? n : 0, 1.5);
      for (float[] v : step.v()) {
        System.arraycopy(floats(random, n, 1), 0, v, 0, n);
      }
    }

    /**
     * The values of one unit: z of every gate, then u of every gate, h and c if the cell has them.
     */
    double[] unit(int unit) {
      double[] values = new double[step.z().length + step.u().length + (c.length > 0 ? 2 : 1)];
      int k = 0;
      for (float[] z : step.z()) {
        values[k++] = z[unit];
      }
      for (float[] u : step.u()) {
        values[k++] = u[unit];
      }
      values[k++] = h[unit];
      if (c.length > 0) {
        values[k] = c[unit];
      }
      return values;
    }

    /** The factors of c of one unit. */
    double[] v(int unit) {
      return Arrays.stream(step.v()).mapToDouble(v -> v[unit]).toArray();
    }

    static float[] floats(SplittableRandom random, int n, double scale) {
      float[] x = new float[n];
      for (int i = 0; i < n; i++) {
        x[i] = (float) (scale * (2 * random.nextDouble() - 1));
      }
      return x;
    }
  }

  private static double loss(
      CellType kind, double[] unit, double[] v, int k, double epsilon, double dh, double dc) {
    double[] in = unit.clone();
    in[k] += epsilon;
    double[] out = next(kind, in, v);
    return dh * out[0] + dc * out[1];
  }

  /** h' and c' of one unit whose values are in the order of {@link Case#unit}. */
  private static double[] next(CellType kind, double[] in, double[] v) {
    switch (kind) {
      case FFNN:
      case RNN:
        return new double[] {Math.tanh(in[0]), 0};
      case LSTM:
        double c = sigmoid(in[1]) * in[5] + sigmoid(in[0]) * Math.tanh(in[2]);
        return new double[] {sigmoid(in[3]) * Math.tanh(c), c};
      case GRU:
        double z = sigmoid(in[1] + in[4]);
        double n = Math.tanh(in[2] + sigmoid(in[0] + in[3]) * in[5]);
        return new double[] {(1 - z) * n + z * in[6], 0};
      case SRU:
        double f = sigmoid(in[1] + v[0] * in[5]);
        double r = sigmoid(in[2] + v[1] * in[5]);
        double state = f * in[5] + (1 - f) * in[0];
        return new double[] {r * state + (1 - r) * in[3], state};
      case MINGRU:
        return new double[] {in[2] + sigmoid(in[0]) * (in[1] - in[2]), 0};
      default:
        throw new IllegalArgumentException(kind.toString());
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
