package io.undercurrent.train;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Dropout probabilities. Masks are drawn once a chunk and row, the same for all its time steps (Gal
 * and Ghahramani 2016).
 *
 * @param embedding of what the first layer reads
 * @param words that all of a row's input from one word is left out
 * @param output of what each layer hands on
 * @param features of what the sentiment head reads
 */
record Dropout(float embedding, float words, float output, float features) {

  /** Zero with the given probability, and otherwise what keeps the mean at one. */
  static void draw(float[] mask, float probability, SplittableRandom random) {
    if (probability == 0f) {
      Arrays.fill(mask, 1f);
      return;
    }
    float kept = 1f / (1f - probability);
    for (int i = 0; i < mask.length; i++) {
      mask[i] = random.nextDouble() < probability ? 0f : kept;
    }
  }
}
