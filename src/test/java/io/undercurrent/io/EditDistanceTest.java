package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditDistanceTest {

  @ParameterizedTest
  @CsvSource({
    "kitten, sitting, 3",
    "epochs, epoch, 1",
    "epoch, epochs, 1",
    "'', abc, 3",
    "a, a, 0"
  })
  void countsTheFewestChanges(String a, String b, int expected) {
    assertThat(EditDistance.of(a, b)).isEqualTo(expected);
  }
}
