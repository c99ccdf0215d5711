package io.undercurrent.train;

import io.undercurrent.bench.Alternation;
import io.undercurrent.model.CellType;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A language model, its first weights and its text: B streams of tokens, with the frequencies of
 * words by Zipf and Mandelbrot, p(rank) ~ 1 / (rank + 2.7).
 *
 * @param batch B
 * @param bptt T
 */
record TrainingCase(String name, ModelConfig config, int batch, int bptt) {

  static final float LEARNING_RATE = 1e-3f;

  /** The clipping norm, below the norms of the first steps, so that gradients are clipped. */
  static final float CLIP_GRAD_NORM = 0.25f;

  /** The number of chunks of text, which are read repeatedly. */
  private static final int CHUNKS = 8;

  static List<TrainingCase> all() {
    NextToken adaptive = new NextToken(List.of(1502, 5000), 4, false);
    return List.of(
        new TrainingCase("full softmax", lstm(4_000, 192, 384, 1, NextToken.FULL), 64, 50),
        new TrainingCase("adaptive softmax", lstm(16_000, 192, 384, 1, adaptive), 64, 50),
        new TrainingCase("full softmax", lstm(10_000, 512, 512, 2, NextToken.FULL), 40, 35));
  }

  private static ModelConfig lstm(
      int vocabulary, int embedding, int hidden, int layers, NextToken nextToken) {
    return new ModelConfig(
        "bench", CellType.LSTM, vocabulary, embedding, hidden, layers, 1, Pooling.LAST, nextToken);
  }

  /** The same network on a few tokens only, for a quick run. */
  TrainingCase orQuick() {
    return Alternation.QUICK ? new TrainingCase(name, config, 8, 6) : this;
  }

  int tokensPerStep() {
    return batch * bptt;
  }

  /** First weights, uniform in +-0.1. */
  Parameters parameters() {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (0.2 * random.nextDouble() - 0.1);
    }
    return parameters;
  }

  /** The chunks of all B streams; the last token's target is the first. */
  Chunk[] chunks() {
    double[] cumulative = new double[config.vocabSize()];
    double sum = 0;
    for (int rank = 0; rank < cumulative.length; rank++) {
      sum += 1 / (rank + 3.7);
      cumulative[rank] = sum;
    }
    int length = CHUNKS * bptt;
    Chunk[] chunks = new Chunk[CHUNKS];
    Arrays.setAll(chunks, i -> new Chunk(bptt, batch));
    for (int b = 0; b < batch; b++) {
      SplittableRandom random = new SplittableRandom(b);
      int[] stream = new int[length];
      for (int i = 0; i < length; i++) {
        int at = Arrays.binarySearch(cumulative, random.nextDouble() * sum);
        stream[i] = at < 0 ? -at - 1 : at;
      }
      for (int i = 0; i < length; i++) {
        Chunk chunk = chunks[i / bptt];
        int r = i % bptt * batch + b;
        chunk.token[r] = stream[i];
        chunk.target[r] = stream[(i + 1) % length];
      }
    }
    for (Chunk chunk : chunks) {
      Arrays.fill(chunk.label, Chunk.NO_END);
    }
    return chunks;
  }

  @Override
  public String toString() {
    return "%d x %d, E %d, V %,d, %s, batch %d, BPTT %d"
        .formatted(
            config.numLayers(),
            config.hiddenSize(),
            config.embeddingSize(),
            config.vocabSize(),
            name,
            batch,
            bptt);
  }
}
