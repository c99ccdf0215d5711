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
 * and cross-entropy with hard and soft labels. {@link io.undercurrent.model.Pool} and {@link
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
  private final float[] p; // (classes) probabilities
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];
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
    p = new float[config.classes()];
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
      int row, int first, int last, float count, int[] maxAt, AttentionLayer.Look look) {}

  /**
   * Pools the states of every record up to its last token, and learns the sentiment of the labelled
   * records. Only positions in this chunk get gradients, also if a record began in an earlier one.
   *
   * @param out top hidden states after dropout, (T * B, H)
   * @param dOut the gradient of {@code out} is added to it
   * @param scale factor of each record's loss in the gradients
   * @return the sum over labelled records of their weighted losses, nats
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
        if (chunk.isLabelled(r)) {
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
          ended.add(new Ended(b, first, t, poolCount[b], maxAt.clone(), look));
        }
        if (chunk.label[r] != Chunk.NO_END && attention != null) {
          attention.remember(b, out, r * hidden);
        }
      }
    }
    float[] v = weights.parameters.values();
    float[] g = gradients.values();
    int w = weights.parameters.offset("sentiment.weight");
    int bias = weights.parameters.offset("sentiment.bias");
    int classes = config.classes();
    float[] logit = new float[classes];
    float[] dLogit = new float[classes];
    float[] mask = new float[size];
    float[] df = new float[size];
    for (int e = 0; e < ended.size(); e++) {
      float[] f = features.get(e);
      Dropout.draw(mask, dropout, random);
      for (int u = 0; u < f.length; u++) {
        f[u] *= mask[u];
      }
      for (int k = 0; k < classes; k++) {
        float sum = v[bias + k];
        for (int u = 0; u < f.length; u++) {
          sum += v[w + k * f.length + u] * f[u];
        }
        logit[k] = sum;
      }
      int at = ended.get(e).last * rows + ended.get(e).row;
      loss += crossEntropy(chunk, at, scale, logit, dLogit);
      Arrays.fill(df, 0f);
      for (int k = 0; k < classes; k++) {
        float d = dLogit[k];
        if (d == 0f) {
          continue; // for one a class that the label is not compared with
        }
        g[bias + k] += d;
        for (int u = 0; u < f.length; u++) {
          g[w + k * f.length + u] += d * f[u];
          df[u] += d * v[w + k * f.length + u];
        }
      }
      for (int u = 0; u < f.length; u++) {
        df[u] *= mask[u];
      }
      unpool(ended.get(e), df, dOut);
      if (attention != null) {
        int context = config.pooling().parts() * hidden;
        attention.backward(ended.get(e).look, df, context, dOut, at * hidden, gradients);
      }
    }
    if (attention != null) {
      attention.end(dOut, gradients);
    }
    return loss;
  }

  /**
   * The weighted loss of the record that ends at a position, as {@link LabelUse} defines it, nats.
   *
   * @param scale factor of the loss in the gradient
   * @param logit (classes)
   * @param dLogit out: the gradient of {@code logit}
   */
  private double crossEntropy(Chunk chunk, int at, float scale, float[] logit, float[] dLogit) {
    LabelUse use = chunk.use[at];
    int label = chunk.label[at];
    float[] soft = chunk.soft[at];
    float weight = chunk.weight[at];
    Arrays.fill(dLogit, 0f);
    if (soft == null) {
      return weight * hard(label, use.classes(), logit, scale * weight, dLogit);
    }
    float ofSoft = label < 0 ? weight : weight * use.softWeight();
    float ofHard = weight - ofSoft;
    double loss = ofSoft * soft(soft, use.temperature(), logit, scale * ofSoft, dLogit);
    if (ofHard != 0f) {
      loss += ofHard * hard(label, use.classes(), logit, scale * ofHard, dLogit);
    }
    return loss;
  }

  /**
   * The cross-entropy of a label over the classes that it is compared with.
   *
   * @param weight factor of the gradient, which is added to {@code dLogit}
   */
  private double hard(int label, long compared, float[] logit, float weight, float[] dLogit) {
    for (int k = 0; k < logit.length; k++) {
      p[k] = (compared >> k & 1) == 0 ? EXCLUDED : logit[k];
    }
    float max = Functions.max(p, 0, p.length);
    float sum = kernels.exponentials(p, 0, p.length, max, sums);
    for (int k = 0; k < logit.length; k++) {
      if ((compared >> k & 1) != 0) {
        dLogit[k] += weight * (p[k] / sum - (k == label ? 1f : 0f));
      }
    }
    return max + Math.log(sum) - logit[label];
  }

  /**
   * The cross-entropy of a soft label at temperature T, times T^2. The derivative of the softmax of
   * z / T has a factor 1 / T, so the gradient is T * (softmax(z / T) - soft).
   *
   * @param weight factor of the gradient, which is added to {@code dLogit}
   */
  private double soft(
      float[] soft, float temperature, float[] logit, float weight, float[] dLogit) {
    double expected = 0; // of z / T under the soft label
    for (int k = 0; k < logit.length; k++) {
      p[k] = logit[k] / temperature;
      expected += soft[k] * p[k];
    }
    float max = Functions.max(p, 0, p.length);
    float sum = kernels.exponentials(p, 0, p.length, max, sums);
    for (int k = 0; k < logit.length; k++) {
      dLogit[k] += weight * temperature * (p[k] / sum - soft[k]);
    }
    return temperature * temperature * (max + Math.log(sum) - expected);
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
