package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What PyTorch computed once, found again without it. */
class PyTorchGoldenTest {

  static List<ParityCase> golden() {
    return ParityCase.golden();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void shouldComputeTheSameAsPyTorch(ParityCase one) throws Exception {
    Parameters expected = one.goldenResults();
    Parameters found = one.computed();
    for (Tensor tensor : one.results()) {
      float[] e = expected.copy(tensor.name());
      float[] f = found.copy(tensor.name());
      double largest = 0;
      for (float value : e) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertThat(largest).as(tensor.name()).isPositive();
      double tolerance = ParityCase.tolerance(tensor.name()) * largest;
      for (int i = 0; i < e.length; i++) {
        assertThat((double) f[i]).as("%s[%d]", tensor.name(), i).isCloseTo(e[i], within(tolerance));
      }
    }
  }
}
