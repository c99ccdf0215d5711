package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import io.undercurrent.model.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
    assertThat(recipe.calibrate()).isTrue();
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
  void shouldReadAVocabularyOfBytes() throws IOException {
    String bytes = GOOD.replace("{size: 200, min_documents: 1}", "{type: bytes}");
    assertThat(Recipe.read(write(bytes)).vocabulary().size()).isEqualTo(257);
  }

  @Test
  void shouldScoreLinesByBitsPerToken() throws IOException {
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

  @Test
  void shouldNeedNothingButOneFile() throws IOException {
    Recipe recipe = Recipe.read(write("train: [{file: mine.tsv, label: mood}]\n"));

    assertThat(recipe.name()).isEqualTo("recipe");
    assertThat(recipe.model().kind()).isEqualTo("lstm");
    assertThat(recipe.config(2000).nextToken().cutoffs()).containsExactly(1502);
    assertThat(recipe.vocabulary().size()).isEqualTo(16_000);
    assertThat(recipe.training().epochs()).isEqualTo(10);
    Recipe.Source source = recipe.train().get(0);
    assertThat(source.name()).isEqualTo("mine");
    assertThat(recipe.labels()).isEqualTo(Labels.SENTIMENT);
    assertThat(source.labels()).isEmpty(); // each stands for itself
    assertThat(source.metric()).isEqualTo("accuracy");
  }

  @Test
  void shouldHoldOutASeventhWhereNoDevSourceIsGiven() throws IOException {
    Recipe recipe =
        Recipe.read(
            write("train: [{file: a.jsonl, label: mood}, {file: b.yaml}, {file: c.txt}]\n"));

    assertThat(recipe.train())
        .extracting(Recipe.Source::format)
        .containsExactly("jsonl", "templates", "lines");
    assertThat(recipe.train())
        .extracting(Recipe.Source::fold)
        .containsExactly(new Recipe.Fold(7, null, 0), null, new Recipe.Fold(7, null, 0));
    assertThat(recipe.dev())
        .extracting(Recipe.Source::name, Recipe.Source::metric, Recipe.Source::fold)
        .containsExactly(
            tuple("a", "accuracy", new Recipe.Fold(7, 0, null)),
            tuple("c", "bits_per_token", new Recipe.Fold(7, 0, null)));
    assertThat(refusal(write("train: [{file: a.txt, format: book}]\n")))
        .isEqualTo(
            "line 1: dev must be given where every training source is a book, made from templates"
                + " or a fold, found none");
  }

  @Test
  void shouldTakeTheNetworkAndTheVocabularyOfACheckpoint() throws IOException {
    Recipe recipe = Recipe.read(write("init: classpath:en-chat\ntrain: [{file: a.tsv}]\n"));

    assertThat(recipe.model()).isNull();
    assertThat(recipe.vocabulary()).isNull();
    assertThat(refusal(write(GOOD.replace("seed:", "init: classpath:en-chat\nseed:"))))
        .isEqualTo(
            "line 5: vocabulary must be left out where init is given, whose vocabulary is used");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epochs: 3           | epochs: 0             | line 6: training.epochs must be 1 to 10000, found 0",
        "patience: 3         | patience: -1          | line 7: training.patience must be 1 to 10000, found -1",
        "batch_size: 4       | batch_size: 5000      | line 8: training.batch_size must be 1 to 4096, found 5000",
        "bptt: 10            | bptt: 0               | line 9: training.bptt must be 1 to 4096, found 0",
        "learning_rate: 0.01 | learning_rate: 0      | line 10: training.learning_rate must be 1e-9 to 100, found 0",
        "clip_grad_norm: 1.0 | clip_grad_norm: 1e39  | line 11: training.clip_grad_norm must be 1e-9 to 1000000000, found 1e39",
        "clip_grad_norm: 1.0 | clip_grad_norm: .nan  | line 11: training.clip_grad_norm must be 1e-9 to 1000000000, found .nan",
        "dropout_output: 0.1 | dropout_output: 1     | line 13: training.dropout_output must be 0 to 0.95, found 1",
        "dropout_embedding: 0.1 | dropout_embedding: -0.1 | line 12: training.dropout_embedding must be 0 to 0.95, found -0.1",
        "dropout_features: 0.1  | dropout_features: 2  | line 14: training.dropout_features must be 0 to 0.95, found 2",
        "fresh_share: 0.5    | fresh_share: 1.5      | line 15: training.fresh_share must be 0 to 1, found 1.5",
        "sentiment_weight: 1.0 | sentiment_weight: -1 | line 16: training.sentiment_weight must be 0 to 1000000, found -1",
        "next_token_weight: 0.5 | next_token_weight: -1 | line 17: training.next_token_weight must be 0 to 1000000, found -1",
        "next_token_share: 0.5 | next_token_share: 2 | line 18: training.next_token_share must be 0 to 1, found 2",
        "max_tokens: 64      | max_tokens: 65537     | line 19: training.max_tokens must be 1 to 65536, found 65537",
        "max_tokens: 64      | optimizer: adamw      | line 19: training.optimizer must be adam or sgd, found adamw",
        "size: 200           | size: 0               | line 4: vocabulary.size must be 2 to 1048576, found 0",
        "size: 200           | size: 100             | 'line 4: vocabulary.size must be at least 123 (what every vocabulary of words holds), found 100'",
        "min_documents: 1    | min_documents: 0      | line 4: vocabulary.min_documents must be 1 to 64, found 0",
        "min_documents: 1    | min_documents: 65     | line 4: vocabulary.min_documents must be 1 to 64, found 65",
        "min_documents: 1    | uncounted: [c]        | line 4: vocabulary.uncounted must name training sources a, b, found c",
        "kind: lstm          | kind: mamba           | line 3: model.kind must be lstm, gru, sru, mingru, rnn or ffnn, found mamba",
        "kind: lstm          | 'kind: lstm, window: 3'  | line 3: model.window must be 1 for kind lstm, found 3",
        "kind: lstm          | 'kind: ffnn, window: 0'  | line 3: model.window must be 1 to 64, found 0",
        "kind: lstm          | 'kind: lstm, next_token: {cutoffs: [50, 20]}'  | line 3: model.next_token.cutoffs must be ascending",
        "kind: lstm          | 'kind: lstm, next_token: {cutoffs: [x]}'  | line 3: model.next_token.cutoffs[0] must be 1 to 1048576, found x",
        "kind: lstm          | 'kind: lstm, attention: {size: 4}'  | line 3: model.attention.records must be given, found none",
        "kind: lstm          | 'kind: lstm, tie_weights: maybe'  | line 3: model.tie_weights must be true or false, found maybe",
        "size: 200           | 'size: 200, type: letters' | line 4: vocabulary.type must be words, whitespace or bytes, found letters",
        "'size: 200, min_documents: 1' | 'type: bytes, size: 200' | line 4: vocabulary.size must be left out where type is bytes, found 200",
        "size: 200           | type: bytes           | line 4: vocabulary.min_documents must be left out where type is bytes, found 1",
        "'size: 200, min_documents: 1' | 'type: bytes, sources: []' | line 4: vocabulary.sources must be left out where type is bytes, found an empty list",
        "'size: 200, min_documents: 1' | 'type: bytes, uncounted: [a]' | line 4: vocabulary.uncounted must be left out where type is bytes, found a list",
        "'format: lines'     | 'format: lines, label: x' | line 22: train[1].label must be left out where format is lines, found x",
        "'format: lines'     | 'format: lines, text: x'  | line 22: train[1].text must be left out where format is lines, found x",
        "'format: lines'     | 'format: lines, records: 5'  | line 22: train[1].records must be left out where format is lines, found 5",
        "'format: lines'     | 'format: lines, fold: {of: 3, only: 1, except: 2}'  | line 22: train[1].fold must have either only or except, found both",
        "'format: lines'     | 'format: lines, fold: {of: 3, only: 3}'  | line 22: train[1].fold.only must be 0 to 2, found 3",
        "'mood, labels'       | 'mood, probabilities: {negative: a, neutral: b}, labels'  | line 21: train[0].probabilities.positive must be given, found none",
        "'mood, labels'       | 'mood, probabilities: [a, b, c], labels'  | line 21: train[0].probabilities must be a mapping, found a list",
        "'mood, labels'       | 'mood, probabilities: {negative: a, neutral: b, positive: c, happy: d}, labels'  | line 21: train[0].probabilities.happy is not a known key",
        "'mood, labels'       | 'mood, probabilities: {negative: a, neutral: b, positive: a}, labels'  | 'line 21: train[0].probabilities.positive must be a column of its own, found a'",
        "'mood, labels'       | 'mood, temperature: 2, labels'  | line 21: train[0].temperature must be left out where probabilities is not given, found 2",
        "'mood, labels'       | 'mood, soft_weight: 1, labels'  | line 21: train[0].soft_weight must be left out where probabilities is not given, found 1",
        "'mood, labels'       | 'mood, probabilities: {negative: a, neutral: b, positive: c}, temperature: 0, labels'  | line 21: train[0].temperature must be 0.1 to 100, found 0",
        "'mood, labels'       | 'mood, probabilities: {negative: a, neutral: b, positive: c}, soft_weight: 1.1, labels'  | line 21: train[0].soft_weight must be 0 to 1, found 1.1",
        "'mood, labels'       | 'mood, weight: -1, labels'      | line 21: train[0].weight must be 0 to 1000000, found -1",
        "'mood, labels'       | 'mood, repeat: 0, labels'       | line 21: train[0].repeat must be 1 to 1000, found 0",
        "'mood, labels'       | 'mood, repeat: 1.5, labels'     | line 21: train[0].repeat must be 1 to 1000, found 1.5",
        "'mood, labels'       | 'mood, share: 0, labels'        | line 21: train[0].share must be 0.001 to 1, found 0",
        "'mood, labels'       | 'mood, share: 0.5, repeat: 2, labels'  | line 21: train[0].repeat must be left out where share is given, found 2",
        "'format: lines'     | 'format: book, share: 0.5'  | line 22: train[1].share must be left out where format is book, found 0.5",
        "'format: lines'     | 'format: lines, probabilities: {negative: a, neutral: b, positive: c}'  | line 22: train[1].probabilities must be left out where format is lines, found a mapping",
        "metric: macro_f1    | 'share: 0.5'           | 'line 24: dev[0].share must be left out where the source is not trained on, found 0.5'",
        "metric: macro_f1    | 'weight: 2'            | 'line 24: dev[0].weight must be left out where the source is not trained on, found 2'",
        "pooling: concat     | pooling: mean         | line 3: model.pooling must be concat or last, found mean",
        "hidden_size: 16     | hidden_size: 0        | line 3: model.hidden_size must be 1 to 8192, found 0",
        "num_layers: 1       | num_layers: 17        | line 3: model.num_layers must be 1 to 16, found 17",
        "format: lines       | format: csv           | line 22: train[1].format must be tsv, jsonl, lines, book or templates, found csv",
        "metric: macro_f1    | metric: auc           | line 24: dev[0].metric must be accuracy, macro_recall, macro_f1, weighted_f1, auroc or bits_per_token, found auc",
        "metric: macro_f1    | 'metric: auroc, selects: no' | line 24: dev[0].selects must be true or false, found no",
        "metric: macro_f1    | 'metric: auroc, selects: false' | 'line 23: dev must have a source with selects: true, which is the default, found none'",
        "text: words         | text: []              | 'line 21: train[0].text must be a text, or a list of at least one, found an empty list'",
        "'\"1\": positive'   | '\"1\": happy'        | line 21: train[0].labels.1 must be negative, neutral or positive, found happy",
        "epochs: 3           | epoch: 3              | line 6: training.epoch is not a known key; did you mean training.epochs?",
        "seed: 1             | epochs: 3             | line 2: epochs is not a known key; did you mean training.epochs or pretraining.training.epochs?",
        "seed: 1             | calibrate: 1.3        | line 2: calibrate must be true or false, found 1.3",
        "seed: 1             | colour: red           | line 2: colour is not a known key; known here: name, seed, init, labels, valences, train",
        "epochs: 3           | epochs: 2.5           | line 6: training.epochs must be 1 to 10000, found 2.5",
        "epochs: 3           | epochs: many          | line 6: training.epochs must be 1 to 10000, found many",
        "epochs: 3           | epochs: [3]           | line 6: training.epochs must be 1 to 10000, found a list",
        "epochs: 3           | epochs:               | line 6: training.epochs must have a value, found none",
        "epochs: 3           | epochs: 99999999999   | line 6: training.epochs must be 1 to 10000, found 99999999999",
        "'  epochs: 3'       | '  epochs: 3\n  epochs: 4' | 'line 7: key epochs must be given once, found it before on line 6'",
        "name: tiny          | name:                 | line 1: name must have a value, found none",
        "name: tiny          | 'name: \" \"'         | 'line 1: name must be a text that is not blank, found blank text'",
        "'name: a, file: a.tsv' | name: a            | line 21: train[0].file must be given, found none",
        "'name: a, file: a.tsv' | 'name: a, file: '  | line 21: train[0].file must have a value, found none",
        "'name: a, file: a.tsv' | 'name: , file: a.tsv' | line 21: train[0].name must have a value, found none",
        "'\"0\": negative, \"1\"' | '\"0\": , \"1\"'  | line 21: train[0].labels.0 must be negative, neutral or positive, found none",
        "'name: a, file: a.tsv' | 'name: a, file: a.tsv, column: x' | line 21: train[0].column is not a known key; known here: file, name",
        "'name: a, file: a.tsv' | 'name: a, file: a.tsv, lable: x' | line 21: train[0].lable is not a known key; did you mean train[0].label or train[0].labels?",
      })
  void shouldSayWhichValueIsNotValid(String from, String to, String message) throws IOException {
    assertThat(GOOD).contains(from);
    int at = GOOD.indexOf(from);
    String recipe =
        GOOD.substring(0, at) + to.replace("\\n", "\n") + GOOD.substring(at + from.length());

    assertThat(refusal(write(recipe))).startsWith(message);
  }

  @Test
  void shouldReadLabelsAndValences() throws IOException {
    String train = "train: [{file: a.tsv, label: stars, labels: {\"5\": good, \"1\": bad}}]\n";

    Recipe scored =
        Recipe.read(write("labels: [bad, fair, good]\nvalences: [-1, 0.25, 1]\n" + train));
    Recipe unscored = Recipe.read(write("labels: [bad, good]\n" + train));
    Recipe usual =
        Recipe.read(
            write("labels: [negative, neutral, positive]\ntrain: [{file: a.tsv, label: x}]\n"));

    assertThat(scored.labels())
        .isEqualTo(new Labels(List.of("bad", "fair", "good"), List.of(-1f, 0.25f, 1f)));
    assertThat(scored.config(50).labels()).isEqualTo(scored.labels());
    assertThat(scored.config(50).classes()).isEqualTo(3);
    assertThat(scored.train().get(0).labels())
        .containsExactly(Map.entry("1", "bad"), Map.entry("5", "good"));
    assertThat(unscored.labels()).isEqualTo(Labels.unscored(List.of("bad", "good")));
    assertThat(usual.labels()).isEqualTo(Labels.SENTIMENT);
    Recipe silent =
        Recipe.read(
            write(
                "labels: [negative, neutral, positive]\nvalences: []\n"
                    + "train: [{file: a.tsv, label: x}]\n"));
    assertThat(silent.labels()).isEqualTo(Labels.unscored(Labels.SENTIMENT.names()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'labels: [a]' | '' | line 1: labels must be 2 to 64 names, found 1",
        "'labels: a' | '' | 'line 1: labels must be a list of 2 to 64 names, found a'",
        "'labels: [a, b, a]' | '' | 'line 1: labels must be different, found a twice'",
        "'labels: [a, \" \"]' | '' | 'line 1: labels[1] must be a text that is not blank, found blank text'",
        "'labels: [a, {b: c}]' | '' | 'line 1: labels[1] must be a text that is not blank, found a mapping'",
        "'labels: [a, b]\nvalences: [-1, 0, 1]' | '' | 'line 2: valences must be one for each of 2 labels, found 3'",
        "'labels: [a, b]\nvalences: [-1, 1.5]' | '' | 'line 2: valences[1] must be -1 to 1, found 1.5'",
        "'labels: [a, b]\nvalences: [-1, x]' | '' | 'line 2: valences[1] must be -1 to 1, found x'",
        "'valences: [-1, 0, 1]' | '' | 'line 1: valences must be left out where labels is not given, found a list'",
        "'labels: [a, b]' | ', labels: {x: positive}' | 'line 2: train[0].labels.x must be a or b, found positive'",
        "'labels: [a, b]' | ', probabilities: {a: p}' | 'line 2: train[0].probabilities.b must be given, found none'",
        "'labels: [a, b]' | ', probabilities: {a: p, b: q, positive: r}' | 'line 2: train[0].probabilities.positive is not a known key; known here: a, b'",
        "'labels: [a, b]' | ', metric: auroc' | 'line 2: train[0].metric must be another one where valences are not both below and above 0, found auroc'",
        "'labels: [a, b]\nvalences: [0, 1]' | ', metric: auroc' | 'line 3: train[0].metric must be another one where valences are not both below and above 0, found auroc'",
      })
  void shouldSayWhatIsWrongWithLabels(String labels, String source, String message)
      throws IOException {
    String yaml =
        labels.replace("\\n", "\n") + "\ntrain: [{file: a.tsv, label: x" + source + "}]\n";

    assertThat(refusal(write(yaml))).isEqualTo(message);
  }

  @Test
  void shouldRefuseMoreThanSixtyFourLabels() throws IOException {
    String labels = IntStream.range(0, 65).mapToObj(k -> "c" + k).collect(Collectors.joining(", "));

    assertThat(refusal(write("labels: [" + labels + "]\ntrain: [{file: a.tsv, label: x}]\n")))
        .isEqualTo("line 1: labels must be 2 to 64 names, found 65");
  }

  @Test
  void shouldReportErrorsOfLabelsTogetherWithOthers() throws IOException {
    Path file =
        write(
            """
            labels: [a, a]
            seed: x
            train: [{file: a.tsv, label: x, labels: {y: c}}]
            """);

    assertThat(catchThrowable(() -> Recipe.read(file)).getMessage().lines())
        .containsExactly(
            file + ": line 1: labels must be different, found a twice",
            file + ": line 2: seed must be a whole number, found x",
            file + ": line 3: train[0].labels.y must be a, found c");
  }

  @Test
  void shouldReadWhichDevSourcesSelectTheEpoch() throws IOException {
    String reported = "  - {name: c, file: c.tsv, label: mood, metric: auroc, selects: false}\n";

    Recipe recipe = Recipe.read(write(GOOD + reported));

    assertThat(recipe.dev())
        .extracting(Recipe.Source::metric, Recipe.Source::selects)
        .containsExactly(tuple("macro_f1", true), tuple("auroc", false));
  }

  @Test
  void shouldReportAllErrorsAtOnceOneALine() throws IOException {
    Path file =
        write(
            """
            name: mine
            model: {kind: mamba}
            training:
              epoch: 5
              batch_size: 0
            train:
              - file: a.tsv
                lables: {good: positive}
                labels: {good: nice}
              - name: b
            """);

    Throwable thrown = catchThrowable(() -> Recipe.read(file));

    assertThat(thrown.getMessage().lines())
        .containsExactly(
            file + ": line 2: model.kind must be lstm, gru, sru, mingru, rnn or ffnn, found mamba",
            file + ": line 4: training.epoch is not a known key; did you mean training.epochs?",
            file + ": line 5: training.batch_size must be 1 to 4096, found 0",
            file
                + ": line 8: train[0].lables is not a known key; did you mean train[0].label"
                + " or train[0].labels?",
            file
                + ": line 9: train[0].labels.good must be negative, neutral or positive, found nice",
            file + ": line 10: train[1].file must be given, found none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "dev", "training"})
  void shouldSayWhichPartHasNoValue(String part) throws IOException {
    String empty = GOOD.replaceFirst("(?ms)^" + part + ":.*?(?=^[a-z]|\\z)", part + ":\n");
    assertThat(refusal(write(empty))).endsWith(": " + part + " must have a value, found none");
  }

  @Test
  void shouldSayThatTrainingSourcesAreMissing() throws IOException {
    assertThat(refusal(write("name: mine\n"))).isEqualTo("line 1: train must be given, found none");
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
    assertThat(refusal(file, Map.of("name.x", "1")))
        .isEqualTo("--set name.x: name must be a mapping, found tiny");
    assertThat(refusal(file, Map.of("model.size", "1")))
        .startsWith("--set model.size: model.size is not a known key");
    assertThat(refusal(file, Map.of("training.epochs", "0")))
        .isEqualTo("--set training.epochs: training.epochs must be 1 to 10000, found 0");
    assertThat(refusal(file, Map.of("training.epochs", "[1")))
        .startsWith("--set training.epochs: must be YAML, found: ");
  }

  @Test
  void shouldRefuseAListOfNoSources() throws IOException {
    String none = GOOD.substring(0, GOOD.indexOf("train:\n")) + "train: []\ndev: []\n";
    assertThat(catchThrowable(() -> Recipe.read(write(none))).getMessage().lines())
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line).endsWith("a list of at least one mapping, found an empty list"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                        | 'must be a YAML mapping, found nothing'",
        "just words                | 'must be a YAML mapping, found just words'",
        "[1, 2]                    | 'must be a YAML mapping, found a list'",
        "'name: [1, 2'             | 'line 1: must be YAML, found: expected '",
        "'name: x\n\tseed: 1'      | 'line 2: must be YAML, found: found character '",
        "'name: tiny\n seed: 1\n  model: 2' | 'line 2: must be YAML, found: mapping values are not allowed here'",
        "'%bad directive\n---\nname: x'     | 'line 3: train must be given, found none'",
        "'a: &a [*a]'              | 'line 1: YAML aliases are not supported, found *a'",
        "'name: x\n---\nname: y'   | 'line 3: the file must be one YAML document, found another one'",
        "'\u0000\u0001\u0002'     | 'line 1: must be YAML, found: special characters are not allowed'",
      })
  void shouldRefuseAFileThatIsNotARecipe(String content, String message) throws IOException {
    assertThat(refusal(write(content.replace("\\n", "\n").replace("\\t", "\t"))))
        .startsWith(message);
  }

  @Test
  void shouldRefuseAFileThatIsTooLarge() throws IOException {
    Path file = write("name: " + "a".repeat(1 << 20));
    assertThat(refusal(file)).isEqualTo("must have at most 1,048,576 bytes, found more");
  }

  @Test
  void shouldRefuseDeepNesting() throws IOException {
    assertThat(refusal(write("name: " + "[".repeat(50_000))))
        .startsWith("line 1: must be YAML, found: Document nesting depth (1001) exceeds");
  }

  @Test
  void shouldRefuseBytesThatAreNoText() throws IOException {
    Path file = folder.resolve("recipe.yaml");
    Files.write(file, new byte[] {'n', 'a', 'm', 'e', ':', ' ', (byte) 0xff, (byte) 0xfe, '\n'});
    assertThat(refusal(file)).isEqualTo("must be UTF-8, found other bytes");
  }

  /** The YAML reader's work grows with the square of a token's length. */
  @Test
  void shouldRefuseAHugeFile() throws IOException {
    assertThat(refusal(write("name: " + "a".repeat(1 << 20))))
        .isEqualTo("must have at most 1,048,576 bytes, found more");
  }

  @Test
  void shouldSayThatTheFileIsMissing() {
    assertThat(refusal(folder.resolve("missing.yaml")))
        .isEqualTo("must be a recipe, found no such file");
  }

  @Test
  void shouldTakeSeveralTextColumnsOrOne() throws IOException {
    Recipe recipe = Recipe.read(write(GOOD.replace("text: words", "text: [turn1, turn2]")));
    assertThat(recipe.train().get(0).text()).isEqualTo(List.of("turn1", "turn2"));
  }

  private static String refusal(Path file) {
    return refusal(file, Map.of());
  }

  /** The only error of a recipe, without the file. */
  private static String refusal(Path file, Map<String, String> changes) {
    Throwable thrown = catchThrowable(() -> Recipe.read(file, changes));
    assertThat(thrown).isInstanceOf(RecipeException.class);
    assertThat(thrown.getMessage())
        .startsWith(file + ": ")
        .hasSizeGreaterThan((file + ": ").length());
    assertThat(thrown.getMessage()).hasLineCount(1).doesNotContain("\t");
    return thrown.getMessage().substring(file.toString().length() + 2);
  }

  private Path write(String recipe) throws IOException {
    return Files.writeString(folder.resolve("recipe.yaml"), recipe);
  }
}
