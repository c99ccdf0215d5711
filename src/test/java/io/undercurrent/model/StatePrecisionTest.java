package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.model.ModelConfig.Pooling;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatePrecisionTest {

  @Test
  void shouldRoundHAndNothingElse() {
    HiddenState state = TinyModel.of(4, 3, 2, Pooling.LAST, 1).model().initialState();
    HiddenState before = state.copy();

    StatePrecision.FP32.round(state, CellType.LSTM);
    assertThat(state).isEqualTo(before);

    StatePrecision.FP16.round(state, CellType.LSTM);
    assertThat(state.c()).isDeepEqualTo(before.c());
    assertThat(state.h()).isNotEqualTo(before.h());
    for (int l = 0; l < 2; l++) {
      for (int u = 0; u < 3; u++) {
        float error = Math.abs(state.h()[l][u] - before.h()[l][u]);
        assertThat(error).isLessThanOrEqualTo(0x1p-12f); // half of the step below 1
      }
    }
  }

  @ParameterizedTest
  @EnumSource(StatePrecision.class)
  void shouldReadTheRoundedValuesThatItWrote(StatePrecision precision) {
    float[] row = {1f / 3, -0f, 1, 1e-6f, -0.99999f};
    float[] back = new float[row.length];
    ByteBuffer bytes = ByteBuffer.allocate(row.length * precision.bytes());

    precision.put(row, bytes);
    assertThat(bytes.remaining()).isZero();
    precision.get(bytes.flip(), back);

    for (int u = 0; u < row.length; u++) {
      assertThat(Float.floatToRawIntBits(back[u]))
          .isEqualTo(Float.floatToRawIntBits(precision.rounded(row[u])));
      assertThat(precision.rounded(back[u])).isEqualTo(back[u]);
    }
  }

  /** Its h follows from the tokens and is not stored. */
  @Test
  void shouldLeaveAFeedForwardNetworkAlone() {
    HiddenState state =
        TinyModel.of(CellType.FFNN, 2, 4, 3, 1, Pooling.LAST, 1).model().initialState();
    HiddenState before = state.copy();

    StatePrecision.FP16.round(state, CellType.FFNN);

    assertThat(state).isEqualTo(before);
  }

  @Test
  void shouldKeepOnlyCAndTheTopHOfAnSru() {
    HiddenState state =
        TinyModel.of(CellType.SRU, 1, 4, 3, 2, Pooling.LAST, 1).model().initialState();
    HiddenState before = state.copy();

    StatePrecision.FP32.round(state, CellType.SRU);
    assertThat(state.h()[0]).containsOnly(0f);
    assertThat(state.h()[1]).isEqualTo(before.h()[1]);
    assertThat(state.c()).isDeepEqualTo(before.c());

    StatePrecision.FP16.round(state, CellType.SRU);
    for (int l = 0; l < 2; l++) {
      for (int u = 0; u < 3; u++) {
        float c = before.c()[l][u];
        assertThat(Math.abs(state.c()[l][u] - c)).isLessThanOrEqualTo(Math.abs(c) * 0x1p-16f);
        assertThat(Float.floatToRawIntBits(state.c()[l][u]) & 0xff).isZero();
      }
    }
  }

  @Test
  void shouldRoundTo24BitsWithTiesToEven() {
    assertThat(StatePrecision.upper24(1f + 0x1p-16f)).isEqualTo(1f); // a tie: the even one
    assertThat(StatePrecision.upper24(1f + 3 * 0x1p-16f)).isEqualTo(1f + 4 * 0x1p-16f);
    assertThat(StatePrecision.upper24(1f + 0x1p-16f + 0x1p-23f)).isEqualTo(1f + 0x1p-15f);
    assertThat(StatePrecision.upper24(-0f)).isEqualTo(-0f);
    assertThat(StatePrecision.upper24(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(StatePrecision.upper24(Float.intBitsToFloat(0x7fffffff))).isNaN();
  }

  /** NaN and infinity must stay visible, and not become numbers. */
  @Test
  void shouldKeepValuesThatAreNotFinite() {
    assertThat(StatePrecision.FP16.rounded(Float.NaN)).isNaN();
    assertThat(StatePrecision.FP16.rounded(Float.NEGATIVE_INFINITY)).isNegative().isInfinite();
  }

  @Test
  void shouldHaveTheNamesOfSettings() {
    for (StatePrecision precision : StatePrecision.values()) {
      assertThat(StatePrecision.of(precision.toString())).isEqualTo(precision);
    }
    assertThatThrownBy(() -> StatePrecision.of("bf16"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("state precision must be fp32 or fp16, found bf16");
  }
}
