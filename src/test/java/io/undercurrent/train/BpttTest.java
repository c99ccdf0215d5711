package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Pool;
import io.undercurrent.model.RecordAttention;
import io.undercurrent.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BpttTest {

  private static final int STEPS = 7;
  private static final int ROWS = 3;
  private static final float SENTIMENT_SCALE = 0.5f;
  private static final float NEXT_SCALE = 0.25f;

  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1, LAST, 0",
    "LSTM, 1, 1, CONCAT, 0",
    "LSTM, 1, 2, CONCAT, 0",
    "LSTM, 1, 3, LAST, 0",
    "LSTM, 1, 1, CONCAT, 0.4",
    "LSTM, 1, 2, CONCAT, 0.4",
    "GRU, 1, 1, LAST, 0",
    "GRU, 1, 3, CONCAT, 0",
    "GRU, 1, 2, CONCAT, 0.4",
    "SRU, 1, 1, LAST, 0",
    "SRU, 1, 3, CONCAT, 0",
    "SRU, 1, 2, CONCAT, 0.4",
    "MINGRU, 1, 1, LAST, 0",
    "MINGRU, 1, 3, CONCAT, 0",
    "RNN, 1, 1, LAST, 0",
    "RNN, 1, 3, CONCAT, 0",
    "RNN, 1, 2, CONCAT, 0.4",
    "FFNN, 1, 1, LAST, 0",
    "FFNN, 3, 1, LAST, 0",
    "FFNN, 1, 2, CONCAT, 0.4",
    "FFNN, 3, 2, CONCAT, 0.4"
  })
  void shouldGiveTheGradientsThatFiniteDifferencesGive(
      CellType kind, int window, int layers, Pooling pooling, float dropout) {
    check(config(kind, window, layers, pooling), dropout, dropout / 2);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 1, true, 5", // tied
    "'', 1, true, 3", // tied, H projected to E
    "'7', 2, false, 3", // two of the usual splits, with clusters
    "'4 6', 1, false, 3",
    "'1 3 10', 1, false, 3"
  })
  void shouldGiveTheGradientsOfEveryNextTokenHead(
      String cutoffs, int divValue, boolean tied, int embedding) {
    List<Integer> clusters =
        Arrays.stream(cutoffs.split(" ")).filter(c -> !c.isEmpty()).map(Integer::valueOf).toList();
    check(
        new ModelConfig(
            "test",
            CellType.LSTM,
            11,
            embedding,
            5,
            1,
            1,
            Pooling.LAST,
            new NextToken(clusters, divValue, tied)),
        0f,
        0f);
  }

  @ParameterizedTest
  @CsvSource({"1, LAST, 0", "2, CONCAT, 0", "9, LAST, 0", "9, CONCAT, 0.4"})
  void shouldGiveTheGradientsOfAttention(int records, Pooling pooling, float dropout) {
    ModelConfig config = config(CellType.LSTM, 1, 1, pooling);
    check(config.withAttention(new Attention(records, 4)), dropout, dropout / 2);
  }

  private static void check(ModelConfig config, float dropout, float weightDropout) {
    check(config, dropout, weightDropout, chunks());
  }

  private static void check(
      ModelConfig config, float dropout, float weightDropout, Chunk[] chunks) {
    Parameters parameters = randomParameters(config, 7);
    PlainKernels kernels = new PlainKernels();
    Weights weights = new Weights(config, parameters, kernels, weightDropout);
    Bptt bptt =
        new Bptt(
            config,
            weights,
            kernels,
            new Dropout(dropout, dropout / 2, dropout, dropout),
            STEPS,
            ROWS);

    loss(bptt, weights, chunks);
    float[] gradients = bptt.gradients().values().clone();
    // Only the second chunk's loss is differentiated, and it must not depend on what the first
    // carried over: its weights are the unperturbed ones, below and here.
    for (Tensor tensor : config.tensors()) {
      int offset = parameters.offset(tensor.name());
      SplittableRandom pick = new SplittableRandom(offset);
      for (int trial = 0; trial < 12; trial++) {
        int at = offset + pick.nextInt(tensor.size());
        float value = parameters.values()[at];
        float epsilon = 2e-3f; // float noise of the slopes is 5e-4
        double up = lossWith(bptt, weights, chunks, at, value + epsilon);
        double down = lossWith(bptt, weights, chunks, at, value - epsilon);
        double here = lossWith(bptt, weights, chunks, at, value);
        // Where the maximum of the pool has a kink, any slope between those of its sides is one.
        double right = (up - here) / epsilon;
        double left = (here - down) / epsilon;
        double tolerance = 2e-3 + 0.01 * Math.abs(right + left) / 2;
        assertThat((double) gradients[at])
            .as("%s[%d]", tensor.name(), at - offset)
            .isBetween(Math.min(left, right) - tolerance, Math.max(left, right) + tolerance);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, LAST, 0", "2, 1, CONCAT, 0", "3, 0.3, LAST, 0", "0.5, 0.7, CONCAT, 0.4"})
  void shouldGiveTheGradientsOfSoftLabels(
      float temperature, float softWeight, Pooling pooling, float dropout) {
    ModelConfig config = config(CellType.LSTM, 1, 1, pooling).withAttention(new Attention(2, 4));
    check(config, dropout, dropout / 2, softChunks(temperature, softWeight));
  }

  /** The definition in {@link LabelUse}, computed in doubles. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 0.5", "0.5, 0", "4, 0.25"})
  void shouldGiveTheLossThatHardAndSoftLabelsDefine(float temperature, float softWeight) {
    ModelConfig config = config(CellType.LSTM, 1, 1, Pooling.LAST);
    Parameters parameters = new Parameters(config.tensors()); // zero: all logits are the biases
    float[] bias = {0.3f, -0.2f, 1.1f};
    System.arraycopy(bias, 0, parameters.values(), parameters.offset("sentiment.bias"), 3);
    PlainKernels kernels = new PlainKernels();
    Weights weights = new Weights(config, parameters, kernels, 0);
    weights.pack(new SplittableRandom(1));
    Bptt bptt = new Bptt(config, weights, kernels, new Dropout(0, 0, 0, 0), STEPS, ROWS);
    int both = 0;
    for (Chunk chunk : softChunks(temperature, softWeight)) {
      bptt.run(chunk, SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(3));

      double expected = 0;
      for (int r = 0; r < STEPS * ROWS; r++) {
        if (chunk.isLabelled(r)) {
          float[] soft = chunk.soft[r];
          boolean hard = chunk.label[r] >= 0;
          both += hard && soft != null ? 1 : 0;
          double share = soft == null ? 0 : hard ? softWeight : 1;
          double ofSoft = 0;
          for (int k = 0; k < 3 && soft != null; k++) {
            ofSoft -= soft[k] * logSoftmax(bias, k, temperature, LabelUse.ALL_CLASSES);
          }
          double ofHard = hard ? -logSoftmax(bias, chunk.label[r], 1, chunk.use[r].classes()) : 0;
          expected +=
              chunk.weight[r] * (share * temperature * temperature * ofSoft + (1 - share) * ofHard);
        }
      }
      assertThat(bptt.sentimentLoss()).isCloseTo(expected, within(1e-5 * expected));
    }
    assertThat(both).isPositive();
  }

  private static double logSoftmax(float[] logits, int k, float temperature, long classes) {
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      sum += (classes >> i & 1) == 0 ? 0 : Math.exp(logits[i] / temperature);
    }
    return logits[k] / temperature - Math.log(sum);
  }

  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 0, 1e-5",
    "GRU, 1, 0, 1e-5",
    "RNN, 1, 0, 1e-5",
    "FFNN, 1, 0, 1e-5",
    "FFNN, 3, 0, 1e-5",
    "LSTM, 1, 2, 5e-4", // serving remembers in half precision
    "GRU, 1, 9, 5e-4"
  })
  void shouldGiveTheSentimentLossOfServing(CellType kind, int window, int records, double share) {
    ModelConfig config = config(kind, window, 2, Pooling.CONCAT);
    if (records > 0) {
      config = config.withAttention(new Attention(records, 4));
    }
    ModelConfig ours = config;
    Parameters parameters = randomParameters(config, 8);
    PlainKernels kernels = new PlainKernels();
    Weights weights = new Weights(config, parameters, kernels, 0);
    weights.pack(new SplittableRandom(1));
    Network network = new Network(config, parameters, kernels);
    Bptt bptt = new Bptt(config, weights, kernels, new Dropout(0, 0, 0, 0), STEPS, ROWS);
    HiddenState[] states = new HiddenState[ROWS];
    Arrays.setAll(states, b -> HiddenState.zeros(ours));
    Pool[] pools = new Pool[ROWS];
    Arrays.setAll(pools, b -> new Pool(ours.pooling(), ours.hiddenSize()));
    Memory[] memories = new Memory[ROWS];
    Arrays.setAll(memories, b -> new Memory(ours));

    for (Chunk chunk : chunks()) {
      bptt.run(chunk, SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(3));

      double served = 0;
      for (int r = 0; r < STEPS * ROWS; r++) {
        int b = r % ROWS;
        if (chunk.reset[r]) {
          states[b] = HiddenState.zeros(config);
          memories[b] = new Memory(config);
        }
        if (chunk.start[r]) {
          pools[b].clear();
        }
        network.step(chunk.token[r], states[b], network.scratch());
        pools[b].add(states[b].top());
        if (chunk.label[r] >= 0) {
          served +=
              chunk.weight[r]
                  * crossEntropy(
                      network, pools[b], memories[b], chunk.label[r], chunk.use[r].classes());
        }
        if (chunk.label[r] != Chunk.NO_END && records > 0) {
          short[][] last = {Memory.rounded(states[b].top())};
          memories[b].append(new Memory.Entry(r, new int[1], last));
        }
      }
      // both compute in floats, and sum the products and the window in another order
      assertThat(bptt.sentimentLoss()).isCloseTo(served, within(share * served));
    }
  }

  private static double crossEntropy(
      Network network, Pool pool, Memory memory, int label, long classes) {
    ModelConfig config = network.config();
    float[] features = new float[config.sentimentSize()];
    pool.features(features);
    if (config.attention().on()) {
      RecordAttention.Scratch scratch = network.attention().scratch();
      network.attention().look(memory.entries(), scratch);
      int context = config.pooling().parts() * config.hiddenSize();
      network.attention().attend(features, features, context, scratch);
    }
    float[] logits = new float[config.classes()];
    network.sentimentLogits(features, logits);
    double sum = 0;
    for (int k = 0; k < logits.length; k++) {
      sum += (classes >> k & 1) == 0 ? 0 : Math.exp(logits[k]);
    }
    return Math.log(sum) - logits[label];
  }

  private static ModelConfig config(CellType kind, int window, int layers, Pooling pooling) {
    return new ModelConfig("test", kind, 11, 3, 5, layers, window, pooling, NextToken.FULL);
  }

  private static double lossWith(
      Bptt bptt, Weights weights, Chunk[] chunks, int at, float perturbed) {
    weights.pack(new SplittableRandom(11));
    bptt.clear();
    bptt.run(chunks[0], SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(3));
    float before = weights.parameters.values()[at];
    weights.parameters.values()[at] = perturbed;
    weights.pack(new SplittableRandom(11));
    bptt.run(chunks[1], SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(4));
    weights.parameters.values()[at] = before;
    return SENTIMENT_SCALE * bptt.sentimentLoss() + NEXT_SCALE * bptt.nextLoss();
  }

  private static void loss(Bptt bptt, Weights weights, Chunk[] chunks) {
    lossWith(bptt, weights, chunks, 0, weights.parameters.values()[0]);
  }

  /** Two chunks of streams in which records end, start, cross the chunks and start afresh. */
  private static Chunk[] chunks() {
    return chunks(false, 1f, 0f);
  }

  /** The same; two of three records have a soft label, beside a hard one or alone. */
  private static Chunk[] softChunks(float temperature, float softWeight) {
    return chunks(true, temperature, softWeight);
  }

  private static Chunk[] chunks(boolean softLabels, float temperature, float softWeight) {
    List<Example[]> conversations = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 12; i++) {
      Example[] conversation = new Example[1 + random.nextInt(2)];
      for (int j = 0; j < conversation.length; j++) {
        int[] tokens = random.ints(1 + random.nextInt(5), 1, 11).toArray();
        byte label = (byte) (random.nextInt(4) - 1);
        long classes = i % 3 == 0 ? 1L << Math.max(label, 0) | 0b010 : LabelUse.ALL_CLASSES;
        LabelUse use = new LabelUse(classes, temperature, softWeight, true);
        float[] soft = softLabels && i % 3 > 0 ? use.soft(probabilities(i + j)) : null;
        conversation[j] = new Example(tokens, label, 0.5f + j, soft, use);
      }
      conversations.add(conversation);
    }
    PackedStreams streams = new PackedStreams(conversations, ROWS, 0, 0.5, 2);
    Chunk[] chunks = {new Chunk(STEPS, ROWS), new Chunk(STEPS, ROWS)};
    streams.next(new Chunk[] {chunks[0]});
    streams.next(new Chunk[] {chunks[1]});
    assertThat(chunks[1].labelled()).isGreaterThan(2);
    return chunks;
  }

  private static float[] probabilities(int seed) {
    float first = seed % 5 / 5f;
    float second = (1 - first) * (seed % 3) / 3f;
    return new float[] {first, second, 1 - first - second};
  }

  private static Parameters randomParameters(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (random.nextDouble() - 0.5);
    }
    return parameters;
  }
}
