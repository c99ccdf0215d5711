package io.undercurrent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelsTest {

  /** One for all products, so that what one leaves in it must not matter to the next. */
  private static final ProductScratch SCRATCH = new ProductScratch();

  /** The definition, and every provider whose bits the self-check accepts on this machine. */
  static List<Kernels> providers() {
    return KernelChoice.usable().stream().filter(KernelChoice::givesTheDefinedBits).toList();
  }

  @Test
  void shouldFindTheVectorModuleThatTheBuildPasses() {
    assertThat(providers()).extracting(Kernels::name).contains("plain", "vector");
    assertThat(Kernels.best().name()).isEqualTo("vector");
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldMultiplyToTheBitsOfOneChainPerOutput(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(1);
    int[] awkward = {1, 2, 3, 5, 6, 7, 9, 13, 32, 33, 64, 100, 207};
    for (int trial = 0; trial < 200; trial++) {
      int m = awkward[random.nextInt(awkward.length)];
      int k = awkward[random.nextInt(awkward.length)] * (trial % 10 == 0 ? 5 : 1);
      int n = awkward[random.nextInt(awkward.length)];
      float[] a = floats(random, m * k);
      float[] b = floats(random, k * n);
      PackedMatrix packed = kernels.matrix(k, n);
      packed.pack(b, 0, n, 1);
      float[] c = new float[m * n];
      packed.multiply(m, a, c, SCRATCH);
      assertThat(c).as("(%d, %d) x (%d, %d)", m, k, k, n).containsExactly(chains(m, k, n, a, b));
    }
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldGiveARowTheSameBitsInEveryBatch(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(2);
    int k = 256;
    int n = 4099; // the last columns do not fill a vector
    PackedMatrix packed = kernels.matrix(k, n);
    packed.pack(floats(random, k * n), 0, 1, k);
    float[] a = floats(random, 64 * k);
    float[] alone = new float[64 * n];
    for (int row = 0; row < 64; row++) {
      packed.multiply(1, a, row * k, k, 1, alone, row * n, n, false, SCRATCH);
    }
    for (int m = 2; m <= 64; m++) {
      float[] together = new float[m * n];
      packed.multiply(m, a, together, SCRATCH);
      assertThat(Arrays.equals(together, Arrays.copyOf(alone, m * n))).as("batch %d", m).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldReadTransposedOperandsAndContinueChainsFromC(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(3);
    int m = 37;
    int k = 600;
    int n = 70;
    float[] a = floats(random, m * k);
    float[] b = floats(random, k * n);
    float[] start = floats(random, m * n);
    float[] expected = start.clone();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        for (int q = 0; q < k; q++) {
          expected[i * n + j] = Math.fma(a[q * m + i], b[j * k + q], expected[i * n + j]);
        }
      }
    }
    PackedMatrix packed = kernels.matrix(k, n);
    packed.pack(b, 0, 1, k);
    packed.multiply(m, a, 0, 1, m, start, 0, n, true, SCRATCH);
    assertThat(start).containsExactly(expected);
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldSumExponentialsToTheDefinedBits(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(4);
    for (int n : new int[] {1, 3, 15, 16, 17, 207, 4098}) {
      float[] x = new float[n + 5];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) (random.nextDouble() * 120 - 110);
      }
      float[] expected = x.clone();
      float sum = new PlainKernels().exponentials(expected, 5, n, 3f, new float[16]);
      float[] used = floats(random, 16); // whatever was in it
      assertThat(kernels.exponentials(x, 5, n, 3f, used)).isEqualTo(sum);
      assertThat(x).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldFindTheLargest(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(5);
    for (int n : new int[] {1, 3, 16, 31, 64, 65, 207, 4098}) {
      float[] x = floats(random, n + 5);
      x[4] = 2; // before
      for (int at = 5; at < x.length; at += 1 + n / 50) {
        float was = x[at];
        x[at] = 1.5f;
        assertThat(kernels.max(x, 5, n)).isEqualTo(1.5f);
        x[at] = Float.NaN;
        assertThat(kernels.max(x, 5, n)).isNaN();
        x[at] = was;
      }
      assertThat(kernels.max(x, 5, n)).isEqualTo(Functions.max(x, 5, n));
    }
  }

  @ParameterizedTest
  @MethodSource("providers")
  void shouldPadRowsByLittle(Kernels kernels) {
    assertThat(kernels.paddedRows(1)).isEqualTo(1);
    for (int n : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 200}) {
      assertThat(kernels.paddedRows(n)).isBetween(n, n + 5);
      assertThat(kernels.paddedRows(kernels.paddedRows(n))).isEqualTo(kernels.paddedRows(n));
    }
  }

  @Test
  void shouldComeCloseToTheTrueFunctions() {
    for (float x = -30; x <= 30; x += 0.0137f) {
      double exp = Math.exp(x);
      assertThat((double) Functions.exp(x)).isCloseTo(exp, within(3e-7 * exp));
      assertThat((double) Functions.tanh(x)).isCloseTo(Math.tanh(x), within(4e-7));
      assertThat((double) Functions.sigmoid(x)).isCloseTo(1 / (1 + Math.exp(-x)), within(4e-7));
    }
    assertThat(Functions.exp(-1000)).isPositive().isLessThan(1e-37f);
    assertThat(Functions.exp(1000)).isFinite();
    assertThat(Functions.tanh(0f)).isZero();
  }

  @Test
  void shouldRefuseAMatrixWithoutElements() {
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> Kernels.best().matrix(0, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a packed matrix must have K >= 1 and N >= 1, found K=0 N=3");
  }

  private static float[] chains(int m, int k, int n, float[] a, float[] b) {
    float[] c = new float[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        float sum = 0f;
        for (int q = 0; q < k; q++) {
          sum = Math.fma(a[i * k + q], b[q * n + j], sum);
        }
        c[i * n + j] = sum;
      }
    }
    return c;
  }

  private static float[] floats(SplittableRandom random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (random.nextDouble() * 2 - 1);
    }
    return x;
  }
}
