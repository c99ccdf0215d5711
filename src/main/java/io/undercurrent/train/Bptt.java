package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Truncated back-propagation through time for B rows: unrolls T steps, computes the losses and the
 * gradients of all parameters, and carries h, c and the pooling of unfinished records to the next
 * chunk, without gradient. One worker, owned by one thread at a time.
 *
 * <p>Loss = sentimentWeight * mean over labelled records of cross-entropy + nextTokenWeight * mean
 * over chosen positions of cross-entropy; the means are over all workers' rows together.
 */
final class Bptt {

  private final Weights weights;
  private final Dropout dropout;
  private final int steps; // T
  private final int rows; // B
  private final int embedding; // E
  private final LstmLayer[] layers;
  private final SentimentLoss sentiment;
  private final NextTokenLoss nextToken;
  private final float[] x; // (T*B, E) embeddings after dropout
  private final float[] dx; // (T*B, E)
  private final float[] xMask; // (B, E)
  private final float[] wordMask; // (T*B)

  private final Parameters gradients;
  private double sentimentLoss;
  private double nextLoss;

  Bptt(ModelConfig config, Weights weights, Kernels kernels, Dropout dropout, int steps, int rows) {
    this.weights = weights;
    this.dropout = dropout;
    this.steps = steps;
    this.rows = rows;
    embedding = config.embeddingSize();
    layers = new LstmLayer[config.numLayers()];
    Arrays.setAll(
        layers, l -> new LstmLayer(l, config, weights, kernels, dropout.output(), steps, rows));
    sentiment = new SentimentLoss(config, weights, kernels, dropout.features(), steps, rows);
    nextToken = new NextTokenLoss(config, weights, kernels, steps, rows);
    x = new float[steps * rows * embedding];
    dx = new float[x.length];
    xMask = new float[rows * embedding];
    wordMask = new float[steps * rows];
    Arrays.fill(wordMask, 1f);
    gradients = new Parameters(config.tensors());
  }

  /** Gradients of the last chunk. */
  Parameters gradients() {
    return gradients;
  }

  /** Sum over labelled records of the cross-entropy of the last chunk, in nats. */
  double sentimentLoss() {
    return sentimentLoss;
  }

  /** Sum over {@link #nextCount} positions of the cross-entropy of the last chunk, in nats. */
  double nextLoss() {
    return nextLoss;
  }

  int nextCount() {
    return nextToken.positions();
  }

  /** Forgets what earlier chunks left. */
  void clear() {
    for (LstmLayer layer : layers) {
      layer.clear();
    }
    sentiment.clear();
  }

  private List<float[]> carriedArrays() {
    List<float[]> all = new ArrayList<>();
    for (LstmLayer layer : layers) {
      all.addAll(layer.carried());
    }
    all.addAll(sentiment.carried());
    return all;
  }

  /** A copy of what earlier chunks left, as one block: what a stopped run goes on with. */
  Parameters carried() {
    List<float[]> all = carriedArrays();
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      tensors.add(new Tensor("carried." + i, all.get(i).length));
    }
    Parameters block = new Parameters(tensors);
    int at = 0;
    for (float[] array : all) {
      System.arraycopy(array, 0, block.values(), at, array.length);
      at += array.length;
    }
    return block;
  }

  /** Takes over what {@link #carried} gave. */
  void carry(Parameters block) {
    int at = 0;
    for (float[] array : carriedArrays()) {
      System.arraycopy(block.values(), at, array, 0, array.length);
      at += array.length;
    }
  }

  /**
   * Forward and backward through one chunk.
   *
   * @param sentimentScale what each labelled record's loss is multiplied by
   * @param nextScale what each chosen position's next-token loss is multiplied by; 0 leaves the
   *     next-token head out
   * @param nextShare the share of positions that are chosen
   * @param random draws dropout masks and positions
   */
  void run(
      Chunk chunk,
      float sentimentScale,
      float nextScale,
      double nextShare,
      SplittableRandom random) {
    Arrays.fill(gradients.values(), 0f);

    embed(chunk, random);
    float[] input = x;
    for (LstmLayer layer : layers) {
      layer.forward(input, chunk, random);
      input = layer.out;
    }
    float[] dTop = layers[layers.length - 1].dOut;
    Arrays.fill(dTop, 0f);
    sentimentLoss = sentiment.learn(chunk, input, dTop, sentimentScale, gradients, random);
    nextLoss =
        nextToken.learn(
            chunk, input, dTop, nextScale, nextScale == 0f ? 0 : nextShare, gradients, random);
    for (int l = layers.length - 1; l >= 0; l--) {
      layers[l].backward(
          l == 0 ? x : layers[l - 1].out, l == 0 ? dx : layers[l - 1].dOut, chunk, gradients);
    }
    weights.maskGradients(gradients);
    embedBackward(chunk);
  }

  private void embed(Chunk chunk, SplittableRandom random) {
    Dropout.draw(xMask, dropout.embedding(), random);
    if (dropout.words() > 0) {
      drawWords(chunk, random);
    }
    float[] p = weights.parameters.values();
    int table = weights.parameters.offset("embedding.weight");
    for (int r = 0; r < steps * rows; r++) {
      int from = table + chunk.token[r] * embedding;
      int m = (r % rows) * embedding;
      float word = wordMask[r];
      for (int e = 0; e < embedding; e++) {
        x[r * embedding + e] = p[from + e] * xMask[m + e] * word;
      }
    }
  }

  /** Leaves whole words out of a row's input (Gal and Ghahramani 2016). */
  private void drawWords(Chunk chunk, SplittableRandom random) {
    float kept = 1f / (1f - dropout.words());
    for (int b = 0; b < rows; b++) {
      long salt = random.nextLong();
      for (int t = 0; t < steps; t++) {
        int r = t * rows + b;
        boolean out = new SplittableRandom(salt + chunk.token[r]).nextDouble() < dropout.words();
        wordMask[r] = out ? 0f : kept;
      }
    }
  }

  private void embedBackward(Chunk chunk) {
    float[] g = gradients.values();
    int table = gradients.offset("embedding.weight");
    for (int r = 0; r < steps * rows; r++) {
      int to = table + chunk.token[r] * embedding;
      int m = (r % rows) * embedding;
      float word = wordMask[r];
      for (int e = 0; e < embedding; e++) {
        g[to + e] += dx[r * embedding + e] * xMask[m + e] * word;
      }
    }
  }
}
