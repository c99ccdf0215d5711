package io.undercurrent.bench;

import io.undercurrent.model.CellType;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An LSTM, its weights, and the tokens of B keys.
 *
 * @param batch B, the number of keys; each reads one token in a step
 */
record StepCase(int hidden, int layers, int batch) {

  static final int VOCABULARY = 16_000; // V
  static final int EMBEDDING = 128; // E

  /**
   * The number of steps with different tokens, after which the tokens repeat. A multiple of all
   * numbers of steps per call.
   */
  static final int STEPS = 64;

  static List<StepCase> all() {
    List<StepCase> all = new ArrayList<>();
    for (int[] network : new int[][] {{256, 1}, {256, 2}, {512, 1}}) {
      for (int batch : new int[] {1, 4, 16, 64}) {
        all.add(new StepCase(network[0], network[1], batch));
      }
    }
    return all;
  }

  ModelConfig config() {
    return new ModelConfig(
        "bench",
        CellType.LSTM,
        VOCABULARY,
        EMBEDDING,
        hidden,
        layers,
        1,
        Pooling.LAST,
        new NextToken(List.of(1_000), 4, false)); // a small head; steps do not use it
  }

  /** Weights uniform in +-0.1, so that gates stay half open and no state saturates. */
  Parameters parameters() {
    Parameters parameters = new Parameters(config().tensors());
    SplittableRandom random = new SplittableRandom(hidden + layers);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (0.2 * random.nextDouble() - 0.1);
    }
    return parameters;
  }

  /** Token ids for calls of {@code stepsPerCall} steps: (calls) of (stepsPerCall, B). */
  int[][] calls(int stepsPerCall) {
    SplittableRandom random = new SplittableRandom(batch);
    int[] all = random.ints((long) STEPS * batch, 0, VOCABULARY).toArray();
    int[][] calls = new int[STEPS / stepsPerCall][];
    int size = stepsPerCall * batch;
    Arrays.setAll(calls, i -> Arrays.copyOfRange(all, i * size, (i + 1) * size));
    return calls;
  }

  @Override
  public String toString() {
    return "%d x %d, batch %d".formatted(layers, hidden, batch);
  }
}
