package io.undercurrent.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses, once per JVM, the fastest provider that computes the same bits as the definition. */
final class KernelChoice {

  private static final Logger log = LoggerFactory.getLogger(Kernels.class);

  /** Fastest first. Loaded by name, because each may need a module that the JVM does not have. */
  private static final List<String> CANDIDATES = List.of("io.undercurrent.kernel.VectorKernels");

  /** Products (M, K, N) that the self-check compares. */
  private static final int[][] SHAPES = {
    {1, 256, 1024}, {3, 96, 330}, {4, 448, 100}, {13, 64, 207}, {8, 256, 513}, {64, 48, 97}
  };

  static final Kernels BEST = choose(CANDIDATES);

  private KernelChoice() {}

  /**
   * Returns the first candidate that can be loaded and computes the defined bits, or {@link
   * PlainKernels}. Logs a warning for a candidate that computes other bits. A candidate that cannot
   * be loaded is normal and logged at debug level only. Also warns where {@link Fma} has to compute
   * in software.
   */
  static Kernels choose(List<String> candidates) {
    if (!Fma.HARDWARE) {
      log.warn(
          "kernels: this JVM has no fast fused multiply-add (no FMA instruction, or -XX:-UseFMA);"
              + " software computes the same results, some 40 times slower");
    }
    for (String candidate : candidates) {
      try {
        Kernels kernels = load(candidate);
        if (givesTheDefinedBits(kernels)) {
          log.debug("kernels: {}", kernels.name());
          return kernels;
        }
        log.warn("kernels: {} not used, its bits differ from the definition's", kernels.name());
      } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
        log.debug("kernels: {} cannot be used here: {}", candidate, e.toString());
      }
    }
    Kernels plain = new PlainKernels();
    log.debug("kernels: {}", plain.name());
    return plain;
  }

  /** The definition, then every candidate that can be loaded on this machine; for parity tests. */
  static List<Kernels> usable() {
    List<Kernels> usable = new ArrayList<>(List.of(new PlainKernels()));
    for (String candidate : CANDIDATES) {
      try {
        usable.add(load(candidate));
      } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
        log.debug("kernels: {} cannot be used here: {}", candidate, e.toString());
      }
    }
    return usable;
  }

  /** Throws a {@code LinkageError} when the class cannot be initialised. */
  private static Kernels load(String name) throws ReflectiveOperationException {
    return (Kernels) Class.forName(name).getDeclaredConstructor().newInstance();
  }

  /** Compares products, exponentials and maxima with those of {@link PlainKernels}, bit by bit. */
  static boolean givesTheDefinedBits(Kernels candidate) {
    Kernels definition = new PlainKernels();
    SplittableRandom random = new SplittableRandom(17);
    for (int[] shape : SHAPES) {
      float[] a = floats(random, shape[0] * shape[1]);
      float[] b = floats(random, shape[1] * shape[2]);
      if (!Arrays.equals(product(definition, shape, a, b), product(candidate, shape, a, b))) {
        return false;
      }
    }
    float[] x = floats(random, 1001);
    float[] y = x.clone();
    float sumX = definition.exponentials(x, 3, 990, 1.5f, new float[Kernels.PARTIAL_SUMS]);
    float sumY = candidate.exponentials(y, 3, 990, 1.5f, new float[Kernels.PARTIAL_SUMS]);
    return sumX == sumY && Arrays.equals(x, y) && findsTheDefinedMaxima(candidate, random);
  }

  /**
   * Puts the maximum, and then NaN, at every index in turn, for lengths that fill whole vectors and
   * lengths that do not.
   */
  private static boolean findsTheDefinedMaxima(Kernels candidate, SplittableRandom random) {
    for (int n : new int[] {1, 31, 256, 331}) {
      float[] x = floats(random, n + 3);
      for (int i = 3; i < x.length; i++) {
        float old = x[i];
        for (float max : new float[] {1.5f, Float.NaN}) {
          x[i] = max;
          if (Float.compare(candidate.max(x, 3, n), max) != 0) {
            return false;
          }
        }
        x[i] = old;
      }
      if (candidate.max(x, 3, n) != Functions.max(x, 3, n)) {
        return false;
      }
    }
    return true;
  }

  private static float[] product(Kernels kernels, int[] shape, float[] a, float[] b) {
    PackedMatrix right = kernels.matrix(shape[1], shape[2]);
    right.pack(b, 0, 1, shape[1]);
    float[] c = new float[shape[0] * shape[2]];
    right.multiply(shape[0], a, c, new ProductScratch());
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
