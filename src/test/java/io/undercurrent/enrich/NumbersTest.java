package io.undercurrent.enrich;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "1, 1",
    "-1, -1",
    "100, 100",
    "0.5, 0.5",
    "0.1, 0.1",
    "123456789.5, 123456790",
    "1234567890123, 1234567890000",
    "-0.000012345678949, -0.0000123456789",
    "2e-10, 0.0000000002",
    "1e22, 10000000000000000000000"
  })
  void shouldWriteNineDigitsInPlainNotation(double value, String expected) {
    assertThat(Numbers.format(value)).isEqualTo(expected);
  }

  @Test
  void shouldWriteFloatsAsTheirExactValueRounded() {
    assertThat(Numbers.format(0.1f)).isEqualTo("0.100000001");
    assertThat(Numbers.format(1f / 3)).isEqualTo("0.333333343");
    assertThat(Numbers.format(16_777_217)).isEqualTo("16777217");
  }

  @Test
  void shouldTellAllFloatsApart() {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 20_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value)) {
        assertThat(Float.parseFloat(Numbers.format(value))).isEqualTo(value + 0f);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void shouldRefuseNaNAndInfinity(double value) {
    assertThatThrownBy(() -> Numbers.format(value))
        .hasMessage("number must be finite, found " + value);
  }
}
