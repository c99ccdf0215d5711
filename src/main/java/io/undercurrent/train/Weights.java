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
  final PackedMatrix nextForward; // (H, V)
  final PackedMatrix nextBackward; // (V, H)

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
    nextForward = kernels.matrix(h, config.vocabSize());
    nextBackward = kernels.matrix(config.vocabSize(), h);
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
    int next = parameters.offset("next_token.weight");
    nextForward.pack(p, next, 1, config.hiddenSize());
    nextBackward.pack(p, next, config.hiddenSize(), 1);
  }
}
