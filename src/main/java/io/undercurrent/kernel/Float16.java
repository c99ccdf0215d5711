package io.undercurrent.kernel;

/**
 * Conversions between float and IEEE 754 half precision. The JDK has its own only since version 20.
 * Stateless and thread-safe.
 */
public final class Float16 {

  private Float16() {}

  /**
   * The half nearest to {@code value}, ties to even. A value that rounds past the largest half
   * (65504) becomes infinity; every NaN becomes the same quiet NaN.
   */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x7f800000) {
      return (short) (sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00));
    }
    if (magnitude >= 0x477ff000) { // 65520 and above round past the largest half
      return (short) (sign | 0x7c00);
    }
    if (magnitude >= 0x38800000) { // normal
      int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
      return (short) (sign | ((rounded - 0x38000000) >>> 13));
    }
    // Subnormal: adding 0.5 leaves round(value * 2^24) in the last bits, ties to even.
    float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
    return (short) (sign | (Float.floatToRawIntBits(shifted) - 0x3f000000));
  }

  /** The exact value of a half as a float. */
  public static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
    }
    if (exponent == 0) {
      float value = fraction * 0x1p-24f;
      return sign == 0 ? value : -value;
    }
    return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
  }
}
