package io.undercurrent.train;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.SplittableRandom;

/** The next-token head over a chunk: cross-entropy of a full softmax, and its gradients. */
final class NextTokenLoss {

  /** Positions whose logits over the vocabulary are held at once. */
  private static final int BLOCK = 240;

  private final ModelConfig config;
  private final Weights weights;
  private final Kernels kernels;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final float[] chosenH; // (BLOCK, H)
  private final float[] chosenDh; // (BLOCK, H)
  private final float[] logits; // (BLOCK, V)
  private int positions;

  NextTokenLoss(ModelConfig config, Weights weights, Kernels kernels, int steps, int rows) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.steps = steps;
    this.rows = rows;
    hidden = config.hiddenSize();
    int block = Math.min(BLOCK, steps * rows);
    chosenH = new float[block * hidden];
    chosenDh = new float[block * hidden];
    logits = new float[Math.multiplyExact(block, config.vocabSize())];
  }

  /** Positions that the last {@link #learn} chose. */
  int positions() {
    return positions;
  }

  /**
   * Learns the next token at the chosen positions.
   *
   * @param out top hidden states after dropout, (T * B, H)
   * @param dOut its gradient, added to
   * @param scale what each position's loss is multiplied by
   * @param share of positions that are chosen
   * @return the sum over {@link #positions} of cross-entropies, nats
   */
  double learn(
      Chunk chunk,
      float[] out,
      float[] dOut,
      float scale,
      double share,
      Parameters gradients,
      SplittableRandom random) {
    double loss = 0;
    int[] chosen = new int[steps * rows];
    int count = 0;
    for (int r = 0; r < chosen.length; r++) {
      if (share >= 1 || random.nextDouble() < share) {
        chosen[count++] = r;
      }
    }
    positions = count;
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
        loss += max + Math.log(sum) - targetLogit;
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
    return loss;
  }
}
