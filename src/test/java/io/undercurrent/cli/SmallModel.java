package io.undercurrent.cli;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.nio.file.Path;

/** A {@link TinyModel} of two layers as a checkpoint: real, and loaded in no time. */
final class SmallModel {

  private SmallModel() {}

  static Path write(Path folder) throws IOException {
    TinyModel model = TinyModel.of(7, 13, 2, Pooling.CONCAT, 42);
    Checkpoint.write(folder, model.config(), model.tokenizer(), model.parameters(), false);
    return folder;
  }

  /** One that attends to three records and has a cache of nine tokens: with a store for both. */
  static Path writeLooking(Path folder) throws IOException {
    TinyModel model = TinyModel.looking(new Attention(3, 5), new Cache(9, 1, 0.3f), 42);
    Checkpoint.write(folder, model.config(), model.tokenizer(), model.parameters(), false);
    return folder;
  }
}
