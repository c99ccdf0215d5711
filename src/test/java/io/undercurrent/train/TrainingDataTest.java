package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.text.ByteTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingDataTest {

  private static final int NEGATIVE = 0b001;
  private static final int NEUTRAL = 0b010;
  private static final int POSITIVE = 0b100;

  static final Progress SILENT =
      new Progress() {
        @Override
        public void says(String line) {}

        @Override
        public void chunk(int e, long done, long all, double s, double n, double g) {}

        @Override
        public void epoch(int epoch, List<Evaluation.Result> results, boolean best) {}
      };

  @TempDir private Path data;

  @Test
  void shouldNotCompareLabelsWithAClassThatOnlyOtherSourcesHave() throws IOException {
    Files.writeString(data.resolve("two.tsv"), "label\ttext\n-\tbad\n+\tgood\n");
    Files.writeString(data.resolve("three.tsv"), "label\ttext\n0\tso so\n+\tfine\n-\tpoor\n");

    List<Example> examples = examples("two", "three");

    assertThat(examples.get(0).use().classes()).isEqualTo(~NEUTRAL);
    assertThat(examples.get(1).use().classes()).isEqualTo(~NEUTRAL);
    assertThat(examples.get(2).use().classes()).isEqualTo(LabelUse.ALL_CLASSES);
  }

  @Test
  void shouldCompareLabelsWithAClassThatNoSourceHas() throws IOException {
    Files.writeString(data.resolve("two.tsv"), "label\ttext\n-\tbad\n+\tgood\n");
    Files.writeString(data.resolve("one.tsv"), "label\ttext\n-\tworse\n");

    List<Example> examples = examples("two", "one");

    assertThat(examples.get(0).use().classes() & (NEGATIVE | NEUTRAL | POSITIVE))
        .isEqualTo(NEGATIVE | NEUTRAL | POSITIVE);
    assertThat(examples.get(2).use().classes() & (NEGATIVE | NEUTRAL | POSITIVE))
        .as("not against positive, which the other source has")
        .isEqualTo(NEGATIVE | NEUTRAL);
  }

  @Test
  void shouldTellUpToSixtyFourClassesApart() throws IOException {
    String labels = IntStream.range(0, 64).mapToObj(k -> "c" + k).collect(Collectors.joining(", "));
    Files.writeString(data.resolve("two.tsv"), "label\ttext\nc0\tx\nc63\ty\nc33\tz\n");
    Files.writeString(data.resolve("one.tsv"), "label\ttext\nc1\tv\nc32\tw\n");
    Path file = data.resolve("recipe.yaml");
    Files.writeString(
        file,
        """
        labels: [%s]
        vocabulary: {type: bytes}
        train: [{file: two.tsv, label: label}, {file: one.tsv, label: label}]
        dev: [{file: two.tsv, label: label}]
        """
            .formatted(labels));

    List<Example> examples = examples(Recipe.read(file));

    assertThat(examples)
        .extracting(Example::label)
        .containsExactlyInAnyOrder(bytes(0, 63, 33, 1, 32));
    for (Example example : examples) {
      boolean two = List.of((byte) 0, (byte) 63, (byte) 33).contains(example.label());
      for (int k = 0; k < 64; k++) {
        boolean known = List.of(0, 1, 32, 33, 63).contains(k);
        boolean own = two ? List.of(0, 33, 63).contains(k) : List.of(1, 32).contains(k);
        assertThat((example.use().classes() >> k & 1) == 1)
            .as("record of class %d compared with class %d", example.label(), k)
            .isEqualTo(own || !known);
      }
    }
  }

  private static Byte[] bytes(int... values) {
    return IntStream.of(values).mapToObj(value -> (byte) value).toArray(Byte[]::new);
  }

  private List<Example> examples(String... sources) throws IOException {
    StringBuilder yaml =
        new StringBuilder(
            """
            name: n
            seed: 1
            model: {kind: lstm, embedding_size: 2, hidden_size: 2, num_layers: 1, pooling: last}
            vocabulary: {type: bytes}
            training: {epochs: 1, patience: 1, batch_size: 2, bptt: 2, learning_rate: 0.1,
              clip_grad_norm: 1, dropout_embedding: 0, dropout_output: 0, dropout_features: 0,
              fresh_share: 0, sentiment_weight: 1, next_token_weight: 1, next_token_share: 1,
              max_tokens: 999}
            dev: [{name: d, file: two.tsv, format: lines}]
            train:
            """);
    for (String source : sources) {
      yaml.append(
          "  - {name: %1$s, file: %1$s.tsv, label: label, labels: {'-': negative, '0': neutral, '+': positive}}\n"
              .formatted(source));
    }
    Path file = data.resolve("recipe.yaml");
    Files.writeString(file, yaml);
    return examples(Recipe.read(file));
  }

  private List<Example> examples(Recipe recipe) {
    return new TrainingData(recipe, data, data, SILENT)
        .encode(recipe.stages().get(0), new ByteTokenizer()).ofEpoch(1, 1).stream()
            .flatMap(Stream::of)
            .toList();
  }
}
