package io.undercurrent.bench;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.Cell;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import java.util.Arrays;

/**
 * This project: {@link Network#step} for one key, and for several the same products, sums and cells
 * over all rows at once, with the same bits.
 */
final class OwnStep implements StepSubject {

  private final StepCase one;
  private final Rows rows;

  /** Advances B rows by one token each. */
  private interface Rows {
    void step(int[] tokens);

    void copyState(float[] to);
  }

  OwnStep(StepCase one) {
    this.one = one;
    rows = one.batch() == 1 ? new OneRow(one) : new SeveralRows(one);
  }

  @Override
  public String name() {
    return "undercurrent";
  }

  @Override
  public void step(int[] tokens) {
    rows.step(tokens);
  }

  @Override
  public float[] state() {
    float[] state = new float[2 * one.layers() * one.batch() * one.hidden()];
    rows.copyState(state);
    return state;
  }

  @Override
  public void close() {}

  private static final class OneRow implements Rows {

    private final Network network;
    private final HiddenState state;
    private final Network.Scratch scratch;

    OneRow(StepCase one) {
      network = new Network(one.config(), one.parameters(), Kernels.best());
      state = HiddenState.zeros(one.config());
      scratch = network.scratch();
    }

    @Override
    public void step(int[] tokens) {
      network.step(tokens[0], state, scratch);
    }

    @Override
    public void copyState(float[] to) {
      StepSubjects.flatten(state.h(), state.c(), to);
    }
  }

  private static final class SeveralRows implements Rows {

    private final int hidden; // H
    private final int batch; // B
    private final Cell cell;
    private final Cell.Step step; // of B * H units
    private final float[] product; // (B, H)
    private final float[] table; // (V, 4*H) = embedding W_ih^T + biases, layer 0
    private final PackedMatrix[][] inputs; // (numLayers, 4) of (H, H); the first layer has none
    private final PackedMatrix[][] recurrent; // (numLayers, 4) of (H, H)
    private final float[][] biases; // (numLayers, 4*H)
    private final float[][] h; // (numLayers, B*H)
    private final float[][] c; // (numLayers, B*H)

    SeveralRows(StepCase one) {
      Kernels kernels = Kernels.best();
      Parameters p = one.parameters();
      hidden = one.hidden();
      batch = one.batch();
      cell = one.config().kind().cell();
      step = cell.step(batch * hidden);
      product = new float[batch * hidden];
      inputs = new PackedMatrix[one.layers()][];
      recurrent = new PackedMatrix[one.layers()][];
      biases = new float[one.layers()][];
      h = new float[one.layers()][batch * hidden];
      c = new float[one.layers()][batch * hidden];
      for (int l = 0; l < one.layers(); l++) {
        recurrent[l] = gates(kernels, p.copy("rnn.weight_hh_l" + l));
        inputs[l] = l == 0 ? null : gates(kernels, p.copy("rnn.weight_ih_l" + l));
        biases[l] = StepSubjects.bias(p, l);
      }
      PackedMatrix weightIh = kernels.matrix(StepCase.EMBEDDING, 4 * hidden);
      weightIh.pack(p.copy("rnn.weight_ih_l0"), 0, 1, StepCase.EMBEDDING);
      table = new float[StepCase.VOCABULARY * 4 * hidden];
      weightIh.multiply(StepCase.VOCABULARY, p.copy("embedding.weight"), table);
      for (int i = 0; i < table.length; i++) {
        table[i] += biases[0][i % (4 * hidden)];
      }
    }

    private PackedMatrix[] gates(Kernels kernels, float[] weight) {
      PackedMatrix[] gates = new PackedMatrix[4];
      Arrays.setAll(gates, gate -> kernels.matrix(hidden, hidden));
      for (int gate = 0; gate < gates.length; gate++) {
        gates[gate].pack(weight, gate * hidden * hidden, 1, hidden);
      }
      return gates;
    }

    @Override
    public void step(int[] tokens) {
      for (int l = 0; l < h.length; l++) {
        for (int gate = 0; gate < 4; gate++) {
          float[] z = step.z()[gate];
          if (l == 0) {
            for (int b = 0; b < batch; b++) {
              int from = (tokens[b] * 4 + gate) * hidden;
              System.arraycopy(table, from, z, b * hidden, hidden);
            }
          } else {
            inputs[l][gate].multiply(batch, h[l - 1], z);
            addToRows(z, biases[l], gate * hidden);
          }
          recurrent[l][gate].multiply(batch, h[l], product);
          for (int u = 0; u < product.length; u++) {
            z[u] += product[u];
          }
        }
        cell.forward(step, h[l], c[l], batch * hidden);
      }
    }

    private void addToRows(float[] z, float[] bias, int from) {
      for (int b = 0; b < batch; b++) {
        for (int u = 0; u < hidden; u++) {
          z[b * hidden + u] += bias[from + u];
        }
      }
    }

    @Override
    public void copyState(float[] to) {
      StepSubjects.flatten(h, c, to);
    }
  }
}
