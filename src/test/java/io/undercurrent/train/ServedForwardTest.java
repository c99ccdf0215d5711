package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Float16;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.HiddenStates;
import io.undercurrent.model.Memory;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.RecordAttention;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Training's forward passes, without dropout, give what serving's give: {@link Network#step},
 * {@link RecordAttention} and {@link NextTokenHead} are the definitions, {@link RecurrentLayer},
 * {@link AttentionLayer} and {@link NextTokenLoss} are held to them at every shape. They are not
 * equal to the last bit, because they add the same products in another order; the tolerances say
 * which.
 */
class ServedForwardTest {

  private static final int VOCABULARY = 23; // V
  private static final int STEPS = 5; // T
  private static final int[] ROWS = {1, 2, 5, 7}; // B
  private static final int[] HIDDEN =
      IntStream.concat(IntStream.range(1, 18), IntStream.of(32)).toArray();

  private final Kernels kernels = new PlainKernels();

  /**
   * Serving adds W_hh h, summed by itself, to W_ih x + b; training goes on summing from there. Up
   * to 33 products, each below 1, in floats of 24 bits: 33 * 2^-24 is 2e-6 a step, and errors of a
   * step reach the next ones.
   */
  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1",
    "LSTM, 1, 2",
    "LSTM, 1, 3",
    "GRU, 1, 1",
    "GRU, 1, 2",
    "GRU, 1, 3",
    "SRU, 1, 1",
    "SRU, 1, 2",
    "SRU, 1, 3",
    "MINGRU, 1, 1",
    "MINGRU, 1, 3",
    "RNN, 1, 1",
    "RNN, 1, 2",
    "RNN, 1, 3",
    "FFNN, 1, 1",
    "FFNN, 1, 3",
    "FFNN, 2, 1",
    "FFNN, 4, 2",
    "FFNN, 7, 3"
  })
  void shouldGiveTheHiddenStatesOfServing(CellType kind, int window, int layers) {
    for (int hidden : HIDDEN) {
      for (int rows : ROWS) {
        ModelConfig config =
            config(kind, window, 1 + hidden % 6, hidden, layers, NextToken.FULL, Attention.NONE);
        Parameters parameters = random(config, hidden * 31 + rows);
        Network network = new Network(config, parameters, kernels);
        Weights weights = weights(config, parameters);
        Windows windows = new Windows(window, STEPS, rows);
        RecurrentLayer[] trained = new RecurrentLayer[layers];
        Arrays.setAll(
            trained, l -> new RecurrentLayer(l, config, weights, kernels, 0f, STEPS, rows));
        HiddenStates served = network.states(rows);
        SplittableRandom random = new SplittableRandom(hidden);
        for (int chunks = 0; chunks < 2; chunks++) { // the second begins with what is carried over
          Chunk chunk = chunk(rows, chunks == 0, random);
          windows.read(chunk);
          float[] input = embedded(windows, config, parameters);
          for (RecurrentLayer layer : trained) {
            layer.forward(input, chunk, random);
            input = layer.out;
          }
          for (int t = 0; t < STEPS; t++) {
            int[] tokens = Arrays.copyOfRange(chunk.token, t * rows, (t + 1) * rows);
            for (int b = 0; b < rows; b++) {
              if (chunk.reset[t * rows + b]) {
                served.set(b, HiddenState.zeros(config));
              }
            }
            network.step(rows, tokens, served, network.scratch(rows));
            float[] expected = Arrays.copyOf(served.top(), rows * hidden);
            int at = t * rows * hidden;
            assertThat(difference(expected, Arrays.copyOfRange(input, at, at + rows * hidden)))
                .as("H=%d, B=%d, t=%d", hidden, rows, t)
                .isLessThan(1e-5f);
          }
        }
      }
    }
  }

  /**
   * Serving keeps past records in half precision and training does not, so the past records here
   * are such that nothing is rounded. What is left is fused multiply-adds there and none here.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void shouldGiveTheAttentionOfServing(int records) {
    for (int hidden : HIDDEN) {
      for (int rows : ROWS) {
        ModelConfig config =
            config(
                CellType.LSTM,
                1,
                3,
                hidden,
                1,
                NextToken.FULL,
                new Attention(records, 1 + hidden % 7));
        Parameters parameters = random(config, hidden * 17 + rows);
        RecordAttention served = new Network(config, parameters, kernels).attention();
        AttentionLayer trained =
            new AttentionLayer(config, weights(config, parameters), kernels, rows);
        trained.begin();
        SplittableRandom random = new SplittableRandom(hidden);
        List<Memory> memories = new ArrayList<>();
        for (int b = 0; b < rows; b++) {
          memories.add(new Memory(config));
        }
        for (int past = 0; past <= records + 2; past++) {
          float[] states = halves(rows * hidden, random);
          for (int b = 0; b < rows; b++) {
            Memory memory = memories.get(b);
            float[] features = Arrays.copyOf(halves(hidden, random), 2 * hidden);
            float[] expected = features.clone();
            RecordAttention.Scratch scratch = served.scratch();
            served.look(memory.entries(), scratch);
            served.attend(features, expected, hidden, scratch);

            AttentionLayer.Look look = trained.look(b, features, hidden);

            assertThat(difference(expected, features))
                .as("H=%d, B=%d, %d past records", hidden, rows, past)
                .isLessThan(1e-5f);
            assertThat(look.a()).hasSize(1 + Math.min(past, records));
            assertThat(look.a()[0]).isCloseTo(scratch.nothing(), within(1e-6f));
            for (int r = 0; r < scratch.count(); r++) {
              assertThat(look.a()[1 + r]).isCloseTo(scratch.weight(r), within(1e-6f));
            }
            trained.remember(b, states, b * hidden);
            short[][] last = {Memory.rounded(states, b * hidden, hidden)};
            memory.append(new Memory.Entry(past + 1, new int[1], last));
          }
        }
      }
    }
  }

  /** Where the head has no clusters, one, two or many; where it is tied to the embeddings. */
  static List<NextToken> heads() {
    return List.of(
        NextToken.FULL,
        new NextToken(List.of(), 1, true),
        new NextToken(List.of(9), 1, false),
        new NextToken(List.of(22), 1, false),
        new NextToken(List.of(1, 2, 12), 1, false),
        new NextToken(List.of(5, 11), 2, false));
  }

  /**
   * Logits and their exponentials are the same bits, for they are the same chains. Serving takes
   * the logarithm of a quotient and training subtracts logarithms: 1e-6 of the loss.
   */
  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveTheNextTokenProbabilitiesOfServing(NextToken head) {
    for (int hidden : HIDDEN) {
      if (head.divValue() > 1 && hidden < head.divValue() * head.divValue()) {
        continue; // the last cluster would read nothing
      }
      for (int embedding : head.tied() ? new int[] {hidden, 1, 6} : new int[] {3}) {
        for (int rows : ROWS) {
          ModelConfig config = config(CellType.LSTM, 1, embedding, hidden, 1, head, Attention.NONE);
          Parameters parameters = random(config, hidden * 13 + rows);
          NextTokenHead served = new Network(config, parameters, kernels).nextToken();
          NextTokenHead.Scratch scratch = served.scratch(rows);
          NextTokenLoss trained =
              new NextTokenLoss(config, weights(config, parameters), kernels, 1, rows);
          SplittableRandom random = new SplittableRandom(hidden);
          for (int first = 0; first < VOCABULARY; first++) {
            Chunk chunk = new Chunk(1, rows);
            for (int b = 0; b < rows; b++) {
              chunk.target[b] = (first + 5 * b) % VOCABULARY;
            }
            float[] h = halves(rows * hidden, random);
            System.arraycopy(h, 0, scratch.h(), 0, h.length);
            served.expect(rows, scratch);
            double[] logProbabilities = new double[rows];
            served.read(
                rows, chunk.target, logProbabilities, new boolean[rows], null, null, scratch);

            double loss =
                trained.learn(
                    chunk, h, new float[h.length], 1f, 1, new Parameters(config.tensors()), random);

            double expected = -Arrays.stream(logProbabilities).sum();
            assertThat(loss)
                .as("H=%d, E=%d, B=%d, tokens from %d", hidden, embedding, rows, first)
                .isCloseTo(expected, within(1e-6 * expected + 1e-6));
          }
        }
      }
    }
  }

  private Weights weights(ModelConfig config, Parameters parameters) {
    Weights weights = new Weights(config, parameters, kernels, 0f);
    weights.pack(new SplittableRandom(1));
    return weights;
  }

  private static ModelConfig config(
      CellType kind,
      int window,
      int embedding,
      int hidden,
      int layers,
      NextToken nextToken,
      Attention attention) {
    return new ModelConfig(
            "test", kind, VOCABULARY, embedding, hidden, layers, window, Pooling.LAST, nextToken)
        .withAttention(attention);
  }

  /** The largest. */
  private static float difference(float[] expected, float[] found) {
    assertThat(found).hasSameSizeAs(expected);
    float largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i] - found[i]));
    }
    return largest;
  }

  /**
   * Uniform, so that gates are neither shut nor all the same. The spectral radius of the recurrent
   * weights is about 0.9 at most: with more, a plain recurrent network lets any difference grow.
   */
  private static Parameters random(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    double bound = Math.min(0.8, 1.5 / Math.sqrt(config.hiddenSize()));
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    return parameters;
  }

  /** Values of +-1 that half precision holds. */
  private static float[] halves(int n, SplittableRandom random) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = Float16.toFloat(Float16.fromFloat((float) (2 * random.nextDouble() - 1)));
    }
    return values;
  }

  /** Random tokens; rows start afresh at random steps, and all at the first of a stream. */
  private static Chunk chunk(int rows, boolean first, SplittableRandom random) {
    Chunk chunk = new Chunk(STEPS, rows);
    for (int r = 0; r < STEPS * rows; r++) {
      chunk.token[r] = random.nextInt(VOCABULARY);
      chunk.reset[r] = first && r < rows || random.nextInt(4) == 0;
    }
    return chunk;
  }

  /** (T*B, n*E), zeros where the window reaches back before the first token. */
  private static float[] embedded(Windows windows, ModelConfig config, Parameters parameters) {
    int size = config.embeddingSize();
    float[] x = new float[windows.token.length * size];
    for (int i = 0; i < windows.token.length; i++) {
      if (windows.token[i] != HiddenState.NO_TOKEN) {
        int from = parameters.offset("embedding.weight") + windows.token[i] * size;
        System.arraycopy(parameters.values(), from, x, i * size, size);
      }
    }
    return x;
  }
}
