package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NextTokenHeadTest {

  private static final int V = 53;
  private static final int MANY = 700; // tokens, for more than one block of the search
  private static final int H = 17;
  private static final int ROWS = 9;

  static List<ModelConfig> heads() {
    return List.of(
        config(5, NextToken.FULL),
        config(H, new NextToken(List.of(), 4, true)),
        config(5, new NextToken(List.of(), 4, true)),
        config(5, new NextToken(List.of(20), 4, false)),
        config(5, new NextToken(List.of(1, 2, 52), 2, false)),
        config(5, new NextToken(List.of(10, 30), 1, false)),
        config(MANY, 5, NextToken.FULL),
        config(MANY, 5, new NextToken(List.of(300), 4, false)));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveTheProbabilitiesOfTheDefinition(ModelConfig config) {
    int vocabSize = config.vocabSize();
    Parameters parameters = TinyModel.random(config, 3);
    NextTokenHead head = new NextTokenHead(config, parameters, Kernels.best());
    NextTokenHead.Scratch scratch = expect(head);
    float[] found = new float[vocabSize];
    for (int r = 0; r < ROWS; r++) {
      head.probabilities(r, found, scratch);
      double[] expected = reference(config, parameters, Arrays.copyOfRange(h(), r * H, r * H + H));
      for (int w = 0; w < vocabSize; w++) {
        assertThat((double) found[w]).as("row %d token %d", r, w).isCloseTo(expected[w], EXACT);
      }
      assertThat(Arrays.stream(expected).sum()).isCloseTo(1, within(1e-12));
    }
  }

  /** Allows for float sums of 17 products, and an exponential exact to 2e-7. */
  private static final org.assertj.core.data.Offset<Double> EXACT = within(2e-6);

  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveTheSameProbabilitiesAloneInABatchAndAmongTheTop(ModelConfig config) {
    int vocabSize = config.vocabSize();
    NextTokenHead head = new NextTokenHead(config, TinyModel.random(config, 4), new PlainKernels());
    NextTokenHead.Scratch scratch = expect(head);
    SplittableRandom random = new SplittableRandom(6);
    boolean[] offered = offered(random, config.vocabSize());
    int[] tokens = random.ints(ROWS, 0, config.vocabSize()).toArray();
    boolean[] wanted = new boolean[ROWS];
    float[] all = new float[vocabSize];
    for (int k : new int[] {1, 5, 40, vocabSize}) {
      for (int r = 0; r < ROWS; r++) {
        wanted[r] = random.nextBoolean();
      }
      double[] logs = new double[ROWS];
      TopK together = new TopK(ROWS, k);
      head.read(ROWS, tokens, logs, wanted, offered, together, scratch);
      for (int r = 0; r < ROWS; r++) {
        head.probabilities(r, all, scratch);
        assertThat(logs[r]).isCloseTo(Math.log(all[tokens[r]]), within(1e-6));
        TopK alone = new TopK(1, k);
        head.top(r, offered, alone, scratch);
        assertLikeliest(alone, 0, k, offered, all);
        if (wanted[r]) {
          assertLikeliest(together, r, k, offered, all);
        } else {
          assertThat(together.count(r)).isZero();
        }
      }
    }
  }

  private static boolean[] offered(SplittableRandom random, int vocabSize) {
    boolean[] offered = new boolean[vocabSize];
    for (int w = 0; w < vocabSize; w++) {
      offered[w] = random.nextInt(5) > 0;
    }
    return offered;
  }

  private static List<Integer> ids(TopK found, int row) {
    return IntStream.range(0, found.count(row)).mapToObj(i -> found.id(row, i)).toList();
  }

  private static void assertLikeliest(TopK found, int row, int k, boolean[] offered, float[] all) {
    List<Integer> expected =
        IntStream.range(0, all.length)
            .filter(w -> offered[w])
            .boxed()
            .sorted(Comparator.comparing((Integer w) -> -all[w]))
            .limit(k)
            .toList();
    assertThat(ids(found, row)).isEqualTo(expected);
    for (int i = 0; i < found.count(row); i++) {
      assertThat(found.probability(row, i)).isEqualTo(all[found.id(row, i)]);
    }
  }

  @ParameterizedTest
  @MethodSource("heads")
  void shouldGiveARowTheSameBitsInEveryBatch(ModelConfig config) {
    NextTokenHead head = new NextTokenHead(config, TinyModel.random(config, 7), Kernels.best());
    SplittableRandom random = new SplittableRandom(8);
    boolean[] offered = offered(random, config.vocabSize());
    int[] tokens = random.ints(ROWS, 0, config.vocabSize()).toArray();
    boolean[] all = new boolean[ROWS];
    Arrays.fill(all, true);
    double[] logs = new double[ROWS];
    TopK together = new TopK(ROWS, 4);
    head.read(ROWS, tokens, logs, all, offered, together, expect(head));
    for (int r = 0; r < ROWS; r++) {
      NextTokenHead.Scratch scratch = head.scratch(1);
      System.arraycopy(h(), r * H, scratch.h(), 0, H);
      head.expect(1, scratch);
      double[] log = new double[1];
      TopK alone = new TopK(1, 4);
      head.read(1, new int[] {tokens[r]}, log, all, offered, alone, scratch);
      assertThat(log[0]).isEqualTo(logs[r]);
      assertThat(alone.count(0)).isEqualTo(together.count(r));
      for (int i = 0; i < alone.count(0); i++) {
        assertThat(alone.id(0, i)).isEqualTo(together.id(r, i));
        assertThat(alone.probability(0, i)).isEqualTo(together.probability(r, i));
      }
    }
  }

  @Test
  void shouldSkipClustersThatCannotReachTheLikeliestAndCountThem() {
    ModelConfig config = config(5, new NextToken(List.of(10, 30), 1, false));
    for (float bias : new float[] {-30, 30}) { // of both clusters
      Parameters parameters = TinyModel.random(config, 9);
      int at = parameters.offset("next_token.head.bias") + 10;
      Arrays.fill(parameters.values(), at, at + 2, bias);
      NextTokenHead head = new NextTokenHead(config, parameters, Kernels.best());
      NextTokenHead.Scratch scratch = expect(head);
      boolean[] wanted = new boolean[ROWS];
      Arrays.fill(wanted, 0, 4, true);
      boolean[] offered = new boolean[V];
      Arrays.fill(offered, true);
      TopK topK = new TopK(ROWS, 5);
      head.read(ROWS, new int[ROWS], new double[ROWS], wanted, offered, topK, scratch);
      assertThat(scratch.skippedClusters()).isEqualTo(bias < 0 ? 8 : 0);
      assertThat(scratch.searchedClusters()).isEqualTo(bias < 0 ? 0 : 8);
    }
  }

  /** Uses the plain kernels, which allocate nothing even before they are compiled. */
  @ParameterizedTest
  @MethodSource("heads")
  void shouldAllocateNothingForAPosition(ModelConfig config) {
    NextTokenHead head = new NextTokenHead(config, TinyModel.random(config, 4), new PlainKernels());
    NextTokenHead.Scratch scratch = head.scratch(1);
    System.arraycopy(h(), 0, scratch.h(), 0, H);
    boolean[] offered = offered(new SplittableRandom(6), config.vocabSize());
    int[] token = {config.vocabSize() - 1};
    double[] log = new double[1];
    boolean[] wanted = {true};
    TopK topK = new TopK(1, 5);
    long nothing = Long.MAX_VALUE; // the measurement allocates too, at first more
    long allocated = Long.MAX_VALUE;
    for (int round = 0; round < 10; round++) {
      long before = allocatedBytes();
      nothing = Math.min(nothing, allocatedBytes() - before);
      before = allocatedBytes();
      for (int i = 0; i < 100; i++) {
        head.expect(1, scratch);
        head.read(1, token, log, wanted, offered, topK, scratch);
      }
      allocated = Math.min(allocated, allocatedBytes() - before);
    }
    assertThat(allocated).isEqualTo(nothing);
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
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
    double[] all = Arrays.copyOf(head, config.vocabSize());
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
    return config(V, embedding, nextToken);
  }

  private static ModelConfig config(int vocabSize, int embedding, NextToken nextToken) {
    return new ModelConfig(
        "test", CellType.LSTM, vocabSize, embedding, H, 1, 1, Pooling.LAST, nextToken);
  }
}
