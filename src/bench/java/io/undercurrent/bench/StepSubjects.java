package io.undercurrent.bench;

import io.undercurrent.model.Parameters;
import java.util.ArrayList;
import java.util.List;

/** Creates all subjects of a case, and holds the code that several of them share. */
final class StepSubjects {

  private StepSubjects() {}

  /** All subjects. This project's is first; the others' states are compared with its states. */
  static List<StepSubject> all(StepCase one) {
    List<StepSubject> all = new ArrayList<>();
    all.add(new OwnStep(one));
    all.add(new OnnxStep(one, 1));
    all.add(new OnnxStep(one, 16));
    all.add(TorchStep.cells(one));
    all.add(TorchStep.lstm(one, 1));
    all.add(TorchStep.lstm(one, 16));
    all.add(new Dl4jStep(one));
    all.add(new Nd4jStep(one));
    all.add(new ProductStep(one));
    return all;
  }

  /** b_ih + b_hh of layer l, (4*H). */
  static float[] bias(Parameters p, int l) {
    float[] bias = p.copy("rnn.bias_ih_l" + l);
    float[] recurrent = p.copy("rnn.bias_hh_l" + l);
    for (int i = 0; i < bias.length; i++) {
      bias[i] += recurrent[i];
    }
    return bias;
  }

  /**
   * Reorders PyTorch's blocks of rows, gates i, f, g, o.
   *
   * @param order for each new block its index in PyTorch's order
   */
  static float[] reordered(float[] weight, int... order) {
    int block = weight.length / 4;
    float[] to = new float[weight.length];
    for (int gate = 0; gate < 4; gate++) {
      System.arraycopy(weight, order[gate] * block, to, gate * block, block);
    }
    return to;
  }

  /** A matrix (rows, columns) as (columns, rows). */
  static float[] transposed(float[] matrix, int columns) {
    int rows = matrix.length / columns;
    float[] to = new float[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      to[i % columns * rows + i / columns] = matrix[i];
    }
    return to;
  }

  /** All layers' h, then all layers' c. */
  static void flatten(float[][] h, float[][] c, float[] to) {
    int n = h[0].length;
    for (int l = 0; l < h.length; l++) {
      System.arraycopy(h[l], 0, to, l * n, n);
      System.arraycopy(c[l], 0, to, (h.length + l) * n, n);
    }
  }
}
