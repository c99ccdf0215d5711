package io.undercurrent.kernel;

import static io.undercurrent.kernel.Fma.fma;

/**
 * Elementary functions as fixed sequences of IEEE operations, so that every machine and JDK gives
 * the same bits. {@code Math.exp} and {@code Math.tanh} may give other bits on other machines.
 * Stateless and thread-safe.
 */
public final class Functions {

  static final float LOG2E = 1.442695041f;
  static final float LN2_HIGH = 0.693359375f;
  static final float LN2_LOW = -2.12194440e-4f;
  static final float EXP_MAX = 88f;
  static final float EXP_MIN = -87f;

  /** 1.5 * 2^23: adding and subtracting it rounds a float below 2^22 to the nearest integer. */
  static final float ROUND = 12582912f;

  /** The bits of 1f: exponent 127. */
  static final int ONE_BITS = 127 << 23;

  /** Minimax coefficients of exp on [-ln2/2, ln2/2] (Cephes expf). */
  static final float E0 = 1.9875691500e-4f;

  static final float E1 = 1.3981999507e-3f;
  static final float E2 = 8.3334519073e-3f;
  static final float E3 = 4.1665795894e-2f;
  static final float E4 = 1.6666665459e-1f;
  static final float E5 = 5.0000001201e-1f;

  private Functions() {}

  /** Volatile, so that the division below is done by the processor and not by the compiler. */
  private static volatile float smallest = Float.MIN_NORMAL;

  /**
   * Checks that this thread computes with subnormal numbers. A native library may have told the
   * processor to flush them to zero in the thread that loaded it; results of that thread would have
   * other bits.
   *
   * @throws IllegalStateException if it flushes them
   */
  public static void requireSubnormals() {
    if (smallest / 2 == 0f) {
      throw new IllegalStateException(
          "floating point of thread "
              + Thread.currentThread().getName()
              + " must know subnormal numbers, found that it flushes them to zero (a native library"
              + " was loaded on it)");
    }
  }

  /** e^x with a relative error below 2e-7; x is clamped to [-87, 88] first. */
  public static float exp(float x) {
    float clamped = Math.max(EXP_MIN, Math.min(EXP_MAX, x));
    float rounded = fma(clamped, LOG2E, ROUND); // n in its last bits
    float n = rounded - ROUND;
    float r = fma(n, -LN2_HIGH, clamped);
    r = fma(n, -LN2_LOW, r);
    float p = fma(E0, r, E1);
    p = fma(p, r, E2);
    p = fma(p, r, E3);
    p = fma(p, r, E4);
    p = fma(p, r, E5);
    p = fma(p, r * r, r) + 1f;
    return p * Float.intBitsToFloat((Float.floatToRawIntBits(rounded) << 23) + ONE_BITS);
  }

  /**
   * The hyperbolic tangent, by Eigen's rational function of degree 13 over degree 6; the error is
   * about 1e-7.
   */
  public static float tanh(float x) {
    float c = Math.max(-7.90531110763549805f, Math.min(7.90531110763549805f, x));
    float x2 = c * c;
    float p = -2.76076847742355e-16f;
    p = fma(x2, p, 2.00018790482477e-13f);
    p = fma(x2, p, -8.60467152213735e-11f);
    p = fma(x2, p, 5.12229709037114e-08f);
    p = fma(x2, p, 1.48572235717979e-05f);
    p = fma(x2, p, 6.37261928875436e-04f);
    p = fma(x2, p, 4.89352455891786e-03f);
    float q = 1.19825839466702e-06f;
    q = fma(x2, q, 1.18534705686654e-04f);
    q = fma(x2, q, 2.26843463243900e-03f);
    q = fma(x2, q, 4.89352518554385e-03f);
    return c * p / q;
  }

  /** 1 / (1 + e^-x), through {@link #tanh}. */
  public static float sigmoid(float x) {
    return fma(0.5f, tanh(0.5f * x), 0.5f);
  }

  /** {@code x[i] = tanh(x[i])} for i in [0, n). */
  public static void tanh(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = tanh(x[i]);
    }
  }

  /** {@code x[i] = sigmoid(x[i])} for i in [0, n). */
  public static void sigmoid(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = sigmoid(x[i]);
    }
  }

  /** Adds sixteen partial sums: the upper half to the lower half, until one is left. */
  static float tree16(float[] s) {
    float a0 = s[0] + s[8];
    float a1 = s[1] + s[9];
    float a2 = s[2] + s[10];
    float a3 = s[3] + s[11];
    float a4 = s[4] + s[12];
    float a5 = s[5] + s[13];
    float a6 = s[6] + s[14];
    float a7 = s[7] + s[15];
    return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
  }

  /** The maximum of {@code x[offset .. offset + n)}, or NaN if one of them is NaN; n >= 1. */
  public static float max(float[] x, int offset, int n) {
    float max = x[offset];
    for (int i = 1; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }
}
