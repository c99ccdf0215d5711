package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateAgeTest {

  /** The margin is a tenth of the time, and an hour at most. The clock may have been set back. */
  @ParameterizedTest
  @CsvSource({
    "PT0S, PT24H, false",
    "PT22H59M, PT24H, false",
    "PT23H1M, PT24H, true",
    "PT48H, PT24H, true",
    "-PT59M, PT24H, false",
    "-PT61M, PT24H, true",
    "PT8S, PT10S, false",
    "PT10S, PT10S, true",
    "PT1S, PT0S, true"
  })
  void shouldGiveUpStatesBeforeADeletionIsForgotten(Duration age, Duration kept, boolean tooOld) {
    assertThat(StateAge.isTooOld(age, kept)).isEqualTo(tooOld);
  }
}
