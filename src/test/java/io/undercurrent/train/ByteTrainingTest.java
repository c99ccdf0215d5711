package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small runs over bytes and plain lines: nothing is counted, and nothing needs a label. */
class ByteTrainingTest {

  private static final String RECIPE =
      """
      name: levels
      seed: 7
      model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: last}
      vocabulary: {type: bytes}
      training:
        epochs: 4
        patience: 4
        batch_size: 4
        bptt: 16
        learning_rate: 0.02
        clip_grad_norm: 1.0
        dropout_embedding: 0
        dropout_output: 0
        dropout_features: 0
        fresh_share: 0.5
        sentiment_weight: 0
        next_token_weight: 1.0
        next_token_share: 1.0
        max_tokens: 64
      train:
        - {name: levels, file: train.txt, format: lines}
      dev:
        - {name: levels, file: dev.txt, format: lines}
      """;

  @TempDir private Path folder;
  private final List<Evaluation.Result> epochs = new ArrayList<>();

  @Test
  void shouldLearnASignalOfBytesWithoutCountingOrLabels() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    Files.writeString(folder.resolve("train.txt"), signals(random, 300));
    Files.writeString(folder.resolve("dev.txt"), signals(random, 50));

    Path best = train();

    // One byte in four is drawn freely, the others follow from it: log2(3) / 4 = 0.4 bits.
    double last = epochs.get(epochs.size() - 1).bitsPerToken();
    assertThat(last).isLessThan(1.2).isLessThan(epochs.get(0).bitsPerToken());
    assertThat(epochs.get(epochs.size() - 1).score()).isEqualTo(-last);
    assertThat(folder.resolve("run/tokenizer.json")).doesNotExist();
    assertThat(Files.readString(best.resolve("tokenizer.json")))
        .isEqualTo("{\"type\":\"byte\",\"version\":1}");
    Model model = Checkpoint.load(best.toString());
    assertThat(model.tokenizer().token(1 + 'é')).isEqualTo("\\xe9");

    Recipe recipe = recipe();
    Evaluation.Result scored =
        new Evaluation(recipe, folder)
            .report(model, folder, Evaluation.StateUse.CONVERSATION, new SilentListener())
            .results()
            .get(0);
    assertThat(scored.byBits()).isTrue();
    assertThat(scored.language().unknownShare()).isZero();
    assertThat(scored.naiveBayesScore()).isNaN();
  }

  @Test
  void shouldRefuseFilesWithoutLinesOrWithoutText() throws IOException {
    Files.writeString(folder.resolve("dev.txt"), "abc\n");
    Files.writeString(folder.resolve("train.txt"), "");
    assertThatThrownBy(this::train)
        .isInstanceOf(RecipeException.class)
        .hasMessage(folder.resolve("train.txt") + ": must have at least one record, found none");

    Files.writeString(folder.resolve("train.txt"), "\n\n");
    assertThatThrownBy(this::train)
        .isInstanceOf(RecipeException.class)
        .hasMessage("train sources must have at least one token, found none");

    Files.writeString(folder.resolve("train.txt"), "abc\n");
    Files.writeString(folder.resolve("dev.txt"), "\n\n");
    assertThatThrownBy(this::train)
        .isInstanceOf(RecipeException.class)
        .hasMessage("dev source levels must have at least one text, found none");
  }

  private Path train() throws IOException {
    Progress progress =
        new Progress() {
          @Override
          public void says(String line) {
            assertThat(line).doesNotContain("counting");
          }

          @Override
          public void chunk(int epoch, long done, long all, double s, double n, double g) {
            assertThat(n).isPositive();
          }

          @Override
          public void epoch(int epoch, List<Evaluation.Result> results, boolean best) {
            epochs.addAll(results);
          }
        };
    try (Trainer trainer = new Trainer(recipe(), folder, folder.resolve("run"), 1, progress)) {
      return trainer.train();
    }
  }

  private Recipe recipe() throws IOException {
    return Recipe.read(Files.writeString(folder.resolve("recipe.yaml"), RECIPE));
  }

  /** Each free level is followed by its two echoes, one of them outside ASCII. */
  private static String signals(SplittableRandom random, int n) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < 8; k++) {
        int level = random.nextInt(3);
        lines.append("abc".charAt(level)).append("xyz".charAt(level)).append("ü");
      }
      lines.append('\n');
    }
    return lines.toString();
  }
}
