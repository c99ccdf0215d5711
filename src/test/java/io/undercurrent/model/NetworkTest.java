package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.ModelConfig.Pooling;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkTest {

  /**
   * Allows for float products of some dozen terms and gates exact to 1e-7, over 20 steps that
   * forget.
   */
  private static final Offset<Double> FLOAT = within(2e-5);

  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1, 5, 7, 3",
    "LSTM, 1, 1, 3, 1, 2",
    "LSTM, 1, 3, 7, 13, 11",
    "LSTM, 1, 3, 1, 5, 17",
    "LSTM, 1, 2, 33, 40, 29",
    "GRU, 1, 1, 5, 7, 3",
    "GRU, 1, 3, 7, 13, 11",
    "RNN, 1, 1, 5, 7, 3",
    "RNN, 1, 3, 7, 13, 11",
    "FFNN, 1, 2, 7, 13, 11",
    "FFNN, 3, 1, 5, 7, 3",
    "FFNN, 4, 3, 7, 13, 11"
  })
  void shouldStepLikeTheFormulas(
      CellType kind, int window, int layers, int embedding, int hidden, int vocabulary) {
    ModelConfig config = config(kind, window, layers, embedding, hidden, vocabulary, Pooling.LAST);
    Parameters parameters = TinyModel.random(config, 1);
    Network network = new Network(config, parameters, Kernels.best());
    ReferenceNetwork reference = new ReferenceNetwork(config, parameters);
    HiddenState state = HiddenState.zeros(config);
    Network.Scratch scratch = network.scratch();
    SplittableRandom random = new SplittableRandom(2);
    for (int t = 0; t < 20; t++) {
      int token = random.nextInt(vocabulary);

      network.step(token, state, scratch);
      reference.step(token);

      for (int l = 0; l < layers; l++) {
        assertClose("h of layer " + l + " after step " + t, state.h()[l], reference.h[l]);
        if (kind == CellType.LSTM) {
          assertClose("c of layer " + l + " after step " + t, state.c()[l], reference.c[l]);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1, 5, 7, 3",
    "LSTM, 1, 3, 7, 13, 11",
    "LSTM, 1, 2, 40, 67, 131",
    "GRU, 1, 2, 40, 67, 131",
    "RNN, 1, 2, 40, 67, 131",
    "FFNN, 3, 2, 40, 67, 131"
  })
  void shouldGiveTheSameBitsWithTheFastestKernelsAsWithTheDefinition(
      CellType kind, int window, int layers, int embedding, int hidden, int vocabulary) {
    ModelConfig config =
        config(kind, window, layers, embedding, hidden, vocabulary, Pooling.CONCAT);
    Parameters parameters = TinyModel.random(config, 3);
    Network fast = new Network(config, parameters, Kernels.best());
    Network plain = new Network(config, parameters, new PlainKernels());
    HiddenState fastState = fast.initialState(1);
    HiddenState plainState = plain.initialState(1);
    SplittableRandom random = new SplittableRandom(4);
    int rows = 5;
    float[] top = new float[rows * hidden];
    for (int t = 0; t < 20; t++) {
      int token = random.nextInt(vocabulary);
      fast.step(token, fastState, fast.scratch());
      plain.step(token, plainState, plain.scratch());
      assertThat(fastState).as("step %d", t).isEqualTo(plainState);
      System.arraycopy(plainState.top(), 0, top, t % rows * hidden, hidden);
    }

    assertThat(probabilities(fast, rows, top)).containsExactly(probabilities(plain, rows, top));

    float[] features = new float[3 * hidden];
    System.arraycopy(top, 0, features, 0, Math.min(top.length, features.length));
    float[] fastSentiment = new float[3];
    float[] plainSentiment = new float[3];
    fast.sentimentLogits(features, fastSentiment);
    plain.sentimentLogits(features, plainSentiment);
    assertThat(fastSentiment).containsExactly(plainSentiment);
  }

  @Test
  void shouldStartFromTheStateAfterOneEndOfRecord() {
    ModelConfig config = config(2, 5, 7, 9, Pooling.LAST);
    Parameters parameters = TinyModel.random(config, 5);
    Network network = new Network(config, parameters, Kernels.best());
    int endOfRecord = 4;
    HiddenState expected = HiddenState.zeros(config);
    network.step(endOfRecord, expected, network.scratch());
    ReferenceNetwork reference = new ReferenceNetwork(config, parameters);
    reference.step(endOfRecord);

    HiddenState initial = network.initialState(endOfRecord);

    assertThat(initial).isEqualTo(expected);
    assertClose("h", initial.top(), reference.top());
    assertThat(network.initialState(3)).isNotEqualTo(initial);
  }

  @ParameterizedTest
  @CsvSource({"LAST, 7", "CONCAT, 21"})
  void shouldGiveTheSentimentLogitsOfTheHead(Pooling pooling, int features) {
    ModelConfig config = config(1, 5, 7, 9, pooling);
    Parameters parameters = TinyModel.random(config, 6);
    float[] in = new float[features];
    double[] reference = new double[features];
    SplittableRandom random = new SplittableRandom(7);
    for (int u = 0; u < features; u++) {
      in[u] = (float) (2 * random.nextDouble() - 1);
      reference[u] = in[u];
    }

    float[] logits = new float[3];
    new Network(config, parameters, Kernels.best()).sentimentLogits(in, logits);

    assertClose(
        "sentiment",
        logits,
        new ReferenceNetwork(config, parameters).logits("sentiment", reference, 3));
  }

  @Test
  void shouldCopyStatesDeeplyAndCompareThemByValue() {
    HiddenState state = HiddenState.zeros(config(2, 4, 3, 5, Pooling.LAST));
    HiddenState copy = state.copy();
    assertThat(copy).isEqualTo(state).hasSameHashCodeAs(state);

    copy.c()[1][2] = 1f;

    assertThat(state.c()[1][2]).isZero();
    assertThat(copy).isNotEqualTo(state);
    assertThat(copy.top()).isSameAs(copy.h()[1]);
  }

  @ParameterizedTest
  @CsvSource({"FFNN, 3, 3, 0", "FFNN, 1, 1, 0", "GRU, 1, 0, 0", "RNN, 1, 0, 0", "LSTM, 1, 0, 3"})
  void shouldHoldOnlyTheStateThatTheKindNeeds(CellType kind, int window, int tokens, int c) {
    HiddenState state = HiddenState.zeros(config(kind, window, 2, 4, 3, 5, Pooling.LAST));

    int[] nothing = new int[tokens];
    Arrays.fill(nothing, HiddenState.NO_TOKEN);
    assertThat(state.tokens()).containsExactly(nothing);
    assertThat(state.c()[1]).hasSize(c);
    assertThat(state.copy()).isEqualTo(state);
  }

  @Test
  void shouldForgetTokensThatHaveLeftTheWindow() {
    ModelConfig config = config(CellType.FFNN, 3, 2, 5, 7, 9, Pooling.LAST);
    Network network = new Network(config, TinyModel.random(config, 5), Kernels.best());
    HiddenState one = read(network, 1, 2, 3, 4);
    HiddenState other = read(network, 8, 2, 3, 4);

    assertThat(other).isEqualTo(one);
    assertThat(read(network, 1, 8, 3, 4).top()).isNotEqualTo(one.top());
    assertThat(one.tokens()).containsExactly(2, 3, 4);
  }

  private static HiddenState read(Network network, int... tokens) {
    HiddenState state = HiddenState.zeros(network.config());
    for (int token : tokens) {
      network.step(token, state, network.scratch());
    }
    return state;
  }

  private static float[] probabilities(Network network, int rows, float[] h) {
    NextTokenHead.Scratch scratch = network.nextToken().scratch(rows);
    System.arraycopy(h, 0, scratch.h(), 0, h.length);
    network.nextToken().expect(rows, scratch);
    int v = network.config().vocabSize();
    float[] all = new float[rows * v];
    float[] row = new float[v];
    for (int r = 0; r < rows; r++) {
      network.nextToken().probabilities(r, row, scratch);
      System.arraycopy(row, 0, all, r * v, v);
    }
    return all;
  }

  private static ModelConfig config(
      int layers, int embedding, int hidden, int vocabulary, Pooling pooling) {
    return config(CellType.LSTM, 1, layers, embedding, hidden, vocabulary, pooling);
  }

  private static ModelConfig config(
      CellType kind,
      int window,
      int layers,
      int embedding,
      int hidden,
      int vocabulary,
      Pooling pooling) {
    return new ModelConfig(
        "test",
        kind,
        vocabulary,
        embedding,
        hidden,
        layers,
        window,
        pooling,
        ModelConfig.NextToken.FULL);
  }

  private static void assertClose(String what, float[] found, double[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int u = 0; u < expected.length; u++) {
      assertThat((double) found[u]).as("%s, unit %d", what, u).isCloseTo(expected[u], FLOAT);
    }
  }
}
