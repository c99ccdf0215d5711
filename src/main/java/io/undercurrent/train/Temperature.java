package io.undercurrent.train;

import java.util.List;

/**
 * Fits the temperature of the sentiment head: the one that makes the labels of the dev sources
 * likeliest (Guo et al. 2017). The same readings give the same temperature on every machine.
 */
final class Temperature {

  /** Few records that are all right or all wrong would make the temperature 0 or infinite. */
  static final double MIN = 0.2;

  /** See {@link #MIN}. */
  static final double MAX = 5;

  /** With fewer labelled records in all sources a temperature says little about other texts. */
  static final int MIN_RECORDS = 100;

  private static final double GOLDEN = 0.6180339887498949; // (sqrt(5) - 1) / 2
  private static final int STEPS = 40; // 5 * GOLDEN^40 is far less than a thousandth

  private Temperature() {}

  /**
   * The temperature with the smallest mean of the sources' losses, by golden-section search: the
   * loss has one minimum. It is rounded to thousandths.
   *
   * @param sources at least one, read with a temperature of 1
   */
  static float fit(List<Calibration> sources) {
    double from = MIN;
    double to = MAX;
    double low = to - GOLDEN * (to - from);
    double high = from + GOLDEN * (to - from);
    double lossAtLow = loss(sources, low);
    double lossAtHigh = loss(sources, high);
    for (int step = 0; step < STEPS; step++) {
      if (lossAtLow <= lossAtHigh) {
        to = high;
        high = low;
        lossAtHigh = lossAtLow;
        low = to - GOLDEN * (to - from);
        lossAtLow = loss(sources, low);
      } else {
        from = low;
        low = high;
        lossAtLow = lossAtHigh;
        high = from + GOLDEN * (to - from);
        lossAtHigh = loss(sources, high);
      }
    }
    return (float) (Math.rint(1000 * (from + to) / 2) / 1000);
  }

  private static double loss(List<Calibration> sources, double temperature) {
    return sources.stream().mapToDouble(source -> source.loss(temperature)).sum();
  }
}
