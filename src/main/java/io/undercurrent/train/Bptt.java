package io.undercurrent.train;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.LstmCell;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
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
 *
 * <p>Big arrays are (T * B, ...) with row {@code t * B + b}; arrays of one step are (B, H) from
 * index 0, which is what the gate loops want.
 */
final class Bptt {

  /** Positions whose logits over the vocabulary are held at once. */
  private static final int NEXT_BLOCK = 240;

  /** Dropout probabilities; masks are drawn once a chunk and row (Gal and Ghahramani 2016). */
  record Dropout(float embedding, float output, float features) {
    static final Dropout NONE = new Dropout(0f, 0f, 0f);
  }

  private final ModelConfig config;
  private final Kernels kernels;
  private final Weights weights;
  private final Dropout dropout;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final int embedding; // E
  private final Layer[] layers;
  private final float[] x; // (T*B, E) embeddings after dropout
  private final float[] dx; // (T*B, E)
  private final float[] xMask; // (B, E)

  // Pooling of each row's unfinished record, carried from chunk to chunk.
  private final float[] poolMax; // (B, H)
  private final float[] poolSum; // (B, H)
  private final int[] poolCount; // (B)

  // Next token
  private final float[] chosenH; // (NEXT_BLOCK, H)
  private final float[] chosenDh; // (NEXT_BLOCK, H)
  private final float[] logits; // (NEXT_BLOCK, V)

  private final Parameters gradients;
  private double sentimentLoss;
  private double nextLoss;
  private int nextCount;

  Bptt(ModelConfig config, Weights weights, Kernels kernels, Dropout dropout, int steps, int rows) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.dropout = dropout;
    this.steps = steps;
    this.rows = rows;
    hidden = config.hiddenSize();
    embedding = config.embeddingSize();
    layers = new Layer[config.numLayers()];
    Arrays.setAll(layers, Layer::new);
    x = new float[steps * rows * embedding];
    dx = new float[x.length];
    xMask = new float[rows * embedding];
    poolMax = new float[rows * hidden];
    poolSum = new float[rows * hidden];
    poolCount = new int[rows];
    int block = Math.min(NEXT_BLOCK, steps * rows);
    chosenH = new float[block * hidden];
    chosenDh = new float[block * hidden];
    logits = new float[Math.multiplyExact(block, config.vocabSize())];
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
    return nextCount;
  }

  /** Forgets what earlier chunks left. */
  void clear() {
    for (Layer layer : layers) {
      Arrays.fill(layer.carriedH, 0f);
      Arrays.fill(layer.carriedC, 0f);
    }
    Arrays.fill(poolCount, 0);
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
    sentimentLoss = 0;
    nextLoss = 0;
    nextCount = 0;

    embed(chunk, random);
    float[] input = x;
    for (Layer layer : layers) {
      layer.forward(input, chunk, random);
      input = layer.out;
    }
    float[] dTop = layers[layers.length - 1].dOut;
    Arrays.fill(dTop, 0f);
    sentiment(chunk, input, dTop, sentimentScale, random);
    if (nextScale != 0f) {
      nextToken(chunk, input, dTop, nextScale, nextShare, random);
    }
    for (int l = layers.length - 1; l >= 0; l--) {
      layers[l].backward(l == 0 ? x : layers[l - 1].out, l == 0 ? dx : layers[l - 1].dOut, chunk);
    }
    embedBackward(chunk);
  }

  private void embed(Chunk chunk, SplittableRandom random) {
    mask(xMask, dropout.embedding, random);
    float[] p = weights.parameters.values();
    int table = weights.parameters.offset("embedding.weight");
    for (int r = 0; r < steps * rows; r++) {
      int from = table + chunk.token[r] * embedding;
      int m = (r % rows) * embedding;
      for (int e = 0; e < embedding; e++) {
        x[r * embedding + e] = p[from + e] * xMask[m + e];
      }
    }
  }

  private void embedBackward(Chunk chunk) {
    float[] g = gradients.values();
    int table = gradients.offset("embedding.weight");
    for (int r = 0; r < steps * rows; r++) {
      int to = table + chunk.token[r] * embedding;
      int m = (r % rows) * embedding;
      for (int e = 0; e < embedding; e++) {
        g[to + e] += dx[r * embedding + e] * xMask[m + e];
      }
    }
  }

  /** One recurrent layer over the chunk. */
  private final class Layer {
    private final int index;
    private final int in; // I
    private final float[] z; // (T*B, 4H) pre-activations from the input; later dz
    private final float[][][] gate; // (T, 4) of (B, H)
    private final float[][] c; // (T) of (B, H)
    private final float[][] cPrev; // (T) of (B, H), after resets
    private final float[][] tanhC; // (T) of (B, H)
    private final float[] hPrev; // (T*B, H), after resets
    private final float[] out; // (T*B, H) h after dropout
    private final float[] dOut; // (T*B, H)
    private final float[] mask; // (B, H)
    private final float[] carriedH; // (B, H)
    private final float[] carriedC; // (B, H)
    private final float[] h; // (B, H)
    private final float[] dh; // (B, H)
    private final float[] dc; // (B, H)
    private final float[] scratch; // (B, H)
    private final PackedMatrix inputRows; // (T*B, I)
    private final PackedMatrix hiddenRows; // (T*B, H)

    Layer(int index) {
      this.index = index;
      in = config.inputSize(index);
      int n = rows * hidden;
      z = new float[steps * rows * 4 * hidden];
      gate = new float[steps][4][n];
      c = new float[steps][n];
      cPrev = new float[steps][n];
      tanhC = new float[steps][n];
      hPrev = new float[steps * n];
      out = new float[steps * n];
      dOut = new float[steps * n];
      mask = new float[n];
      carriedH = new float[n];
      carriedC = new float[n];
      h = new float[n];
      dh = new float[n];
      dc = new float[n];
      scratch = new float[n];
      inputRows = kernels.matrix(steps * rows, in);
      hiddenRows = kernels.matrix(steps * rows, hidden);
    }

    void forward(float[] input, Chunk chunk, SplittableRandom random) {
      mask(mask, dropout.output, random);
      int gates = 4 * hidden;
      int n = rows * hidden;
      float[] p = weights.parameters.values();
      int biasIh = weights.parameters.offset("rnn.bias_ih_l" + index);
      int biasHh = weights.parameters.offset("rnn.bias_hh_l" + index);
      weights.inputForward[index].multiply(steps * rows, input, 0, in, 1, z, 0, gates, false);
      for (int r = 0; r < steps * rows; r++) {
        for (int u = 0; u < gates; u++) {
          z[r * gates + u] += p[biasIh + u] + p[biasHh + u];
        }
      }
      System.arraycopy(carriedH, 0, h, 0, n);
      System.arraycopy(carriedC, 0, scratch, 0, n);
      for (int t = 0; t < steps; t++) {
        for (int b = 0; b < rows; b++) {
          if (chunk.reset[t * rows + b]) {
            Arrays.fill(h, b * hidden, (b + 1) * hidden, 0f);
            Arrays.fill(scratch, b * hidden, (b + 1) * hidden, 0f);
          }
        }
        System.arraycopy(h, 0, hPrev, t * n, n);
        System.arraycopy(scratch, 0, cPrev[t], 0, n);
        weights.recurrentForward[index].multiply(
            rows, h, 0, hidden, 1, z, t * rows * gates, gates, true);
        float[][] s = gate[t];
        for (int b = 0; b < rows; b++) {
          int at = (t * rows + b) * gates;
          for (int k = 0; k < 4; k++) {
            System.arraycopy(z, at + k * hidden, s[k], b * hidden, hidden);
          }
        }
        LstmCell.forward(s[0], s[1], s[2], s[3], cPrev[t], c[t], tanhC[t], h, n);
        System.arraycopy(c[t], 0, scratch, 0, n);
        for (int u = 0; u < n; u++) {
          out[t * n + u] = h[u] * mask[u];
        }
      }
      System.arraycopy(h, 0, carriedH, 0, n);
      System.arraycopy(scratch, 0, carriedC, 0, n);
    }

    void backward(float[] input, float[] dInput, Chunk chunk) {
      int gates = 4 * hidden;
      int n = rows * hidden;
      Arrays.fill(dh, 0f);
      Arrays.fill(dc, 0f);
      for (int t = steps - 1; t >= 0; t--) {
        for (int u = 0; u < n; u++) {
          dh[u] += dOut[t * n + u] * mask[u];
        }
        float[][] s = gate[t];
        LstmCell.backward(dh, dc, s[0], s[1], s[2], s[3], cPrev[t], tanhC[t], scratch, n);
        for (int b = 0; b < rows; b++) {
          int at = (t * rows + b) * gates;
          for (int k = 0; k < 4; k++) {
            System.arraycopy(s[k], b * hidden, z, at + k * hidden, hidden);
          }
        }
        weights.recurrentBackward[index].multiply(
            rows, z, t * rows * gates, gates, 1, dh, 0, hidden, false);
        for (int b = 0; b < rows; b++) {
          if (chunk.reset[t * rows + b]) {
            Arrays.fill(dh, b * hidden, (b + 1) * hidden, 0f);
            Arrays.fill(dc, b * hidden, (b + 1) * hidden, 0f);
          }
        }
      }
      float[] g = gradients.values();
      int all = steps * rows;
      inputRows.pack(input, 0, in, 1);
      int weightIh = gradients.offset("rnn.weight_ih_l" + index);
      inputRows.multiply(gates, z, 0, 1, gates, g, weightIh, in, true);
      hiddenRows.pack(hPrev, 0, hidden, 1);
      int weightHh = gradients.offset("rnn.weight_hh_l" + index);
      hiddenRows.multiply(gates, z, 0, 1, gates, g, weightHh, hidden, true);
      int biasIh = gradients.offset("rnn.bias_ih_l" + index);
      int biasHh = gradients.offset("rnn.bias_hh_l" + index);
      for (int r = 0; r < all; r++) {
        for (int u = 0; u < gates; u++) {
          g[biasIh + u] += z[r * gates + u];
        }
      }
      System.arraycopy(g, biasIh, g, biasHh, gates);
      weights.inputBackward[index].multiply(all, z, 0, gates, 1, dInput, 0, in, false);
    }
  }

  /** One labelled record that ends in the chunk. */
  private record Ended(
      int row, int first, int last, int count, int label, float weight, int[] maxAt) {}

  /**
   * Pools every record's states up to its last token, and learns the sentiment of the labelled
   * ones. Of a record that began in an earlier chunk only the positions in this one get gradients.
   */
  private void sentiment(
      Chunk chunk, float[] out, float[] dOut, float scale, SplittableRandom random) {
    int parts = config.pooling().parts();
    List<Ended> ended = new ArrayList<>();
    List<float[]> features = new ArrayList<>();
    int[] maxAt = new int[hidden];
    for (int b = 0; b < rows; b++) {
      int first = 0;
      Arrays.fill(maxAt, -1);
      for (int t = 0; t < steps; t++) {
        int r = t * rows + b;
        if (chunk.start[r]) {
          first = t;
          poolCount[b] = 0;
          Arrays.fill(poolMax, b * hidden, (b + 1) * hidden, Float.NEGATIVE_INFINITY);
          Arrays.fill(poolSum, b * hidden, (b + 1) * hidden, 0f);
        }
        pool(b, t, out, r * hidden, maxAt);
        if (chunk.label[r] >= 0) {
          float[] f = new float[parts * hidden];
          System.arraycopy(out, r * hidden, f, 0, hidden);
          if (config.pooling() == Pooling.CONCAT) {
            System.arraycopy(poolMax, b * hidden, f, hidden, hidden);
            for (int u = 0; u < hidden; u++) {
              f[2 * hidden + u] = poolSum[b * hidden + u] / poolCount[b];
            }
          }
          features.add(f);
          ended.add(
              new Ended(b, first, t, poolCount[b], chunk.label[r], chunk.weight[r], maxAt.clone()));
        }
      }
    }
    float[] p = weights.parameters.values();
    float[] g = gradients.values();
    int w = weights.parameters.offset("sentiment.weight");
    int bias = weights.parameters.offset("sentiment.bias");
    int classes = config.classes();
    float[] logit = new float[classes];
    float[] mask = new float[parts * hidden];
    float[] df = new float[parts * hidden];
    for (int e = 0; e < ended.size(); e++) {
      float[] f = features.get(e);
      mask(mask, dropout.features, random);
      for (int u = 0; u < f.length; u++) {
        f[u] *= mask[u];
      }
      for (int k = 0; k < classes; k++) {
        float sum = p[bias + k];
        for (int u = 0; u < f.length; u++) {
          sum += p[w + k * f.length + u] * f[u];
        }
        logit[k] = sum;
      }
      int label = ended.get(e).label;
      float labelLogit = logit[label];
      float max = Functions.max(logit, 0, classes);
      float sum = kernels.exponentials(logit, 0, classes, max);
      float weight = ended.get(e).weight;
      sentimentLoss += weight * (max + Math.log(sum) - labelLogit);
      Arrays.fill(df, 0f);
      for (int k = 0; k < classes; k++) {
        float d = scale * weight * (logit[k] / sum - (k == label ? 1f : 0f));
        g[bias + k] += d;
        for (int u = 0; u < f.length; u++) {
          g[w + k * f.length + u] += d * f[u];
          df[u] += d * p[w + k * f.length + u];
        }
      }
      for (int u = 0; u < f.length; u++) {
        df[u] *= mask[u];
      }
      unpool(ended.get(e), df, dOut);
    }
  }

  private void pool(int b, int t, float[] out, int at, int[] maxAt) {
    poolCount[b]++;
    for (int u = 0; u < hidden; u++) {
      float value = out[at + u];
      poolSum[b * hidden + u] += value;
      if (value > poolMax[b * hidden + u]) {
        poolMax[b * hidden + u] = value;
        maxAt[u] = t;
      }
    }
  }

  private void unpool(Ended record, float[] df, float[] dOut) {
    int last = (record.last * rows + record.row) * hidden;
    for (int u = 0; u < hidden; u++) {
      dOut[last + u] += df[u];
    }
    if (config.pooling() == Pooling.LAST) {
      return;
    }
    for (int u = 0; u < hidden; u++) {
      if (record.maxAt[u] >= record.first) {
        dOut[(record.maxAt[u] * rows + record.row) * hidden + u] += df[hidden + u];
      }
    }
    for (int t = record.first; t <= record.last; t++) {
      int at = (t * rows + record.row) * hidden;
      for (int u = 0; u < hidden; u++) {
        dOut[at + u] += df[2 * hidden + u] / record.count;
      }
    }
  }

  /** Cross-entropy of the next token at the chosen positions, full softmax. */
  private void nextToken(
      Chunk chunk, float[] out, float[] dOut, float scale, double share, SplittableRandom random) {
    int[] chosen = new int[steps * rows];
    int count = 0;
    for (int r = 0; r < chosen.length; r++) {
      if (share >= 1 || random.nextDouble() < share) {
        chosen[count++] = r;
      }
    }
    nextCount = count;
    int v = config.vocabSize();
    float[] p = weights.parameters.values();
    float[] g = gradients.values();
    int w = weights.parameters.offset("next_token.weight");
    int bias = weights.parameters.offset("next_token.bias");
    int block = logits.length / v;
    for (int from = 0; from < count; from += block) {
      int n = Math.min(block, count - from);
      for (int i = 0; i < n; i++) {
        System.arraycopy(out, chosen[from + i] * hidden, chosenH, i * hidden, hidden);
      }
      weights.nextForward.multiply(n, chosenH, logits);
      for (int i = 0; i < n; i++) {
        int at = i * v;
        for (int j = 0; j < v; j++) {
          logits[at + j] += p[bias + j];
        }
        int target = chunk.target[chosen[from + i]];
        float targetLogit = logits[at + target];
        float max = Functions.max(logits, at, v);
        float sum = kernels.exponentials(logits, at, v, max);
        nextLoss += max + Math.log(sum) - targetLogit;
        float toGradient = scale / sum;
        for (int j = 0; j < v; j++) {
          logits[at + j] *= toGradient;
        }
        logits[at + target] -= scale;
        for (int j = 0; j < v; j++) {
          g[bias + j] += logits[at + j];
        }
      }
      weights.nextBackward.multiply(n, logits, chosenDh);
      for (int i = 0; i < n; i++) {
        int to = chosen[from + i] * hidden;
        for (int u = 0; u < hidden; u++) {
          dOut[to + u] += chosenDh[i * hidden + u];
        }
      }
      PackedMatrix chosenRows = kernels.matrix(n, hidden);
      chosenRows.pack(chosenH, 0, hidden, 1);
      chosenRows.multiply(v, logits, 0, 1, v, g, w, hidden, true);
    }
  }

  private static void mask(float[] mask, float probability, SplittableRandom random) {
    if (probability == 0f) {
      Arrays.fill(mask, 1f);
      return;
    }
    float kept = 1f / (1f - probability);
    for (int i = 0; i < mask.length; i++) {
      mask[i] = random.nextDouble() < probability ? 0f : kept;
    }
  }
}
