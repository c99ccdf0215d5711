package io.undercurrent.jmh;

import java.util.SplittableRandom;

/** Operands: the same in every run. */
final class Numbers {

  private Numbers() {}

  /** n numbers in [-1, 1). */
  static float[] of(int n) {
    SplittableRandom random = new SplittableRandom(n);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (random.nextDouble() * 2 - 1);
    }
    return x;
  }
}
