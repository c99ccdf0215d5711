package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The parameters, packed for the products of the forward and the backward pass. {@link #pack} must
 * be called after each update and before the workers, who share it, compute.
 */
final class Weights {

  final Parameters parameters;
  final PackedMatrix[] inputForward; // (numLayers) of (I, G*H)
  final PackedMatrix[] inputBackward; // (numLayers) of (G*H, I)
  final PackedMatrix[] recurrentForward; // (numLayers) of (H, G*H); none without weight_hh
  final PackedMatrix[] recurrentBackward; // (numLayers) of (G*H, H); none without weight_hh
  final Pair projection; // (H, E), or null
  final Pair head; // (H or E, outputs)
  final Pair[] narrow; // (clusters) of (H, D)
  final Pair[] tail; // (clusters) of (D, tokens of the cluster)

  private final ModelConfig config;
  private final float dropout;
  private final float[][] kept; // (numLayers) factors of recurrent weights; null without dropout

  /**
   * Nothing is packed yet.
   *
   * @param dropout probability that a recurrent weight is left out until the next {@link #pack}
   */
  Weights(ModelConfig config, Parameters parameters, Kernels kernels, float dropout) {
    this.config = config;
    this.dropout = dropout;
    kept = new float[config.kind().multipliesH() ? config.numLayers() : 0][];
    this.parameters = parameters;
    int layers = config.numLayers();
    int h = config.hiddenSize();
    inputForward = new PackedMatrix[layers];
    inputBackward = new PackedMatrix[layers];
    recurrentForward = new PackedMatrix[config.kind().multipliesH() ? layers : 0];
    recurrentBackward = new PackedMatrix[recurrentForward.length];
    for (int l = 0; l < layers; l++) {
      int gates = config.gateRows(l);
      inputForward[l] = kernels.matrix(config.inputSize(l), gates);
      inputBackward[l] = kernels.matrix(gates, config.inputSize(l));
    }
    for (int l = 0; l < recurrentForward.length; l++) {
      int gates = config.gateRows(l);
      recurrentForward[l] = kernels.matrix(h, gates);
      recurrentBackward[l] = kernels.matrix(gates, h);
    }
    int clusters = config.nextToken().clusters();
    projection =
        config.projected()
            ? new Pair(kernels, "next_token.projection.weight", h, config.embeddingSize())
            : null;
    int features = config.projected() ? config.embeddingSize() : h;
    head = new Pair(kernels, config.headWeight(), features, config.headSize());
    narrow = new Pair[clusters];
    tail = new Pair[clusters];
    for (int i = 0; i < clusters; i++) {
      int d = config.clusterSize(i);
      String name = "next_token.tail." + i;
      narrow[i] = new Pair(kernels, name + ".0.weight", h, d);
      tail[i] =
          new Pair(
              kernels, name + ".1.weight", d, config.clusterStart(i + 1) - config.clusterStart(i));
    }
  }

  private int weights(int l) {
    return recurrentForward[l].k() * recurrentForward[l].n();
  }

  /** Multiplies the gradients of the recurrent weights by the factors of dropout. */
  void maskGradients(Parameters gradients) {
    for (int l = 0; l < kept.length && dropout > 0; l++) {
      int hh = gradients.offset("rnn.weight_hh_l" + l);
      float[] g = gradients.values();
      for (int i = 0; i < kept[l].length; i++) {
        g[hh + i] *= kept[l][i];
      }
    }
  }

  /** A weight (out, in), packed for the products with inputs and with gradients. */
  final class Pair {
    final int offset;
    final int in;
    final int out;
    final PackedMatrix forward; // (in, out)
    final PackedMatrix backward; // (out, in)

    Pair(Kernels kernels, String name, int in, int out) {
      offset = parameters.offset(name);
      this.in = in;
      this.out = out;
      forward = kernels.matrix(in, out);
      backward = kernels.matrix(out, in);
    }

    private void addTo(List<Runnable> tasks) {
      tasks.add(() -> forward.pack(parameters.values(), offset, 1, in));
      tasks.add(() -> backward.pack(parameters.values(), offset, in, 1));
    }
  }

  /**
   * Packs the current values of the parameters.
   *
   * @param random for the dropout of recurrent weights
   */
  void pack(SplittableRandom random) {
    packing(random).forEach(Runnable::run);
  }

  /** The work of {@link #pack} as tasks, which may run in parallel. */
  List<Runnable> packing(SplittableRandom random) {
    List<Runnable> tasks = new ArrayList<>();
    float[] p = parameters.values();
    for (int l = 0; l < config.numLayers(); l++) {
      int in = config.inputSize(l);
      int ih = parameters.offset("rnn.weight_ih_l" + l);
      PackedMatrix forward = inputForward[l];
      PackedMatrix backward = inputBackward[l];
      tasks.add(() -> forward.pack(p, ih, 1, in));
      tasks.add(() -> backward.pack(p, ih, in, 1));
    }
    for (int l = 0; l < recurrentForward.length; l++) {
      int layer = l;
      SplittableRandom own = random.split();
      tasks.add(() -> packRecurrent(layer, own));
    }
    if (projection != null) {
      projection.addTo(tasks);
    }
    head.addTo(tasks);
    for (int i = 0; i < tail.length; i++) {
      narrow[i].addTo(tasks);
      tail[i].addTo(tasks);
    }
    return tasks;
  }

  private void packRecurrent(int l, SplittableRandom random) {
    float[] recurrent = parameters.values();
    int h = config.hiddenSize();
    int hh = parameters.offset("rnn.weight_hh_l" + l);
    if (dropout > 0) {
      if (kept[l] == null) {
        kept[l] = new float[weights(l)];
      }
      Dropout.draw(kept[l], dropout, random);
      float[] masked = new float[kept[l].length];
      for (int i = 0; i < masked.length; i++) {
        masked[i] = recurrent[hh + i] * kept[l][i];
      }
      recurrent = masked;
      hh = 0;
    }
    recurrentForward[l].pack(recurrent, hh, 1, h);
    recurrentBackward[l].pack(recurrent, hh, h, 1);
  }
}
