package io.undercurrent.inference;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How the next token is drawn. The settings have the meaning and the order that {@code generate} in
 * Hugging Face's Transformers gives them:
 *
 * <pre>
 *   1. temperature T:  p' ~ p^(1/T), which is softmax(logits / T)
 *   2. top-k:          the k likeliest, and those as likely as the last of them
 *   3. top-p:          of these, the fewest likeliest that add up to p (Holtzman et al. 2020)
 * </pre>
 *
 * @param temperature 0 always takes the likeliest token
 * @param topK 0 takes all
 * @param topP 1 takes all
 */
public record Sampling(double temperature, int topK, double topP) {

  /** The defaults of Transformers. */
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
   * Draws one of the tokens whose probability is above 0. Of two equally likely tokens the lower id
   * comes first. For the same random numbers the result is the same on every JDK.
   *
   * @param probabilities (V); they need not add up to 1
   * @return the token's id; -1 if all probabilities are 0
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
    double[] cumulative = new double[kept]; // weights
    double maxLog = StrictMath.log(probabilities[id(byProbability[0])]);
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      double log = StrictMath.log(probabilities[id(byProbability[i])]);
      sum += StrictMath.exp((log - maxLog) / temperature);
      cumulative[i] = sum;
    }
    if (topP < 1) {
      kept = index(cumulative, kept, topP * sum) + 1;
    }
    double drawn = random.nextDouble() * cumulative[kept - 1];
    int index = 0;
    while (index < kept - 1 && cumulative[index] <= drawn) {
      index++;
    }
    return id(byProbability[index]);
  }

  /** The first index at which the cumulative weight reaches {@code share}, or the last index. */
  private static int index(double[] cumulative, int kept, double share) {
    int index = 0;
    while (index < kept - 1 && cumulative[index] < share) {
      index++;
    }
    return index;
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

  /**
   * The ids of possible tokens, likeliest first. The id is in the low 32 bits, the negated bits of
   * its probability are above.
   */
  private static long[] byProbability(float[] probabilities) {
    long[] keys = new long[probabilities.length];
    int n = 0;
    for (int id = 0; id < probabilities.length; id++) {
      if (probabilities[id] > 0) {
        // Positive floats have the same order as their bits.
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
