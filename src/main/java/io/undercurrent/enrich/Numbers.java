package io.undercurrent.enrich;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Writes numbers as text: the same bytes on every JDK. The JDK's own printing changed between 17
 * and 19.
 */
final class Numbers {

  /** Nine digits tell any two floats apart. */
  private static final MathContext NINE_DIGITS = new MathContext(9, RoundingMode.HALF_EVEN);

  private Numbers() {}

  /**
   * Nine significant digits of the exact value, in plain notation without trailing zeros; {@code 0}
   * for either zero.
   *
   * @param value finite
   */
  static String format(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("number must be finite, found " + value);
    }
    return new BigDecimal(value).round(NINE_DIGITS).stripTrailingZeros().toPlainString();
  }
}
