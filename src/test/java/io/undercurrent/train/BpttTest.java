package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
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
    "1, LAST, 0",
    "1, CONCAT, 0",
    "2, CONCAT, 0",
    "3, LAST, 0",
    "1, CONCAT, 0.4",
    "2, CONCAT, 0.4"
  })
  void shouldGiveTheGradientsThatFiniteDifferencesGive(int layers, Pooling pooling, float dropout) {
    check(
        new ModelConfig("test", "lstm", 11, 3, 5, layers, pooling, ModelConfig.SENTIMENT_LABELS),
        dropout);
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
            "lstm",
            11,
            embedding,
            5,
            1,
            Pooling.LAST,
            ModelConfig.SENTIMENT_LABELS,
            new NextToken(clusters, divValue, tied)),
        0f);
  }

  private static void check(ModelConfig config, float dropout) {
    Parameters parameters = randomParameters(config, 7);
    PlainKernels kernels = new PlainKernels();
    Weights weights = new Weights(config, parameters, kernels);
    Bptt bptt =
        new Bptt(config, weights, kernels, new Dropout(dropout, dropout, dropout), STEPS, ROWS);
    Chunk[] chunks = chunks();

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
        float epsilon =
            2e-3f; // small, since the maximum of the pool has kinks; float noise is 5e-4
        double up = lossWith(bptt, weights, chunks, at, value + epsilon);
        double down = lossWith(bptt, weights, chunks, at, value - epsilon);
        parameters.values()[at] = value;
        double numeric = (up - down) / (2 * epsilon);
        assertThat((double) gradients[at])
            .as("%s[%d]", tensor.name(), at - offset)
            .isCloseTo(numeric, within(2e-3 + 0.01 * Math.abs(numeric)));
      }
    }
  }

  private static double lossWith(
      Bptt bptt, Weights weights, Chunk[] chunks, int at, float perturbed) {
    weights.pack();
    bptt.clear();
    bptt.run(chunks[0], SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(3));
    float before = weights.parameters.values()[at];
    weights.parameters.values()[at] = perturbed;
    weights.pack();
    bptt.run(chunks[1], SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(4));
    weights.parameters.values()[at] = before;
    return SENTIMENT_SCALE * bptt.sentimentLoss() + NEXT_SCALE * bptt.nextLoss();
  }

  private static void loss(Bptt bptt, Weights weights, Chunk[] chunks) {
    lossWith(bptt, weights, chunks, 0, weights.parameters.values()[0]);
  }

  /** Two chunks of streams in which records end, start, cross the chunks and start afresh. */
  private static Chunk[] chunks() {
    List<Example[]> conversations = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 12; i++) {
      Example[] conversation = new Example[1 + random.nextInt(2)];
      for (int j = 0; j < conversation.length; j++) {
        int[] tokens = random.ints(1 + random.nextInt(5), 1, 11).toArray();
        conversation[j] = new Example(tokens, (byte) (random.nextInt(4) - 1), 0.5f + j);
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

  private static Parameters randomParameters(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (random.nextDouble() - 0.5);
    }
    return parameters;
  }
}
