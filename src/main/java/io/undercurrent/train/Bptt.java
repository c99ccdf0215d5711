package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
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
 * chunk, without gradient. Each worker has one; owned by one thread at a time.
 *
 * <pre>
 *   loss = sentimentWeight * mean cross-entropy of labelled records
 *        + nextTokenWeight * mean cross-entropy of chosen positions
 * </pre>
 *
 * <p>The means are over the rows of all workers.
 */
final class Bptt {

  private final Weights weights;
  private final Dropout dropout;
  private final int rows; // B
  private final int embedding; // E
  private final Windows windows; // of n tokens
  private final RecurrentLayer[] layers;
  private final SentimentLoss sentiment;
  private final NextTokenLoss nextToken;
  private final float[] x; // (T*B, n*E) embeddings after dropout
  private final float[] dx; // (T*B, n*E)
  private final float[] xMask; // (B, E)
  private final float[] wordMask; // (T*B, n) factor of each word

  private final Parameters gradients;
  private double sentimentLoss;
  private double nextLoss;

  Bptt(ModelConfig config, Weights weights, Kernels kernels, Dropout dropout, int steps, int rows) {
    this.weights = weights;
    this.dropout = dropout;
    this.rows = rows;
    embedding = config.embeddingSize();
    windows = new Windows(config.window(), steps, rows);
    layers = new RecurrentLayer[config.numLayers()];
    Arrays.setAll(
        layers,
        l -> new RecurrentLayer(l, config, weights, kernels, dropout.output(), steps, rows));
    sentiment = new SentimentLoss(config, weights, kernels, dropout.features(), steps, rows);
    nextToken = new NextTokenLoss(config, weights, kernels, steps, rows);
    x = new float[windows.token.length * embedding];
    dx = new float[x.length];
    xMask = new float[rows * embedding];
    wordMask = new float[windows.token.length];
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

  /** Positions whose next token the last chunk learnt. */
  int nextCount() {
    return nextToken.positions();
  }

  /** Forgets what earlier chunks carried over. */
  void clear() {
    for (RecurrentLayer layer : layers) {
      layer.clear();
    }
    windows.clear();
    sentiment.clear();
  }

  private List<float[]> carriedArrays() {
    List<float[]> all = new ArrayList<>();
    for (RecurrentLayer layer : layers) {
      all.addAll(layer.carried());
    }
    all.addAll(sentiment.carried());
    all.addAll(windows.carried());
    return all;
  }

  /** A copy of what is carried to the next chunk, from which a stopped run continues. */
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

  /** Restores what {@link #carried} returned. */
  void restore(Parameters block) {
    int at = 0;
    for (float[] array : carriedArrays()) {
      System.arraycopy(block.values(), at, array, 0, array.length);
      at += array.length;
    }
  }

  /**
   * Forward and backward through one chunk.
   *
   * @param sentimentScale factor of each labelled record's loss
   * @param nextScale factor of each chosen position's next-token loss; with 0 the next-token head
   *     is not computed
   * @param nextShare the share of positions that are chosen
   * @param random for dropout masks and positions
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
    for (RecurrentLayer layer : layers) {
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
    embedBackward();
  }

  private void embed(Chunk chunk, SplittableRandom random) {
    Dropout.draw(xMask, dropout.embedding(), random);
    windows.read(chunk);
    if (dropout.words() > 0) {
      drawWords(random);
    }
    float[] p = weights.parameters.values();
    int table = weights.parameters.offset("embedding.weight");
    for (int i = 0; i < windows.token.length; i++) {
      int token = windows.token[i];
      if (token == HiddenState.NO_TOKEN) {
        Arrays.fill(x, i * embedding, (i + 1) * embedding, 0f);
        continue;
      }
      int from = table + token * embedding;
      int m = windows.row(i) * embedding;
      float word = wordMask[i];
      for (int e = 0; e < embedding; e++) {
        x[i * embedding + e] = p[from + e] * xMask[m + e] * word;
      }
    }
  }

  /** Draws the words that are left out of a row's input (Gal and Ghahramani 2016). */
  private void drawWords(SplittableRandom random) {
    float kept = 1f / (1f - dropout.words());
    long[] salt = random.longs(rows).toArray();
    for (int i = 0; i < wordMask.length; i++) {
      long seed = salt[windows.row(i)] + windows.token[i];
      wordMask[i] = new SplittableRandom(seed).nextDouble() < dropout.words() ? 0f : kept;
    }
  }

  private void embedBackward() {
    float[] g = gradients.values();
    int table = gradients.offset("embedding.weight");
    for (int i = 0; i < windows.token.length; i++) {
      int token = windows.token[i];
      if (token == HiddenState.NO_TOKEN) {
        continue;
      }
      int to = table + token * embedding;
      int m = windows.row(i) * embedding;
      float word = wordMask[i];
      for (int e = 0; e < embedding; e++) {
        g[to + e] += dx[i * embedding + e] * xMask[m + e] * word;
      }
    }
  }
}
