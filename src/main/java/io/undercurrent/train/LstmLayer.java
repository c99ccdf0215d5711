package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.LstmCell;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One LSTM layer over a chunk: T steps forward, T steps back. Carries h and c to the next chunk,
 * without gradient.
 *
 * <p>Big arrays are (T * B, ...) with row {@code t * B + b}; arrays of one step are (B, H) from
 * index 0, which is what the gate loops want.
 */
final class LstmLayer {

  private final int index;
  private final Weights weights;
  private final float dropout;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final int in; // I
  private final float[] z; // (T*B, 4H) pre-activations from the input; later dz
  private final float[][][] gate; // (T, 4) of (B, H)
  private final float[][] c; // (T) of (B, H)
  private final float[][] cPrev; // (T) of (B, H), after resets
  private final float[][] tanhC; // (T) of (B, H)
  private final float[] hPrev; // (T*B, H), after resets
  final float[] out; // (T*B, H) h after dropout
  final float[] dOut; // (T*B, H) its gradient
  private final float[] mask; // (B, H)
  private final float[] carriedH; // (B, H)
  private final float[] carriedC; // (B, H)
  private final float[] h; // (B, H)
  private final float[] dh; // (B, H)
  private final float[] dc; // (B, H)
  private final float[] scratch; // (B, H)
  private final PackedMatrix inputRows; // (T*B, I)
  private final PackedMatrix hiddenRows; // (T*B, H)

  LstmLayer(
      int index,
      ModelConfig config,
      Weights weights,
      Kernels kernels,
      float dropout,
      int steps,
      int rows) {
    this.index = index;
    this.weights = weights;
    this.dropout = dropout;
    this.steps = steps;
    this.rows = rows;
    hidden = config.hiddenSize();
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

  /** Forgets what earlier chunks left. */
  void clear() {
    Arrays.fill(carriedH, 0f);
    Arrays.fill(carriedC, 0f);
  }

  /** What is carried over to the next chunk, shared and not copied. */
  List<float[]> carried() {
    return List.of(carriedH, carriedC);
  }

  void forward(float[] input, Chunk chunk, SplittableRandom random) {
    Dropout.draw(mask, dropout, random);
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

  /** Needs {@link #dOut}; leaves the gradient of the input in {@code dInput}. */
  void backward(float[] input, float[] dInput, Chunk chunk, Parameters gradients) {
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
