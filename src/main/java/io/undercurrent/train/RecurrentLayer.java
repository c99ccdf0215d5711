package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;
import io.undercurrent.model.Cell;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One layer of any kind over a chunk: T steps forward, then T steps backward. {@link
 * io.undercurrent.model.Network#step} defines the forward pass; {@code ServedForwardTest} holds
 * this layer to it at every shape. It is written a second time because training computes the input
 * products of all T steps at once and keeps what the backward pass needs. The equations of a step
 * are shared: {@link Cell}. Carries h and c to the next chunk, without gradient. A feed-forward
 * layer has no product with h. Owned by one thread at a time.
 *
 * <p>Large arrays are (T * B, ...) with row {@code t * B + b}; arrays of one step are (B, H), as
 * the gate loops need them.
 */
final class RecurrentLayer {

  private final int index;
  private final Weights weights;
  private final Cell cell;
  private final boolean multipliesH;
  private final boolean passesInput; // whether the last gate is the input
  private final float dropout;
  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final int gates; // G*H
  private final int in; // I
  private final float[] z; // (T*B, G*H) pre-activations from the input; later dz
  private final float[]
      u; // (T*B, G*H) pre-activations from h; later du; the same array as z if only the sum is
  // needed
  private final Cell.Step[] step; // (T) of (B, H)
  private final float[] hPrev; // (T*B, H), after resets; empty without weight_hh
  final float[] out; // (T*B, H) h after dropout
  final float[] dOut; // (T*B, H) its gradient
  private final float[] mask; // (B, H)
  private final float[] h; // (B, H), carried
  private final float[] c; // (B, H), carried; empty if there is no c
  private final float[] dh; // (B, H)
  private final float[] dc; // (B, H); empty if there is no c
  private final float[] scratch; // (B, H)
  private final ProductScratch buffers = new ProductScratch();
  private final PackedMatrix inputRows; // (T*B, I)
  private final PackedMatrix hiddenRows; // (T*B, H), or null without weight_hh

  RecurrentLayer(
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
    cell = config.kind().cell();
    multipliesH = config.kind().multipliesH();
    passesInput = config.gates(index) < cell.gates();
    hidden = config.hiddenSize();
    gates = config.gateRows(index);
    in = config.inputSize(index);
    int n = rows * hidden;
    z = new float[steps * rows * gates];
    u = cell.keepsPartsApart() ? new float[steps * rows * gates] : z;
    step = new Cell.Step[steps];
    float[][] v = cell.step(n).v();
    Arrays.setAll(step, t -> cell.step(n, v));
    hPrev = new float[multipliesH ? steps * n : 0];
    out = new float[steps * n];
    dOut = new float[steps * n];
    mask = new float[n];
    h = new float[n];
    c = new float[cell.hasCellState() ? n : 0];
    dh = new float[n];
    dc = new float[c.length];
    scratch = new float[n];
    inputRows = kernels.matrix(steps * rows, in);
    hiddenRows = multipliesH ? kernels.matrix(steps * rows, hidden) : null;
  }

  /** Forgets what earlier chunks carried over. */
  void clear() {
    Arrays.fill(h, 0f);
    Arrays.fill(c, 0f);
  }

  /** The arrays that are carried to the next chunk, not copied. */
  List<float[]> carried() {
    return cell.hasCellState() ? List.of(h, c) : List.of(h);
  }

  /** The forward pass: reads {@code input} (T*B, I), writes {@link #out}. */
  void forward(float[] input, Chunk chunk, SplittableRandom random) {
    Dropout.draw(mask, dropout, random);
    int n = rows * hidden;
    boolean apart = cell.keepsPartsApart();
    weights.inputForward[index].multiply(
        steps * rows, input, 0, in, 1, z, 0, gates, false, buffers);
    addBiases(apart);
    spreadWeightC();
    for (int t = 0; t < steps; t++) {
      zeroWhereReset(chunk, t, h, c);
      if (multipliesH) {
        System.arraycopy(h, 0, hPrev, t * n, n);
        weights.recurrentForward[index].multiply(
            rows, h, 0, hidden, 1, u, t * rows * gates, gates, true, buffers);
      }
      byGate(z, t, step[t].z());
      byGate(u, t, step[t].u());
      if (passesInput) {
        System.arraycopy(input, t * n, last(t), 0, n);
      }
      cell.forward(step[t], h, c, n);
      for (int i = 0; i < n; i++) {
        out[t * n + i] = h[i] * mask[i];
      }
    }
  }

  /** Receives the gradients of the state during the backward pass. */
  interface StateGradients {
    /**
     * Receives the gradients of the state before step t. The arrays must not be changed, and are
     * valid only during the call.
     *
     * @param dh (B, H)
     * @param dc (B, H); empty if there is no c
     */
    void before(int t, float[] dh, float[] dc);
  }

  /** The backward pass: reads {@link #dOut}, writes the gradient of the input to {@code dInput}. */
  void backward(float[] input, float[] dInput, Chunk chunk, Parameters gradients) {
    backward(input, dInput, chunk, gradients, (t, dhBefore, dcBefore) -> {});
  }

  void backward(
      float[] input, float[] dInput, Chunk chunk, Parameters gradients, StateGradients observer) {
    int n = rows * hidden;
    Arrays.fill(dh, 0f);
    Arrays.fill(dc, 0f);
    for (int t = steps - 1; t >= 0; t--) {
      for (int i = 0; i < n; i++) {
        dh[i] += dOut[t * n + i] * mask[i];
      }
      cell.backward(step[t], dh, dc, scratch, n);
      byRow(step[t].z(), z, t);
      byRow(step[t].u(), u, t);
      addWeightC(t, gradients);
      if (multipliesH) {
        weights.recurrentBackward[index].multiply(
            rows, u, t * rows * gates, gates, 1, dh, 0, hidden, true, buffers);
      }
      observer.before(t, dh, dc);
      zeroWhereReset(chunk, t, dh, dc);
    }
    float[] g = gradients.values();
    int all = steps * rows;
    inputRows.pack(input, 0, in, 1);
    int weightIh = gradients.offset("rnn.weight_ih_l" + index);
    inputRows.multiply(gates, z, 0, 1, gates, g, weightIh, in, true, buffers);
    addRows(z, g, gradients.offset("rnn.bias_ih_l" + index));
    if (multipliesH) {
      hiddenRows.pack(hPrev, 0, hidden, 1);
      int weightHh = gradients.offset("rnn.weight_hh_l" + index);
      hiddenRows.multiply(gates, u, 0, 1, gates, g, weightHh, hidden, true, buffers);
      addRows(u, g, gradients.offset("rnn.bias_hh_l" + index));
    }
    weights.inputBackward[index].multiply(all, z, 0, gates, 1, dInput, 0, in, false, buffers);
    for (int t = 0; t < steps && passesInput; t++) {
      float[] dx = last(t);
      for (int i = 0; i < n; i++) {
        dInput[t * n + i] += dx[i];
      }
    }
  }

  /** The last gate of step t, (B, H). */
  private float[] last(int t) {
    return step[t].z()[cell.gates() - 1];
  }

  /** Repeats the factors of c for each row, as the gate loops need them. */
  private void spreadWeightC() {
    float[][] v = step[0].v();
    for (int gate = 0; gate < v.length; gate++) {
      int from = weights.parameters.offset("rnn.weight_c_l" + index) + gate * hidden;
      for (int b = 0; b < rows; b++) {
        System.arraycopy(weights.parameters.values(), from, v[gate], b * hidden, hidden);
      }
    }
  }

  /** Adds the gradient of the factors of c at step t. */
  private void addWeightC(int t, Parameters gradients) {
    float[] previous = step[t].previous();
    for (int gate = 0; gate < step[t].v().length; gate++) {
      int to = gradients.offset("rnn.weight_c_l" + index) + gate * hidden;
      float[] dz = step[t].z()[1 + gate];
      for (int b = 0; b < rows; b++) {
        for (int i = 0; i < hidden; i++) {
          gradients.values()[to + i] += dz[b * hidden + i] * previous[b * hidden + i];
        }
      }
    }
  }

  private void addBiases(boolean apart) {
    float[] p = weights.parameters.values();
    int biasIh = weights.parameters.offset("rnn.bias_ih_l" + index);
    int biasHh = multipliesH ? weights.parameters.offset("rnn.bias_hh_l" + index) : -1;
    float[] bias = Arrays.copyOfRange(p, biasIh, biasIh + gates);
    if (multipliesH && !apart) {
      for (int i = 0; i < gates; i++) {
        bias[i] += p[biasHh + i];
      }
    }
    for (int r = 0; r < steps * rows; r++) {
      for (int i = 0; i < gates; i++) {
        z[r * gates + i] += bias[i];
      }
      if (apart) {
        System.arraycopy(p, biasHh, u, r * gates, gates); // forward adds the product with h
      }
    }
  }

  private void zeroWhereReset(Chunk chunk, int t, float[] ofH, float[] ofC) {
    for (int b = 0; b < rows; b++) {
      if (chunk.reset[t * rows + b]) {
        Arrays.fill(ofH, b * hidden, (b + 1) * hidden, 0f);
        if (ofC.length > 0) {
          Arrays.fill(ofC, b * hidden, (b + 1) * hidden, 0f);
        }
      }
    }
  }

  /** Copies step t of an array (T*B, G*H) into one array (B, H) for each gate. */
  private void byGate(float[] from, int t, float[][] gate) {
    int count = gate.length == 0 ? 0 : gates / hidden;
    for (int b = 0; b < rows; b++) {
      int at = (t * rows + b) * gates;
      for (int k = 0; k < count; k++) {
        System.arraycopy(from, at + k * hidden, gate[k], b * hidden, hidden);
      }
    }
  }

  /** The reverse of {@link #byGate}. */
  private void byRow(float[][] gate, float[] to, int t) {
    int count = gate.length == 0 ? 0 : gates / hidden;
    for (int b = 0; b < rows; b++) {
      int at = (t * rows + b) * gates;
      for (int k = 0; k < count; k++) {
        System.arraycopy(gate[k], b * hidden, to, at + k * hidden, hidden);
      }
    }
  }

  /** Adds the sum over all T * B rows. */
  private void addRows(float[] from, float[] to, int offset) {
    for (int r = 0; r < steps * rows; r++) {
      for (int i = 0; i < gates; i++) {
        to[offset + i] += from[r * gates + i];
      }
    }
  }
}
