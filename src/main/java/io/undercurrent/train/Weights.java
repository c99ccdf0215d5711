package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;

/** The parameters packed for the products of one step, forward and backward; shared by workers. */
final class Weights {

  final Parameters parameters;
  final PackedMatrix[] inputForward; // (numLayers) of (I, 4H)
  final PackedMatrix[] inputBackward; // (numLayers) of (4H, I)
  final PackedMatrix[] recurrentForward; // (numLayers) of (H, 4H)
  final PackedMatrix[] recurrentBackward; // (numLayers) of (4H, H)
  final Pair projection; // (H, E), or null
  final Pair head; // (H or E, outputs)
  final Pair[] narrow; // (clusters) of (H, D)
  final Pair[] tail; // (clusters) of (D, tokens of the cluster)

  private final ModelConfig config;

  Weights(ModelConfig config, Parameters parameters, Kernels kernels) {
    this.config = config;
    this.parameters = parameters;
    int layers = config.numLayers();
    int h = config.hiddenSize();
    inputForward = new PackedMatrix[layers];
    inputBackward = new PackedMatrix[layers];
    recurrentForward = new PackedMatrix[layers];
    recurrentBackward = new PackedMatrix[layers];
    for (int l = 0; l < layers; l++) {
      inputForward[l] = kernels.matrix(config.inputSize(l), 4 * h);
      inputBackward[l] = kernels.matrix(4 * h, config.inputSize(l));
      recurrentForward[l] = kernels.matrix(h, 4 * h);
      recurrentBackward[l] = kernels.matrix(4 * h, h);
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

  /** A weight (out, in) packed for the product with inputs and for that with gradients. */
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

    private void pack() {
      forward.pack(parameters.values(), offset, 1, in);
      backward.pack(parameters.values(), offset, in, 1);
    }
  }

  /** Takes over the parameters' current values. */
  void pack() {
    float[] p = parameters.values();
    for (int l = 0; l < config.numLayers(); l++) {
      int in = config.inputSize(l);
      int h = config.hiddenSize();
      int ih = parameters.offset("rnn.weight_ih_l" + l);
      int hh = parameters.offset("rnn.weight_hh_l" + l);
      inputForward[l].pack(p, ih, 1, in);
      inputBackward[l].pack(p, ih, in, 1);
      recurrentForward[l].pack(p, hh, 1, h);
      recurrentBackward[l].pack(p, hh, h, 1);
    }
    if (projection != null) {
      projection.pack();
    }
    head.pack();
    for (int i = 0; i < tail.length; i++) {
      narrow[i].pack();
      tail[i].pack();
    }
  }
}
