package io.undercurrent.kernel;

/**
 * The fused multiply-add {@code a * b + c}, rounded once. Every product and every function of this
 * project is defined by it. Code of this project calls it here instead of {@link Math#fma(float,
 * float, float)}.
 *
 * <p>A JVM that has no instruction for it ({@code -XX:-UseFMA}, x86 processors before 2013, some
 * emulators) computes {@code Math.fma} with {@code BigDecimal}: 400 to 10,000 ns instead of less
 * than one. There this class computes the same bits in double precision in about 2 ns. {@link
 * #HARDWARE} says which of the two is used; it is measured once, when the class is loaded, and
 * never changes.
 *
 * <p>Stateless and thread-safe.
 */
public final class Fma {

  /** {@code Math.fma} counts as slow if it takes this many times as long as the software form. */
  private static final int SLOW = 4;

  private static final int CALLS = 32;
  private static final int MIN_RUNS = 4;

  /**
   * How long {@code Math.fma} may stay slow before it is given up: some JVMs use the instruction
   * only in compiled code.
   */
  private static final long WARM_UP_NANOS = 150_000_000;

  private static final long INFINITY = Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);

  /** Keeps the measured results in use, so that the compiler cannot drop the loops. */
  private static float sink;

  /** Whether {@code Math.fma} is fast here. A constant for the compiler. */
  static final boolean HARDWARE = isMathFmaFast();

  private Fma() {}

  /** {@code a * b + c}, rounded once to the nearest float, ties to even. */
  public static float fma(float a, float b, float c) {
    return HARDWARE ? Math.fma(a, b, c) : inSoftware(a, b, c);
  }

  /**
   * The same bits as {@code Math.fma}, without a fused instruction. (A NaN may have another
   * payload.)
   *
   * <p>The product of two floats is exact in double precision. TwoSum (Knuth) finds the error that
   * the addition then makes. If there is one, the last bit of the sum is made 1 (round to odd), so
   * that the conversion to float, which rounds again, never sees a tie where there is none (Boldo
   * and Melquiond 2008). All of it without a branch: in a model of half-precision weights ties are
   * so common that branches would cost more than they save.
   */
  static float inSoftware(float a, float b, float c) {
    double p = (double) a * b;
    double s = p + c;
    double d = s - p;
    double error = (p - (s - d)) + (c - d);
    long bits = Double.doubleToRawLongBits(s);
    long errorBits = Double.doubleToRawLongBits(error);
    long size = errorBits & Long.MAX_VALUE;
    long inexact = (-size & (size - INFINITY)) >>> 63; // 1 if error is neither zero nor NaN
    long towardsError = ((errorBits ^ bits) >> 63) | 1; // 1, or -1 if the signs differ
    long odd = bits + (towardsError & -(~bits & inexact)); // bits is kept if its last bit is 1
    return (float) Double.longBitsToDouble(odd);
  }

  /**
   * Compares the shortest runs of both forms: a pause of the thread does not decide. As both are
   * compiled or interpreted alike, the ratio does not depend on the machine's speed.
   */
  private static boolean isMathFmaFast() {
    long giveUp = System.nanoTime() + WARM_UP_NANOS;
    long software = Long.MAX_VALUE;
    long math = Long.MAX_VALUE;
    for (int run = 1; ; run++) {
      software = Math.min(software, nanosInSoftware());
      math = Math.min(math, nanosOfMathFma());
      if (run >= MIN_RUNS) {
        if (math < SLOW * software) {
          return true;
        }
        if (System.nanoTime() > giveUp) {
          return false;
        }
      }
    }
  }

  private static long nanosInSoftware() {
    long start = System.nanoTime();
    float x = 0.7f;
    for (int i = 0; i < CALLS; i++) {
      x = inSoftware(x, 0.9f, 0.3f);
    }
    sink = x;
    return System.nanoTime() - start;
  }

  private static long nanosOfMathFma() {
    long start = System.nanoTime();
    float x = 0.7f;
    for (int i = 0; i < CALLS; i++) {
      x = Math.fma(x, 0.9f, 0.3f);
    }
    sink = x;
    return System.nanoTime() - start;
  }
}
