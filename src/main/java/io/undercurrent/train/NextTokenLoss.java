package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.Parameters;
import java.util.SplittableRandom;

/**
 * The next-token head over a chunk: cross-entropy of a plain or an adaptive softmax, and its
 * gradients. {@link NextTokenHead} defines the probabilities; {@code ServedForwardTest} holds this
 * class to them at every shape. The loss of a token in a cluster is the loss of the cluster in the
 * first softmax plus the loss of the token in the cluster's softmax. Owned by one thread at a time.
 */
final class NextTokenLoss {

  /** The number of positions that are computed together, which bounds the logits in memory. */
  private static final int BLOCK = 256;

  private final ModelConfig config;
  private final Weights weights;
  private final Kernels kernels;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final int block;
  private final int[] chosen; // (T*B) the chosen positions, ascending
  private final float[] h; // (block, H)
  private final float[] dh; // (block, H)
  private final float[] projected; // (block, E)
  private final float[] dProjected; // (block, E)
  private final float[] logits; // (block, outputs)
  private final int[] member; // (block) positions of the block whose token is in the cluster
  private final float[] memberH; // (block, H)
  private final float[] memberDh; // (block, H)
  private final float[] narrow; // (block, D)
  private final float[] dNarrow; // (block, D)
  private final float[] tail; // (block, tokens of a cluster)
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];
  private final ProductScratch buffers = new ProductScratch();
  private int positions;

  NextTokenLoss(ModelConfig config, Weights weights, Kernels kernels, int steps, int rows) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.steps = steps;
    this.rows = rows;
    hidden = config.hiddenSize();
    int widest = 0;
    int largest = config.headSize();
    for (Weights.Pair pair : weights.tail) {
      widest = Math.max(widest, pair.in);
      largest = Math.max(largest, pair.out);
    }
    block = Math.min(steps * rows, BLOCK);
    chosen = new int[steps * rows];
    h = new float[block * hidden];
    dh = new float[block * hidden];
    projected = new float[weights.projection == null ? 0 : block * weights.projection.out];
    dProjected = new float[projected.length];
    logits = new float[Math.multiplyExact(block, config.headSize())];
    member = new int[block];
    memberH = new float[weights.tail.length == 0 ? 0 : block * hidden];
    memberDh = new float[memberH.length];
    narrow = new float[block * widest];
    dNarrow = new float[block * widest];
    tail = new float[weights.tail.length == 0 ? 0 : Math.multiplyExact(block, largest)];
  }

  /** The number of positions that the last {@link #learn} chose. */
  int positions() {
    return positions;
  }

  /**
   * Learns the next token at the chosen positions, of those where it is to be learnt.
   *
   * @param out top hidden states after dropout, (T * B, H)
   * @param dOut the gradient of {@code out} is added to it
   * @param scale factor of each position's loss in the gradients
   * @param share probability that a position is chosen
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
    positions = 0;
    for (int r = 0; r < steps * rows && share > 0; r++) {
      boolean drawn = share >= 1 || random.nextDouble() < share;
      if (drawn && chunk.nextToken[r]) {
        chosen[positions++] = r;
      }
    }
    double loss = 0;
    for (int from = 0; from < positions; from += block) {
      int n = Math.min(block, positions - from);
      for (int i = 0; i < n; i++) {
        System.arraycopy(out, chosen[from + i] * hidden, h, i * hidden, hidden);
      }
      loss += block(chunk, from, n, scale, gradients.values());
      for (int i = 0; i < n; i++) {
        int to = chosen[from + i] * hidden;
        for (int u = 0; u < hidden; u++) {
          dOut[to + u] += dh[i * hidden + u];
        }
      }
    }
    return loss;
  }

  /**
   * Learns the chosen positions {@code [from, from + n)}: reads {@link #h}, writes {@link #dh}.
   * Returns the sum of cross-entropies.
   */
  private double block(Chunk chunk, int from, int n, float scale, float[] g) {
    int outputs = config.headSize();
    boolean project = weights.projection != null;
    if (project) {
      weights.projection.forward.multiply(n, h, projected, buffers);
    }
    float[] features = project ? projected : h;
    weights.head.forward.multiply(n, features, logits, buffers);
    float[] p = weights.parameters.values();
    int bias = weights.parameters.offset(config.headBias());
    double loss = 0;
    for (int i = 0; i < n; i++) {
      int at = i * outputs;
      for (int j = 0; j < outputs; j++) {
        logits[at + j] += p[bias + j];
      }
      loss += softmax(logits, at, outputs, output(chunk.target[chosen[from + i]]), scale);
      for (int j = 0; j < outputs; j++) {
        g[bias + j] += logits[at + j];
      }
    }
    weights.head.backward.multiply(n, logits, project ? dProjected : dh, buffers);
    gradient(weights.head, n, features, logits, g);
    if (project) {
      weights.projection.backward.multiply(n, dProjected, dh, buffers);
      gradient(weights.projection, n, h, dProjected, g);
    }
    for (int c = 0; c < weights.tail.length; c++) {
      loss += cluster(c, chunk, from, n, scale, g);
    }
    return loss;
  }

  /** The index in the first softmax of a frequent token, or of a rarer token's cluster. */
  private int output(int token) {
    int frequent = config.clusterStart(0);
    if (token < frequent) {
      return token;
    }
    int c = 0;
    while (token >= config.clusterStart(c + 1)) {
      c++;
    }
    return frequent + c;
  }

  /** Learns the tokens of cluster {@code c} and returns the sum of cross-entropies within it. */
  private double cluster(int c, Chunk chunk, int from, int n, float scale, float[] g) {
    int first = config.clusterStart(c);
    int size = config.clusterStart(c + 1) - first;
    int members = 0;
    for (int i = 0; i < n; i++) {
      int target = chunk.target[chosen[from + i]];
      if (target >= first && target < first + size) {
        System.arraycopy(h, i * hidden, memberH, members * hidden, hidden);
        member[members++] = i;
      }
    }
    if (members == 0) {
      return 0;
    }
    weights.narrow[c].forward.multiply(members, memberH, narrow, buffers);
    weights.tail[c].forward.multiply(members, narrow, tail, buffers);
    double loss = 0;
    for (int m = 0; m < members; m++) {
      int target = chunk.target[chosen[from + member[m]]] - first;
      loss += softmax(tail, m * size, size, target, scale);
    }
    weights.tail[c].backward.multiply(members, tail, dNarrow, buffers);
    gradient(weights.tail[c], members, narrow, tail, g);
    weights.narrow[c].backward.multiply(members, dNarrow, memberDh, buffers);
    gradient(weights.narrow[c], members, memberH, dNarrow, g);
    for (int m = 0; m < members; m++) {
      int to = member[m] * hidden;
      for (int u = 0; u < hidden; u++) {
        dh[to + u] += memberDh[m * hidden + u];
      }
    }
    return loss;
  }

  /** Returns the cross-entropy in nats, and replaces the logits by their gradients. */
  private double softmax(float[] x, int at, int n, int target, float scale) {
    float targetLogit = x[at + target];
    float max = kernels.max(x, at, n);
    float sum = kernels.exponentials(x, at, n, max, sums);
    float toGradient = scale / sum;
    for (int j = 0; j < n; j++) {
      x[at + j] *= toGradient;
    }
    x[at + target] -= scale;
    return max + Math.log(sum) - targetLogit;
  }

  /** Adds the gradient of a weight (out, in): the sum over n rows of dOutput input^T. */
  private void gradient(Weights.Pair weight, int n, float[] input, float[] dOutput, float[] g) {
    PackedMatrix inputs = kernels.matrix(n, weight.in);
    inputs.pack(input, 0, weight.in, 1);
    inputs.multiply(
        weight.out, dOutput, 0, 1, weight.out, g, weight.offset, weight.in, true, buffers);
  }
}
