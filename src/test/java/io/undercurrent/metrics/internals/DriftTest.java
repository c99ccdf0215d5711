package io.undercurrent.metrics.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DriftTest {

  private static final int RECORDS = 10_000;
  private static final double[] DECILES = {1, 2, 3, 4, 5, 6, 7, 8, 9};

  private final double[] scoreShares = {0.3, 0.2, 0.5};
  private final double[] unknownShares = {0.9, 0.1};
  private final Drift drift =
      new Drift(
          new DriftReference(
              RECORDS,
              new Histogram(new double[] {-0.5, 0.5}, scoreShares),
              new Histogram(DECILES, filled(10, 0.1)),
              new Histogram(new double[] {0}, unknownShares)));

  private static double[] filled(int n, double value) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }

  private void add(SplittableRandom random, double sadder, double moreBits, double unknown) {
    double u = random.nextDouble();
    double score = u < 0.3 + sadder ? -0.9 : u < 0.5 + sadder ? 0 : 0.9;
    drift.add(score, random.nextDouble() * 10 + moreBits, random.nextDouble() < unknown ? 0.2 : 0);
  }

  @Test
  void shouldBeOnlyChanceForTheReferencesDistribution() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 3 * Drift.WINDOW; i++) {
      add(random, 0, 0, 0.1);
    }
    // Chance alone gives (B - 1) * (1 / n + 1 / m) on average: 0.002, 0.010 and 0.001.
    assertThat(drift.ofSentiment()).isBetween(0.0, 0.01);
    assertThat(drift.ofSurprise()).isBetween(0.0, 0.03);
    assertThat(drift.ofUnknown()).isBetween(0.0, 0.01);
  }

  @Test
  void shouldGrowOnlyForTheQuantityThatHasChanged() {
    SplittableRandom random = new SplittableRandom(7);
    List<Double> grown = new ArrayList<>();
    for (double sadder : new double[] {0, 0.1, 0.2, 0.4}) {
      for (int i = 0; i < Drift.WINDOW; i++) {
        add(random, sadder, 0, 0.1);
      }
      grown.add(drift.ofSentiment());
      assertThat(drift.ofSurprise()).isLessThan(0.03);
    }
    assertThat(grown).isSorted();
    assertThat(grown.get(3)).isGreaterThan(0.25);

    for (int i = 0; i < Drift.WINDOW; i++) {
      add(random, 0, 5, 0.5);
    }
    assertThat(drift.ofSurprise()).isGreaterThan(0.25);
    assertThat(drift.ofUnknown()).isGreaterThan(0.25);
    assertThat(drift.ofSentiment())
        .as("PSI after the old records have left the window")
        .isLessThan(0.01);
  }

  /** Computed by hand for a window with all records in the last of three bins. */
  @Test
  void shouldEqualTheFormulaWithHalfARecordAddedToEachBin() {
    for (int i = 0; i < Drift.WINDOW; i++) {
      drift.add(1, 0, 0);
    }
    double[] found = {0.5 / 1_001.5, 0.5 / 1_001.5, 1_000.5 / 1_001.5};
    double[] expected = {3_000.5 / 10_001.5, 2_000.5 / 10_001.5, 5_000.5 / 10_001.5};
    double psi = 0;
    for (int i = 0; i < 3; i++) {
      psi += (found[i] - expected[i]) * Math.log(found[i] / expected[i]);
    }
    assertThat(drift.ofSentiment()).isCloseTo(psi, within(1e-12));
    assertThat(drift.window()).isEqualTo(Drift.WINDOW);
  }

  @Test
  void shouldBeNaNBeforeThereAreEnoughRecords() {
    for (int i = 0; i < Drift.MIN_RECORDS - 1; i++) {
      drift.add(0, 0, 0);
    }
    assertThat(drift.ofSentiment()).isNaN();
    drift.add(0, 0, 0);
    assertThat(drift.ofSentiment()).isFinite();
    assertThat(drift.window()).isEqualTo(Drift.MIN_RECORDS);
  }

  @Test
  void shouldCountRecordsOfAllThreads() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 50_000; i++) {
                  drift.add(i % 3 - 1, i % 10 + 0.5, i % 2);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(drift.window()).isEqualTo(Drift.WINDOW);
    assertThat(drift.ofSurprise())
        .as("PSI of evenly spread records, counted by several threads")
        .isLessThan(0.01);
  }
}
