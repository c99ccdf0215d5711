package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {

  private static final String GOOD =
      """
      name: tiny
      seed: 1
      model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: concat}
      vocabulary: {size: 200, min_documents: 1}
      training:
        epochs: 3
        patience: 3
        batch_size: 4
        bptt: 10
        learning_rate: 0.01
        clip_grad_norm: 1.0
        dropout_embedding: 0.1
        dropout_output: 0.1
        dropout_features: 0.1
        fresh_share: 0.5
        sentiment_weight: 1.0
        next_token_weight: 0.5
        next_token_share: 0.5
        max_tokens: 64
      train:
        - {name: a, file: a.tsv, text: words, label: mood, labels: {"0": negative, "1": positive}}
        - {name: b, file: b.txt, format: lines, cased: false}
      dev:
        - {name: a, file: dev.tsv, label: mood, labels: {"0": negative}, metric: macro_f1}
      """;

  @TempDir private Path folder;

  @Test
  void shouldReadValuesAndDefaults() throws IOException {
    Recipe recipe = Recipe.read(write(GOOD));

    assertThat(recipe.seed()).isEqualTo(1);
    assertThat(recipe.training().learningRate()).isEqualTo(0.01f);
    assertThat(recipe.config(120).tensors()).hasSize(9);
    Recipe.Source a = recipe.train().get(0);
    assertThat(a.text()).containsExactly("words");
    assertThat(a.cased()).isTrue();
    assertThat(a.format()).isEqualTo("tsv");
    assertThat(a.unlabelled()).isEmpty();
    assertThat(recipe.train().get(1).text()).containsExactly("text");
    assertThat(recipe.train().get(1).cased()).isFalse();
    assertThat(recipe.dev().get(0).metric()).isEqualTo("macro_f1");
    assertThat(recipe.vocabulary().sources()).isEmpty();
    assertThat(recipe.vocabulary().type()).isEqualTo("words");
  }

  @Test
  void shouldTakeBytesThatNeedNoCounting() throws IOException {
    String bytes = GOOD.replace("{size: 200, min_documents: 1}", "{type: bytes}");
    assertThat(Recipe.read(write(bytes)).vocabulary().maxSize()).isEqualTo(257);
  }

  @Test
  void shouldJudgeLinesByBitsPerToken() throws IOException {
    String lines =
        GOOD.substring(0, GOOD.indexOf("dev:")) + "dev: [{name: b, file: b.txt, format: lines}]\n";
    Recipe recipe = Recipe.read(write(lines));
    assertThat(recipe.dev().get(0).metric()).isEqualTo("bits_per_token");
    assertThat(recipe.train().get(0).metric()).isEqualTo("accuracy");
  }

  static Stream<Path> shipped() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("config", "train"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void shouldReadEveryRecipeThatShips(Path file) {
    assertThat(Recipe.read(file).train()).isNotEmpty();
  }

  /** A stopped run knows its recipe by this text, in another JVM too. */
  @Test
  void shouldDescribeItselfInTheSameWordsInEveryJvm() throws IOException {
    String labels =
        "{sad: negative, joy: positive, calm: neutral, angry: negative, happy: positive}";
    Path file = write(GOOD.replace("{\"0\": negative, \"1\": positive}", labels));

    assertThat(Recipe.read(file).toString())
        .contains(
            "labels={angry=negative, calm=neutral, happy=positive, joy=positive, sad=negative}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epochs: 3           | epochs: 0             | training.epochs must be 1 to 10000, found 0",
        "patience: 3         | patience: -1          | training.patience must be 1 to 10000, found -1",
        "batch_size: 4       | batch_size: 5000      | training.batch_size must be 1 to 4096, found 5000",
        "bptt: 10            | bptt: 0               | training.bptt must be 1 to 4096, found 0",
        "learning_rate: 0.01 | learning_rate: 0      | training.learning_rate must be 1.0E-9 to 100, found 0",
        "clip_grad_norm: 1.0 | clip_grad_norm: 1e39  | training.clip_grad_norm must be 1.0E-9 to 1000000000, found Infinity",
        "dropout_output: 0.1 | dropout_output: 1     | training.dropout_output must be 0 to 0.95, found 1",
        "dropout_embedding: 0.1 | dropout_embedding: -0.1 | training.dropout_embedding must be 0 to 0.95, found -0.1",
        "dropout_features: 0.1  | dropout_features: 2  | training.dropout_features must be 0 to 0.95, found 2",
        "fresh_share: 0.5    | fresh_share: 1.5      | training.fresh_share must be 0 to 1, found 1.5",
        "sentiment_weight: 1.0 | sentiment_weight: -1 | training.sentiment_weight must be 0 to 1000000, found -1",
        "next_token_weight: 0.5 | next_token_weight: -1 | training.next_token_weight must be 0 to 1000000, found -1",
        "next_token_share: 0.5 | next_token_share: 2 | training.next_token_share must be 0 to 1, found 2",
        "max_tokens: 64      | max_tokens: 65537     | training.max_tokens must be 1 to 65536, found 65537",
        "size: 200           | size: 0               | 'vocabulary: size must be 1 to 1048576, found 0'",
        "size: 200           | size: 100             | 'vocabulary: maxSize must be at least '",
        "min_documents: 1    | min_documents: 0      | vocabulary: min_documents must be 1 to 64, found 0",
        "min_documents: 1    | min_documents: 65     | vocabulary: min_documents must be 1 to 64, found 65",
        "kind: lstm          | kind: mamba           | 'kind must be one of ffnn, rnn, lstm, gru, found mamba'",
        "kind: lstm          | 'kind: lstm, window: 3'  | window must be 1 for kind lstm, found 3",
        "kind: lstm          | 'kind: ffnn, window: 0'  | 'window must be 1 to 64, found 0'",
        "size: 200           | type: words           | 'vocabulary: size must be given for words, found none'",
        "', min_documents: 1' | ''                   | 'vocabulary: min_documents must be given for words, found none'",
        "size: 200           | 'size: 200, type: letters' | 'vocabulary: type must be words, whitespace or bytes, found letters'",
        "size: 200           | 'type: bytes, size: 200' | 'vocabulary: size must be left out where type is bytes, found 200'",
        "size: 200           | type: bytes           | 'vocabulary: min_documents must be left out where type is bytes, found 1'",
        "'size: 200, min_documents: 1' | 'type: bytes, sources: []' | 'vocabulary: sources must be left out where type is bytes, found []'",
        "'size: 200, min_documents: 1' | 'type: bytes, uncounted: [a]' | 'vocabulary: uncounted must be left out where type is bytes, found [a]'",
        "'format: lines'     | 'format: lines, label: x' | b.label must be left out where format is lines, found x",
        "'format: lines'     | 'format: lines, text: x'  | 'b.text must be left out where format is lines, found [x]'",
        "pooling: concat     | pooling: mean         | model.pooling must be concat or last, found mean",
        "hidden_size: 16     | hidden_size: 0        | hidden_size must be 1 to 8192, found 0",
        "num_layers: 1       | num_layers: 17        | num_layers must be 1 to 16, found 17",
        "format: lines       | format: csv           | b.format must be tsv, jsonl, lines, book or templates, found csv",
        "metric: macro_f1    | metric: auc           | 'a.metric must be accuracy, macro_recall, macro_f1, weighted_f1 or bits_per_token, found auc'",
        "text: words         | text: []              | a.text must name a column, found none",
        "'\"1\": positive'   | '\"1\": happy'        | a.labels must map to [negative, neutral, positive], found happy",
        "epochs: 3           | epoch: 3              | epoch",
        "epochs: 3           | epochs: 2.5           | epochs",
        "epochs: 3           | epochs: many          | epochs",
        "epochs: 3           | epochs:               | epochs",
        "epochs: 3           | epochs: 99999999999   | epochs",
        "'  epochs: 3'       | ''                    | epochs",
        "'  epochs: 3'       | '  epochs: 3\n  epochs: 4' | epochs",
        "name: tiny          | ''                    | name",
        "name: tiny          | name:                 | name",
        "name: tiny          | 'name: \" \"'         | name must be not blank",
        "seed: 1             | ''                    | seed",
        "'name: a, file: a.tsv' | name: a            | train.[0]",
        "'name: a, file: a.tsv' | 'name: a, file: '  | file",
        "'name: a, file: a.tsv' | 'name: , file: a.tsv' | name",
        "'\"0\": negative, \"1\"' | '\"0\": , \"1\"'  | labels",
        "'name: a, file: a.tsv' | 'name: a, file: a.tsv, column: x' | column",
      })
  void shouldSayWhichValueIsNotAsItMustBe(String from, String to, String message)
      throws IOException {
    assertThat(GOOD).contains(from);
    int at = GOOD.indexOf(from);
    String recipe =
        GOOD.substring(0, at) + to.replace("\\n", "\n") + GOOD.substring(at + from.length());

    assertThat(refusal(write(recipe))).contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "dev", "training"})
  void shouldSayWhichPartIsMissingOrEmpty(String part) throws IOException {
    String renamed = GOOD.replaceFirst("(?m)^" + part + ":", "other:");
    assertThat(refusal(write(renamed))).startsWith(part + ": Missing");
    String empty = GOOD.replaceFirst("(?ms)^" + part + ":.*?(?=^[a-z]|\\z)", part + ":\n");
    assertThat(refusal(write(empty))).isEqualTo(part + " must have a value, found none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "vocabulary"})
  void shouldWantAModelAndAVocabularyOrACheckpointToStartFrom(String part) throws IOException {
    String without = GOOD.replaceFirst("(?ms)^" + part + ":.*?(?=^[a-z]|\\z)", "");
    assertThat(refusal(write(without)))
        .startsWith("a recipe must have either init, or model and vocabulary, found ");
    assertThat(refusal(write(GOOD.replace("seed:", "init: classpath:en-chat\nseed:"))))
        .isEqualTo(
            "a recipe must have either init, or model and vocabulary, found init, model,"
                + " vocabulary");
  }

  @Test
  void shouldTakeChangesOfSingleValues() throws IOException {
    Path file = write(GOOD);

    Recipe changed =
        Recipe.read(
            file,
            Map.of(
                "model.kind", "gru",
                "training.epochs", "7",
                "model.next_token", "{cutoffs: [50], div_value: 2}"));

    assertThat(changed.model().kind())
        .isEqualTo(Recipe.read(file, Map.of("model.kind", "gru")).model().kind());
    assertThat(changed.training().epochs()).isEqualTo(7);
    assertThat(changed.model().nextToken().cutoffs()).containsExactly(50);
    assertThatThrownBy(() -> Recipe.read(file, Map.of("name.x", "1")))
        .isInstanceOf(RecipeException.class)
        .hasMessage("--set name.x must name a value inside mappings, found that name is none");
    assertThatThrownBy(() -> Recipe.read(file, Map.of("model.size", "1")))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("size");
  }

  @Test
  void shouldRefuseAListOfNoSources() throws IOException {
    String none = GOOD.substring(0, GOOD.indexOf("train:\n")) + "train: []\ndev: []\n";
    assertThat(refusal(write(none))).contains("train must name at least one source, found none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "just words",
        "[1, 2]",
        "name: [1, 2",
        "name: 'x\n\tseed: 1",
        "name: tiny\n seed: 1\n  model: 2",
        "%bad directive\n---\nname: x",
        "a: &a [*a]",
        "\u0000\u0001\u0002"
      })
  void shouldRefuseWhatIsNoRecipeInOneLine(String content) throws IOException {
    assertThat(refusal(write(content))).isNotEmpty();
  }

  @Test
  void shouldRefuseBytesThatAreNoText() throws IOException {
    Path file = folder.resolve("recipe.yaml");
    Files.write(file, new byte[] {'n', 'a', 'm', 'e', ':', ' ', (byte) 0xff, (byte) 0xfe, '\n'});
    assertThat(refusal(file)).isNotEmpty();
  }

  @Test
  void shouldSayThatTheFileIsMissing() {
    assertThat(refusal(folder.resolve("missing.yaml"))).contains("must be a readable recipe");
  }

  @Test
  void shouldTakeSeveralTextColumnsOrOne() throws IOException {
    Recipe recipe = Recipe.read(write(GOOD.replace("text: words", "text: [turn1, turn2]")));
    assertThat(recipe.train().get(0).text()).isEqualTo(List.of("turn1", "turn2"));
  }

  private String refusal(Path file) {
    Throwable thrown = catchThrowable(() -> Recipe.read(file));
    assertThat(thrown).isInstanceOf(RecipeException.class);
    assertThat(thrown.getMessage())
        .startsWith(file + ": ")
        .hasSizeGreaterThan((file + ": ").length());
    assertThat(thrown.getMessage().chars()).noneMatch(Character::isISOControl);
    return thrown.getMessage().substring(file.toString().length() + 2);
  }

  private Path write(String recipe) throws IOException {
    return Files.writeString(folder.resolve("recipe.yaml"), recipe);
  }
}
