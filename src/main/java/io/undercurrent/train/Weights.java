package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;

/** The parameters packed for the products of one step, forward and backward; shared by workers. */
final class Weights {

  final Parameters parameters;
  final PackedMatrix[] inputForward; // (numLayers) of (I, G*H)
  final PackedMatrix[] inputBackward; // (numLayers) of (G*H, I)
  final PackedMatrix[] recurrentForward; // (numLayers) of (H, G*H); none in an ffnn
  final PackedMatrix[] recurrentBackward; // (numLayers) of (G*H, H); none in an ffnn
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
    int gates = config.gateRows();
    recurrentForward = new PackedMatrix[config.kind().recurrent() ? layers : 0];
    recurrentBackward = new PackedMatrix[recurrentForward.length];
    for (int l = 0; l < layers; l++) {
      inputForward[l] = kernels.matrix(config.inputSize(l), gates);
      inputBackward[l] = kernels.matrix(gates, config.inputSize(l));
    }
    for (int l = 0; l < recurrentForward.length; l++) {
      recurrentForward[l] = kernels.matrix(h, gates);
      recurrentBackward[l] = kernels.matrix(gates, h);
    }
    nextForward = kernels.matrix(h, config.vocabSize());
    nextBackward = kernels.matrix(config.vocabSize(), h);
  }

  /** Takes over the parameters' current values. */
  void pack() {
    float[] p = parameters.values();
    for (int l = 0; l < config.numLayers(); l++) {
      int in = config.inputSize(l);
      int ih = parameters.offset("rnn.weight_ih_l" + l);
      inputForward[l].pack(p, ih, 1, in);
      inputBackward[l].pack(p, ih, in, 1);
    }
    for (int l = 0; l < recurrentForward.length; l++) {
      int h = config.hiddenSize();
      int hh = parameters.offset("rnn.weight_hh_l" + l);
      recurrentForward[l].pack(p, hh, 1, h);
      recurrentBackward[l].pack(p, hh, h, 1);
    }
    int next = parameters.offset("next_token.weight");
    nextForward.pack(p, next, 1, config.hiddenSize());
    nextBackward.pack(p, next, config.hiddenSize(), 1);
  }
}
