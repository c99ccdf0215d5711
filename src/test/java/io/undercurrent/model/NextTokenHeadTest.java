package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NextTokenHeadTest {

  private static final int V = 53;
  private static final int H = 17;
  private static final int ROWS = 9;

  static List<ModelConfig> heads() {
    return List.of(
        config(5, NextToken.FULL),
        config(H, new NextToken(List.of(), 4, true)),
        config(5, new NextToken(List.of(), 4, true)),
        config(5, new NextToken(List.of(20), 4, false)),
        config(5, new NextToken(List.of(1, 2, 52), 2, false)),
        config(5, new NextToken(List.of(10, 30), 1, false)));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveTheProbabilitiesOfTheDefinition(ModelConfig config) {
    Parameters parameters = TinyModel.random(config, 3);
    NextTokenHead head = new NextTokenHead(config, parameters, Kernels.best());
    NextTokenHead.Scratch scratch = expect(head);
    float[] found = new float[V];
    for (int r = 0; r < ROWS; r++) {
      head.probabilities(r, found, scratch);
      double[] expected = reference(config, parameters, Arrays.copyOfRange(h(), r * H, r * H + H));
      for (int w = 0; w < V; w++) {
        assertThat((double) found[w]).as("row %d token %d", r, w).isCloseTo(expected[w], EXACT);
      }
      assertThat(Arrays.stream(expected).sum()).isCloseTo(1, within(1e-12));
    }
  }

  /** Float arithmetic of sums of 17 products, and an exponential to 2e-7. */
  private static final org.assertj.core.data.Offset<Double> EXACT = within(2e-6);

  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveTheSameProbabilitiesAloneInABatchAndAmongTheTop(ModelConfig config) {
    NextTokenHead head = new NextTokenHead(config, TinyModel.random(config, 4), new PlainKernels());
    NextTokenHead.Scratch scratch = expect(head);
    SplittableRandom random = new SplittableRandom(6);
    boolean[] offered = new boolean[V];
    for (int w = 0; w < V; w++) {
      offered[w] = random.nextInt(5) > 0;
    }
    int[] tokens = random.ints(ROWS + 3, 0, V).toArray();
    double[] logs = new double[ROWS];
    head.logProbabilities(ROWS, tokens, 3, logs, scratch);
    float[] all = new float[V];
    for (int r = 0; r < ROWS; r++) {
      head.probabilities(r, all, scratch);
      assertThat(logs[r]).isCloseTo(Math.log(all[tokens[3 + r]]), within(1e-6));
      for (int k : new int[] {1, 5, 40, V}) {
        int[] ids = new int[k];
        float[] probabilities = new float[k];
        int n = head.top(r, offered, ids, probabilities, scratch);
        List<Integer> expected =
            IntStream.range(0, V)
                .filter(w -> offered[w])
                .boxed()
                .sorted(Comparator.comparing((Integer w) -> -all[w]))
                .limit(k)
                .toList();
        assertThat(Arrays.stream(ids).limit(n).boxed()).containsExactlyElementsOf(expected);
        for (int i = 0; i < n; i++) {
          assertThat(probabilities[i]).isEqualTo(all[ids[i]]);
        }
        for (int w = 0; w < V; w++) {
          if (offered[w] && !isAsLikelyAsAnother(w, all)) {
            assertThat(head.isAmongTop(r, w, Math.log(all[w]), offered, k, scratch))
                .as("row %d token %d of %d", r, w, k)
                .isEqualTo(expected.contains(w));
          }
        }
      }
    }
  }

  /** To two ten-thousandths: no answer is wrong then. */
  private static boolean isAsLikelyAsAnother(int token, float[] all) {
    return IntStream.range(0, V)
        .anyMatch(w -> w != token && Math.abs(all[w] - all[token]) < 2e-4 * all[token]);
  }

  private static double[] reference(ModelConfig config, Parameters parameters, float[] h) {
    double[] features = new double[H];
    Arrays.setAll(features, u -> h[u]);
    double[] reading = features;
    if (config.projected()) {
      reading = product(parameters, "next_token.projection.weight", features);
    }
    double[] head = product(parameters, config.headWeight(), reading);
    float[] bias = parameters.copy(config.headBias());
    for (int j = 0; j < head.length; j++) {
      head[j] += bias[j];
    }
    head = ReferenceNetwork.softmax(head);
    int frequent = config.clusterStart(0);
    double[] all = Arrays.copyOf(head, V);
    for (int c = 0; c < config.nextToken().clusters(); c++) {
      double[] narrow = product(parameters, "next_token.tail." + c + ".0.weight", features);
      double[] tail =
          ReferenceNetwork.softmax(
              product(parameters, "next_token.tail." + c + ".1.weight", narrow));
      for (int j = 0; j < tail.length; j++) {
        all[config.clusterStart(c) + j] = head[frequent + c] * tail[j];
      }
    }
    return all;
  }

  private static double[] product(Parameters parameters, String name, double[] x) {
    float[] w = parameters.copy(name);
    double[] y = new double[w.length / x.length];
    for (int i = 0; i < w.length; i++) {
      y[i / x.length] += w[i] * x[i % x.length];
    }
    return y;
  }

  private static NextTokenHead.Scratch expect(NextTokenHead head) {
    NextTokenHead.Scratch scratch = head.scratch(ROWS + 2);
    System.arraycopy(h(), 0, scratch.h(), 0, ROWS * H);
    head.expect(ROWS, scratch);
    return scratch;
  }

  private static float[] h() {
    SplittableRandom random = new SplittableRandom(5);
    float[] h = new float[ROWS * H];
    for (int i = 0; i < h.length; i++) {
      h[i] = (float) (2 * random.nextDouble() - 1);
    }
    return h;
  }

  private static ModelConfig config(int embedding, NextToken nextToken) {
    return new ModelConfig(
        "test",
        Kind.LSTM,
        V,
        embedding,
        H,
        1,
        1,
        Pooling.LAST,
        ModelConfig.SENTIMENT_LABELS,
        nextToken);
  }
}
