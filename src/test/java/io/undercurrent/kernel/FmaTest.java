package io.undercurrent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** {@code Math.fma} is specified to the last bit, so it is the reference of the software form. */
class FmaTest {

  /** Fewer where {@code Math.fma} takes microseconds. */
  private static final int TRIALS = Fma.HARDWARE ? 20_000_000 : 20_000;

  private static final float[] AWKWARD = {
    0f,
    Float.MIN_VALUE,
    2 * Float.MIN_VALUE,
    3 * Float.MIN_VALUE,
    Math.nextDown(Float.MIN_NORMAL),
    Float.MIN_NORMAL,
    Math.nextUp(Float.MIN_NORMAL),
    0x1p-100f,
    0x1p-75f,
    Math.nextUp(0x1p-75f),
    Math.nextDown(0x1p-74f),
    0x1p-24f,
    Math.nextUp(0x1p-24f),
    Math.nextDown(0x1p-24f),
    0.1f,
    Math.nextDown(1f),
    1f,
    Math.nextUp(1f),
    1.5f,
    3f,
    0x1p12f,
    Math.nextUp(0x1p12f),
    0x1.fffffep23f,
    0x1p24f,
    Math.nextUp(0x1p24f),
    0x1p64f,
    Math.nextDown(0x1p64f),
    0x1p103f,
    Math.nextDown(Float.MAX_VALUE),
    Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NaN
  };

  @Test
  void shouldEqualMathFmaForEveryTripleOfAwkwardNumbers() {
    for (float a : AWKWARD) {
      for (float b : AWKWARD) {
        for (float c : AWKWARD) {
          for (int signs = 0; signs < 8; signs++) {
            check((signs & 1) == 0 ? a : -a, (signs & 2) == 0 ? b : -b, (signs & 4) == 0 ? c : -c);
          }
        }
      }
    }
  }

  @Test
  void shouldEqualMathFmaForAnyBits() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < TRIALS; i++) {
      check(anyBits(random), anyBits(random), anyBits(random));
    }
  }

  @Test
  void shouldEqualMathFmaForNumbersOfInference() {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < TRIALS; i++) {
      check(small(random), small(random), small(random));
    }
  }

  /** c is within a few units in the last place of -a * b, so that most bits cancel. */
  @Test
  void shouldEqualMathFmaWhereTheSumCancels() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < TRIALS; i++) {
      float a = anyBits(random);
      float b = Float.intBitsToFloat(bitsNear(1 / a, random) ^ random.nextInt(1 << 23));
      check(a, b, Float.intBitsToFloat(bitsNear(-(a * b), random)));
    }
  }

  /**
   * a * b lies at half a unit in the last place of c, or just beside it by less than a double keeps
   * of the sum: double rounding would go wrong here. From subnormal c up to the largest.
   */
  @Test
  void shouldEqualMathFmaAtAndBesideHalfwayPoints() {
    SplittableRandom random = new SplittableRandom(4);
    int rightByOneRounding = 0;
    for (int i = 0; i < TRIALS; i++) {
      float c = Math.abs(anyBits(random));
      if (i % 4 == 0) {
        c = Float.intBitsToFloat(random.nextInt(1 << 24)); // subnormal, or just above
      }
      if (!(c < Float.MAX_VALUE)) {
        c = Float.MAX_VALUE;
      }
      int half = Math.max(Math.getExponent(c), Float.MIN_EXPONENT) - 24; // of a unit: 2^half
      int odd = 1 + 2 * random.nextInt(4); // 1, 3, 5 or 7 halves
      int exponent = Math.max(-126, Math.min(127, half / 2 + random.nextInt(-20, 20)));
      float a = Math.scalb((float) odd, exponent - 2);
      float b = Math.scalb(1f, half - exponent + 2);
      if (random.nextBoolean()) { // (1 + e)(1 - e) = 1 - e^2
        float e = Math.scalb(1f, -random.nextInt(8, 24));
        a *= 1 + e;
        b *= 1 - e;
      }
      if (random.nextBoolean()) {
        a = -a;
      }
      check(a, b, c);
      check(a, b, -c);
      if (same((float) ((double) a * b + c), Math.fma(a, b, c))) {
        rightByOneRounding++;
      }
    }
    assertThat(rightByOneRounding)
        .as("inputs must include ones that plain double arithmetic rounds wrongly")
        .isLessThan(TRIALS - TRIALS / 20);
  }

  /** A JVM without the instruction is started by {@code SameBytesTest}. */
  @Test
  void shouldUseTheInstructionOfAProcessorThatHasIt() throws IOException {
    Path processor = Path.of("/proc/cpuinfo");
    assumeTrue(Files.isReadable(processor), "Linux says what the processor has");
    assumeTrue(Files.readString(processor).contains(" fma "), "an x86 processor with FMA");

    assertThat(Fma.HARDWARE).isTrue();
    assertThat(new PlainKernels().name()).isEqualTo("plain");
    assertThat(Fma.fma(0.1f, 0.2f, 0.3f)).isEqualTo(Math.fma(0.1f, 0.2f, 0.3f));
  }

  private static void check(float a, float b, float c) {
    float expected = Math.fma(a, b, c);
    float found = Fma.inSoftware(a, b, c);
    if (!same(expected, found)) {
      throw new AssertionError(
          "fma(%a, %a, %a) must be %a, found %a".formatted(a, b, c, expected, found));
    }
  }

  /** The same bits, signs of zeros included; NaN of any payload. */
  private static boolean same(float x, float y) {
    return Float.floatToIntBits(x) == Float.floatToIntBits(y);
  }

  private static float anyBits(SplittableRandom random) {
    return Float.intBitsToFloat(random.nextInt());
  }

  private static float small(SplittableRandom random) {
    return (float) (random.nextDouble() * 2 - 1);
  }

  private static int bitsNear(float x, SplittableRandom random) {
    return Float.floatToRawIntBits(x) + random.nextInt(-3, 4);
  }
}
