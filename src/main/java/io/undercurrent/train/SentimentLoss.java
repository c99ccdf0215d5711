package io.undercurrent.train;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The sentiment head over a chunk, forward and backward: pooling, attention if the network has it,
 * and cross-entropy. {@link io.undercurrent.model.Pool} and {@link
 * io.undercurrent.model.Network#sentimentLogits} define the forward pass; {@code BpttTest} holds
 * this class to them. Carries the pooling of each row's unfinished record and the row's past
 * records to the next chunk, without gradient. Owned by one thread at a time.
 */
final class SentimentLoss {

  /** The logit of a class that a label is not compared with: its exponential is 0. */
  private static final float EXCLUDED = -1e9f;

  private final ModelConfig config;
  private final Weights weights;
  private final Kernels kernels;
  private final float dropout;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final float[] poolMax; // (B, H)
  private final float[] poolSum; // (B, H)
  private final float[] poolCount; // (B) tokens so far
  private final AttentionLayer attention; // or null

  SentimentLoss(
      ModelConfig config, Weights weights, Kernels kernels, float dropout, int steps, int rows) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.dropout = dropout;
    this.steps = steps;
    this.rows = rows;
    hidden = config.hiddenSize();
    poolMax = new float[rows * hidden];
    poolSum = new float[rows * hidden];
    poolCount = new float[rows];
    attention = config.attention().on() ? new AttentionLayer(config, weights, kernels, rows) : null;
  }

  /** Forgets what earlier chunks carried over. */
  void clear() {
    Arrays.fill(poolCount, 0);
    if (attention != null) {
      attention.clear();
    }
  }

  /** The arrays that are carried to the next chunk, not copied. */
  List<float[]> carried() {
    List<float[]> carried = new ArrayList<>(List.of(poolMax, poolSum, poolCount));
    if (attention != null) {
      carried.addAll(attention.carried());
    }
    return carried;
  }

  /**
   * A labelled record that ends in the chunk.
   *
   * @param first step of its first token in the chunk
   * @param last step of its last token
   * @param count its tokens, also those of earlier chunks
   * @param maxAt (H) step of the maximum of each unit; -1 if it was in an earlier chunk
   * @param look null without attention
   */
  private record Ended(
      int row,
      int first,
      int last,
      float count,
      int label,
      float weight,
      int classes,
      int[] maxAt,
      AttentionLayer.Look look) {}

  /**
   * Pools the states of every record up to its last token, and learns the sentiment of the labelled
   * records. Only positions in this chunk get gradients, also if a record began in an earlier one.
   *
   * @param out top hidden states after dropout, (T * B, H)
   * @param dOut the gradient of {@code out} is added to it
   * @param scale factor of each record's loss in the gradients
   * @return the sum over labelled records of weight times cross-entropy, nats
   */
  double learn(
      Chunk chunk,
      float[] out,
      float[] dOut,
      float scale,
      Parameters gradients,
      SplittableRandom random) {
    double loss = 0;
    int size = config.sentimentSize();
    if (attention != null) {
      attention.begin();
    }
    List<Ended> ended = new ArrayList<>();
    List<float[]> features = new ArrayList<>();
    int[] maxAt = new int[hidden];
    for (int b = 0; b < rows; b++) {
      int first = 0;
      Arrays.fill(maxAt, -1);
      for (int t = 0; t < steps; t++) {
        int r = t * rows + b;
        if (chunk.reset[r] && attention != null) {
          attention.forget(b);
        }
        if (chunk.start[r]) {
          first = t;
          poolCount[b] = 0;
          Arrays.fill(poolMax, b * hidden, (b + 1) * hidden, -Float.MAX_VALUE);
          Arrays.fill(poolSum, b * hidden, (b + 1) * hidden, 0f);
        }
        pool(b, t, out, r * hidden, maxAt);
        if (chunk.label[r] >= 0) {
          float[] f = new float[size];
          System.arraycopy(out, r * hidden, f, 0, hidden);
          if (config.pooling() == Pooling.CONCAT) {
            System.arraycopy(poolMax, b * hidden, f, hidden, hidden);
            for (int u = 0; u < hidden; u++) {
              f[2 * hidden + u] = poolSum[b * hidden + u] / poolCount[b];
            }
          }
          AttentionLayer.Look look =
              attention == null ? null : attention.look(b, f, config.pooling().parts() * hidden);
          features.add(f);
          ended.add(
              new Ended(
                  b,
                  first,
                  t,
                  poolCount[b],
                  chunk.label[r],
                  chunk.weight[r],
                  chunk.classes[r],
                  maxAt.clone(),
                  look));
        }
        if (chunk.label[r] != Chunk.NO_END && attention != null) {
          attention.remember(b, out, r * hidden);
        }
      }
    }
    float[] p = weights.parameters.values();
    float[] g = gradients.values();
    int w = weights.parameters.offset("sentiment.weight");
    int bias = weights.parameters.offset("sentiment.bias");
    int classes = config.classes();
    float[] logit = new float[classes];
    float[] mask = new float[size];
    float[] df = new float[size];
    float[] sums = new float[Kernels.PARTIAL_SUMS];
    for (int e = 0; e < ended.size(); e++) {
      float[] f = features.get(e);
      Dropout.draw(mask, dropout, random);
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
      int compared = ended.get(e).classes;
      for (int k = 0; k < classes; k++) {
        if ((compared >> k & 1) == 0) {
          logit[k] = EXCLUDED;
        }
      }
      int label = ended.get(e).label;
      float labelLogit = logit[label];
      float max = Functions.max(logit, 0, classes);
      float sum = kernels.exponentials(logit, 0, classes, max, sums);
      float weight = ended.get(e).weight;
      loss += weight * (max + Math.log(sum) - labelLogit);
      Arrays.fill(df, 0f);
      for (int k = 0; k < classes; k++) {
        if ((compared >> k & 1) == 0) {
          continue;
        }
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
      if (attention != null) {
        int last = (ended.get(e).last * rows + ended.get(e).row) * hidden;
        int context = config.pooling().parts() * hidden;
        attention.backward(ended.get(e).look, df, context, dOut, last, gradients);
      }
    }
    if (attention != null) {
      attention.end(dOut, gradients);
    }
    return loss;
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
}
