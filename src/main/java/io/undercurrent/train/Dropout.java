package io.undercurrent.train;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Dropout probabilities. A mask is drawn once for each row of a chunk and is the same for all time
 * steps (Gal and Ghahramani 2016).
 *
 * @param embedding for the input of the first layer
 * @param words for leaving out all occurrences of a word in a row
 * @param output for the output of each layer
 * @param features for the input of the sentiment head
 */
record Dropout(float embedding, float words, float output, float features) {

  /** Fills a mask: 0 with the given probability, otherwise the factor that keeps the mean at 1. */
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
