package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

/** Hears of an evaluation and keeps quiet. */
final class SilentListener implements Evaluation.Listener {

  @Override
  public void says(String line) {
    assertThat(line).isNotBlank();
  }

  @Override
  public void read(String source, long done, long all) {
    assertThat(done).isBetween(1L, all);
  }
}
