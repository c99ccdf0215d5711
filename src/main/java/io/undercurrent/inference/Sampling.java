package io.undercurrent.inference;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How the next token is drawn, with the meaning and in the order of {@code generate} in Hugging
 * Face's Transformers:
 *
 * <pre>
 *   1. temperature T:  p' ~ p^(1/T), which is softmax(logits / T)
 *   2. top-k:          the k likeliest, and those as likely as the last of them
 *   3. top-p:          of these, the fewest likeliest that make up a share of p (Holtzman et al. 2020)
 * </pre>
 *
 * @param temperature 0 always takes the likeliest token
 * @param topK 0 takes all
 * @param topP 1 takes all
 */
public record Sampling(double temperature, int topK, double topP) {

  /** What Transformers does where nothing else is said. */
  public static final Sampling DEFAULTS = new Sampling(1, 50, 1);

  public Sampling {
    require(temperature >= 0, "temperature", ">= 0", temperature);
    require(Double.isFinite(temperature), "temperature", ">= 0 and finite", temperature);
    require(topK >= 0, "top_k", ">= 0", topK);
    require(topP > 0 && topP <= 1, "top_p", "> 0 and <= 1", topP);
  }

  private static void require(boolean holds, String name, String inequality, Number found) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + inequality + ", found " + found);
    }
  }

  /**
   * Draws one of the tokens whose probability is above 0; where two are equally likely, the lower
   * id comes first. The same on every JDK for the same random numbers.
   *
   * @param probabilities (V), which need not add up to 1
   * @return the id; -1 where all probabilities are 0
   */
  int draw(float[] probabilities, SplittableRandom random) {
    long[] byProbability = byProbability(probabilities);
    if (byProbability.length == 0) {
      return -1;
    }
    if (temperature == 0) {
      return id(byProbability[0]);
    }
    int kept = topK(byProbability, probabilities);
    double[] upTo = new double[kept]; // weights, added up
    double most = StrictMath.log(probabilities[id(byProbability[0])]);
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      double log = StrictMath.log(probabilities[id(byProbability[i])]);
      sum += StrictMath.exp((log - most) / temperature);
      upTo[i] = sum;
    }
    if (topP < 1) {
      kept = place(upTo, kept, topP * sum) + 1;
    }
    double drawn = random.nextDouble() * upTo[kept - 1];
    int place = 0;
    while (place < kept - 1 && upTo[place] <= drawn) {
      place++;
    }
    return id(byProbability[place]);
  }

  /** The first place up to which the weights add up to {@code share}, or the last. */
  private static int place(double[] upTo, int kept, double share) {
    int place = 0;
    while (place < kept - 1 && upTo[place] < share) {
      place++;
    }
    return place;
  }

  private int topK(long[] byProbability, float[] probabilities) {
    if (topK == 0 || topK >= byProbability.length) {
      return byProbability.length;
    }
    int kept = topK;
    float last = probabilities[id(byProbability[kept - 1])];
    while (kept < byProbability.length && probabilities[id(byProbability[kept])] == last) {
      kept++;
    }
    return kept;
  }

  /** Ids in the order of probability, likeliest first; each below the bits of its probability. */
  private static long[] byProbability(float[] probabilities) {
    long[] keys = new long[probabilities.length];
    int n = 0;
    for (int id = 0; id < probabilities.length; id++) {
      if (probabilities[id] > 0) {
        // The bits of positive floats are ordered as the floats are.
        keys[n++] = (long) -Float.floatToIntBits(probabilities[id]) << 32 | id;
      }
    }
    long[] sorted = Arrays.copyOf(keys, n);
    Arrays.sort(sorted);
    return sorted;
  }

  private static int id(long key) {
    return (int) key;
  }
}
