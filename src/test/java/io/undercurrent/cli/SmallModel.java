package io.undercurrent.cli;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/** A checkpoint with a dozen words and random weights: real, and loaded in no time. */
final class SmallModel {

  static final List<String> WORDS =
      List.of("not", "bad", "good", "at", "all", "the", "train", "is", "late", "again", ".", "!");

  private SmallModel() {}

  static Path write(Path folder) throws IOException {
    Tokenizer tokenizer = WordTokenizer.of(WORDS);
    ModelConfig config =
        new ModelConfig(
            "small",
            "lstm",
            tokenizer.size(),
            7,
            13,
            2,
            Pooling.CONCAT,
            ModelConfig.SENTIMENT_LABELS);
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(42);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (2 * random.nextDouble() - 1);
    }
    Checkpoint.write(folder, config, tokenizer, parameters, false);
    return folder;
  }
}
