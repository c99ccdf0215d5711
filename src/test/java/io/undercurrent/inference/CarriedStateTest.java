package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.LetterModel;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.StatePrecision;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Tests that units that forget slowly keep their state over thousands of records of one token each.
 */
class CarriedStateTest {

  private static final int RECORDS = 2_500;
  private static final int STEPS = 2 * RECORDS; // one token and one end of record each
  private static final float GATE = 9.21034f; // sigmoid: 0.9999
  private static final double LEFT = Math.pow(0.9999, STEPS); // the share that is left: 0.6

  /** c is stored in full precision whatever the precision of h. */
  @Test
  void shouldForgetAsSlowlyInHalfPrecisionAsInFull() {
    for (StatePrecision precision : StatePrecision.values()) {
      HiddenState after = read(slow(CellType.LSTM, 1).withStatePrecision(precision));

      assertThat(after.c()[0][0]).as("%s", precision).isCloseTo((float) LEFT, within(1e-3f));
    }
  }

  /**
   * A network without c stores h in full precision, because rounding would undo each small change.
   */
  @Test
  void shouldStoreHInFullPrecisionIfThereIsNoC() {
    Model model = slow(CellType.GRU, 1);

    assertThat(read(model).h()[0][0]).isCloseTo((float) LEFT, within(1e-3f));
    assertThat(read(model.withStatePrecision(StatePrecision.FP16)).h()[0][0]).isEqualTo(1f);
  }

  private static HiddenState read(Model model) {
    Inference inference = new Inference(model, 10, 0, false);
    HiddenState state = HiddenState.zeros(model.config());
    for (float[][] rows : new float[][][] {state.h(), state.c()}) {
      for (float[] row : rows) {
        Arrays.fill(row, 1);
      }
    }
    for (int i = 0; i < RECORDS; i++) {
      inference.read("a", state);
    }
    return state;
  }

  /**
   * A model whose weights are zero and whose keeping gate is nearly 1.
   *
   * @param gate the index of that gate: f of an lstm, z of a gru
   */
  private static Model slow(CellType kind, int gate) {
    Model model = LetterModel.of(kind, 1, 1);
    int hidden = model.config().hiddenSize();
    Parameters parameters = new Parameters(model.config().tensors());
    for (int layer = 0; layer < model.config().numLayers(); layer++) {
      int bias = parameters.offset("rnn.bias_ih_l" + layer);
      Arrays.fill(parameters.values(), bias + gate * hidden, bias + (gate + 1) * hidden, GATE);
    }
    return new Model(
        model.config(),
        model.tokenizer(),
        new Network(model.config(), parameters, Kernels.best()),
        model.fingerprint());
  }
}
