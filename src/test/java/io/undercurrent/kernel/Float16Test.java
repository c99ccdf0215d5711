package io.undercurrent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Float16Test {

  private static final int INFINITY = 0x7c00;

  @Test
  void shouldBringEveryHalfBackFromFloat() {
    for (int code = 0; code < 1 << 16; code++) {
      float value = Float16.toFloat((short) code);
      int back = Float16.fromFloat(value) & 0xffff;
      if ((code & 0x7fff) > INFINITY) {
        assertThat(value).as("half %04x", code).isNaN();
        assertThat(back & 0x7fff).as("half %04x", code).isGreaterThan(INFINITY);
      } else {
        float expected = (float) exact(code);
        assertThat(value)
            .as("half %04x", code)
            .isEqualTo(Math.abs(expected) < 0x1p16f ? expected : expected * Float.MAX_VALUE);
        assertThat(back).as("half %04x", code).isEqualTo(code);
      }
    }
  }

  @Test
  void shouldRoundToTheNearestHalfAndTiesToEvenBetweenAllNeighbours() {
    for (int code = 0; code < INFINITY; code++) {
      // Halves have 11 bits, so the middle of two is a float, and so are its neighbours.
      float middle = (float) ((exact(code) + exact(code + 1)) / 2);
      for (float value : new float[] {Math.nextDown(middle), middle, Math.nextUp(middle)}) {
        assertRounds(value);
      }
    }
  }

  @Test
  void shouldRoundAnyFloatToTheNearestHalf() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < 100_000; trial++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (!Float.isNaN(value)) {
        assertRounds(value);
      }
      // Most floats are far outside a half's range: as many again inside.
      assertRounds((float) Math.scalb(random.nextDouble(), random.nextInt(-30, 18)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3c00",
    "-2, c000",
    "65504, 7bff", // the largest
    "65519.996, 7bff",
    "65520, 7c00", // ties to even, which is infinity
    "-65520, fc00",
    "3.4028235E38, 7c00",
    "Infinity, 7c00",
    "-Infinity, fc00",
    "6.1035156E-5, 0400", // the smallest normal, 2^-14
    "5.9604645E-8, 0001", // the smallest, 2^-24
    "2.9802322E-8, 0000", // half of it ties to even, which is zero
    "2.9802326E-8, 0001",
    "1.4E-45, 0000",
    "0.0, 0000",
    "-0.0, 8000",
    "-1.4E-45, 8000"
  })
  void shouldGiveTheBitsOfIeee754(float value, String half) {
    assertThat(String.format("%04x", Float16.fromFloat(value) & 0xffff)).isEqualTo(half);
  }

  private static void assertRounds(float value) {
    for (float signed : new float[] {value, -value}) {
      int found = Float16.fromFloat(signed) & 0xffff;
      if (found != nearest(signed)) { // hundreds of thousands of assertions would take seconds
        assertThat(found).as("half nearest to %s", signed).isEqualTo(nearest(signed));
      }
    }
  }

  /** By bisection over the values of all halves, in doubles, where every comparison is exact. */
  private static int nearest(float value) {
    int sign = Float.floatToRawIntBits(value) < 0 ? 0x8000 : 0;
    double magnitude = Math.abs((double) value);
    if (magnitude >= exact(INFINITY)) {
      return sign | INFINITY;
    }
    int below = 0;
    int above = INFINITY;
    while (above - below > 1) {
      int between = (below + above) / 2;
      if (exact(between) <= magnitude) {
        below = between;
      } else {
        above = between;
      }
    }
    double down = magnitude - exact(below);
    double up = exact(above) - magnitude;
    boolean takeBelow = down < up || down == up && (below & 1) == 0;
    return sign | (takeBelow ? below : above);
  }

  /** What a half stands for; for infinity 2^16, where the next half would be. */
  private static double exact(int code) {
    int exponent = code >> 10 & 0x1f;
    int fraction = code & 0x3ff;
    double magnitude =
        (code & 0x7fff) == INFINITY
            ? 0x1p16
            : exponent == 0
                ? Math.scalb((double) fraction, -24)
                : Math.scalb(1024.0 + fraction, exponent - 25);
    return (code & 0x8000) == 0 ? magnitude : -magnitude;
  }
}
