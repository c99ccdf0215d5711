package io.undercurrent.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Picks, once per JVM, the fastest provider whose bits equal the definition's. */
final class KernelChoice {

  private static final Logger log = LoggerFactory.getLogger(Kernels.class);

  /** Fastest first. Loaded by name: each needs something that an embedder may not have. */
  private static final List<String> CANDIDATES =
      List.of("io.undercurrent.kernel.VectorKernels", "io.undercurrent.kernel.BlasKernels");

  static final Kernels BEST = choose(CANDIDATES);

  private KernelChoice() {}

  /** Warns of a provider that is there and computes something else; that one is absent is usual. */
  static Kernels choose(List<String> candidates) {
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
    log.debug("kernels: plain");
    return new PlainKernels();
  }

  /** All that are usable on this machine, the definition first; for parity tests. */
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

  /** A provider whose class cannot be initialised ends in a {@code LinkageError}. */
  private static Kernels load(String name) throws ReflectiveOperationException {
    return (Kernels) Class.forName(name).getDeclaredConstructor().newInstance();
  }

  /** Compares products of the shapes in use, exponentials and maxima, bit by bit. */
  static boolean givesTheDefinedBits(Kernels candidate) {
    Kernels definition = new PlainKernels();
    SplittableRandom random = new SplittableRandom(17);
    int[][] shapes = {
      {1, 256, 1024}, {3, 96, 330}, {4, 448, 100}, {13, 64, 207}, {8, 256, 513}, {64, 48, 97}
    };
    for (int[] shape : shapes) {
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
    return sumX == sumY
        && Arrays.equals(x, y)
        && findsTheDefinedMaxima(candidate, random)
        && (candidate.name().equals("vector") // one code for every batch, and a start without delay
            || givesTheDefinedBitsInEveryBatch(candidate, random));
  }

  /** The largest at every place of blocks that fill whole vectors and ones that do not, and NaN. */
  private static boolean findsTheDefinedMaxima(Kernels candidate, SplittableRandom random) {
    for (int n : new int[] {1, 31, 256, 331}) {
      float[] x = floats(random, n + 3);
      for (int at = 3; at < x.length; at++) {
        float was = x[at];
        for (float largest : new float[] {1.5f, Float.NaN}) {
          x[at] = largest;
          if (Float.compare(candidate.max(x, 3, n), largest) != 0) {
            return false;
          }
        }
        x[at] = was;
      }
      if (candidate.max(x, 3, n) != Functions.max(x, 3, n)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The large products of inference, up to 64 rows at once: a library may take another way for each
   * number of rows. Rows are independent by definition, so one product has every expected result.
   */
  private static boolean givesTheDefinedBitsInEveryBatch(
      Kernels candidate, SplittableRandom random) {
    int rows = 64;
    int k = 256;
    int n = 4099; // all products of two rows or more are large, and the last columns are odd
    float[] a = floats(random, rows * k);
    float[] b = floats(random, k * n);
    float[] start = floats(random, rows * n);
    PackedMatrix reference = new PlainKernels().matrix(k, n);
    PackedMatrix right = candidate.matrix(k, n);
    reference.pack(b, 0, 1, k);
    right.pack(b, 0, 1, k);
    float[] expected = new float[rows * n];
    float[] found = new float[rows * n];
    reference.multiply(rows, a, expected);
    for (int m = 2; m <= rows; m++) {
      Arrays.fill(found, Float.NaN);
      right.multiply(m, a, found);
      if (!Arrays.equals(expected, 0, m * n, found, 0, m * n)) {
        return false;
      }
    }
    float[] continued = start.clone();
    reference.multiply(rows, a, 0, k, 1, continued, 0, n, true);
    right.multiply(rows, a, 0, k, 1, start, 0, n, true);
    return Arrays.equals(continued, start);
  }

  private static float[] product(Kernels kernels, int[] shape, float[] a, float[] b) {
    PackedMatrix right = kernels.matrix(shape[1], shape[2]);
    right.pack(b, 0, 1, shape[1]);
    float[] c = new float[shape[0] * shape[2]];
    right.multiply(shape[0], a, c);
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
