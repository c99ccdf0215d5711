package io.undercurrent;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.ByteTokenizer;

/** A real network over bytes, small and random: V = 257, E = 6, H = 16, one layer. */
public final class ByteModel {

  private ByteModel() {}

  /** The same seed gives the same model. */
  public static Model of(long seed) {
    ModelConfig config =
        new ModelConfig("bytes", "lstm", ByteTokenizer.SIZE, 6, 16, 1, Pooling.CONCAT);
    return new Model(
        config,
        new ByteTokenizer(),
        new Network(config, TinyModel.random(config, seed), Kernels.best()),
        "%012x".formatted(seed));
  }
}
