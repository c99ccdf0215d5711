package io.undercurrent.cli;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.nio.file.Path;

/** A {@link TinyModel} of two layers as a checkpoint, which loads fast. */
final class SmallModel {

  private SmallModel() {}

  static Path write(Path folder) throws IOException {
    TinyModel model = TinyModel.of(7, 13, 2, Pooling.CONCAT, 42);
    Checkpoint.write(folder, model.config(), model.tokenizer(), model.parameters(), false);
    return folder;
  }

  /**
   * A model with attention to three records and a cache of nine tokens, so it needs a memory store.
   */
  static Path writeLooking(Path folder) throws IOException {
    TinyModel model = TinyModel.looking(new Attention(3, 5), new Cache(9, 1, 0.3f), 42);
    Checkpoint.write(folder, model.config(), model.tokenizer(), model.parameters(), false);
    return folder;
  }
}
