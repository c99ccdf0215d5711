package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.model.Labels;
import io.undercurrent.text.ByteTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A teacher's probabilities, from the file to the records that are learnt. */
class SoftLabelsTest {

  private static final String COLUMNS = "probabilities: {negative: n, neutral: o, positive: p}";

  @TempDir private Path data;

  @Test
  void shouldReadProbabilitiesBesideLabelsAndAlone() throws IOException {
    write("s.tsv", "label\tn\to\tp\ttext\n+\t0.1\t0.2\t0.7\ta\n-\t\t\t\tb\nx\t1\t0\t0.02\tc\n");

    List<Corpus.Item> items = items("s.tsv", "label: label, " + COLUMNS);

    assertThat(items).extracting(Corpus.Item::text).containsExactly("a", "b", "c");
    assertThat(items).extracting(Corpus.Item::label).containsExactly((byte) 2, (byte) 0, (byte) -1);
    assertThat(items.get(0).probabilities()).containsExactly(0.1f, 0.2f, 0.7f);
    assertThat(items.get(1).probabilities()).isNull();
    assertThat(items.get(2).probabilities())
        .as("divided by their sum")
        .containsExactly((float) (1 / 1.02), 0f, (float) (0.02 / 1.02));
  }

  @Test
  void shouldReadJsonNumbersTextsAndNulls() throws IOException {
    write(
        "s.jsonl",
        """
        {"text": "a", "n": 0.25, "o": "0.25", "p": 5e-1}
        {"text": "b", "n": null, "o": "", "p": null}
        """);

    List<Corpus.Item> items = items("s.jsonl", COLUMNS);

    assertThat(items.get(0).probabilities()).containsExactly(0.25f, 0.25f, 0.5f);
    assertThat(items.get(1).probabilities()).isNull();
    assertThat(items).extracting(Corpus.Item::label).containsOnly(Chunk.UNLABELLED);
  }

  @Test
  void shouldGiveTheLastOfSeveralTurnsTheProbabilities() throws IOException {
    write("s.tsv", "n\to\tp\ta\tb\n0\t0\t1\tso\tfine\n");

    List<Corpus.Item> items = items("s.tsv", "text: [a, b], " + COLUMNS);

    assertThat(items.get(0).probabilities()).isNull();
    assertThat(items.get(1).probabilities()).containsExactly(0f, 0f, 1f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1.5, 0, 0      | column n must be a number from 0 to 1, or all of n, o, p empty, found 1.5",
        "0.5, -0.1, 0.6 | column o must be a number from 0 to 1, or all of n, o, p empty, found -0.1",
        "0.5, 0.5, NaN  | column p must be a number from 0 to 1, or all of n, o, p empty, found NaN",
        "0.5, much, 0.5 | column o must be a number from 0 to 1, or all of n, o, p empty, found much",
        "0.5, , 0.5     | column o must be a number from 0 to 1, or all of n, o, p empty, found none",
        "0.5, 0.5, 0.03 | columns n, o, p must have a sum of 1 (at most 0.02 more or less), found 0.5 + 0.5 + 0.03",
        "0.3, 0.3, 0.3  | columns n, o, p must have a sum of 1 (at most 0.02 more or less), found 0.3 + 0.3 + 0.3"
      })
  void shouldSayWhichValueIsNotAProbability(String values, String message) throws IOException {
    String row = values.replaceAll(", ?", "\t") + "\ta\n";
    write("s.tsv", "n\to\tp\ttext\n0\t0\t1\tfine\n" + row);

    assertThat(catchThrowable(() -> items("s.tsv", COLUMNS)))
        .isInstanceOf(RecipeException.class)
        .hasMessage(data.resolve("s.tsv") + ": row 3: " + message);
  }

  @Test
  void shouldAcceptSumsAtTheTolerance() throws IOException {
    write("s.tsv", "n\to\tp\ttext\n0.34\t0.34\t0.34\ta\n0.98\t0\t0\tb\n");

    List<Corpus.Item> items = items("s.tsv", COLUMNS);

    assertThat(items.get(0).probabilities()).containsOnly(1 / 3f);
    assertThat(items.get(1).probabilities()).containsExactly(1f, 0f, 0f);
  }

  @Test
  void shouldSayThatAColumnIsMissing() throws IOException {
    write("s.tsv", "n\tp\ttext\n0\t1\tfine\n");
    assertThat(catchThrowable(() -> items("s.tsv", COLUMNS)))
        .hasMessage(data.resolve("s.tsv") + ": must have a column o, found [n, p, text]");
    write("s.jsonl", "{\"text\": \"a\", \"n\": 0, \"p\": 1}\n");
    assertThat(catchThrowable(() -> items("s.jsonl", COLUMNS)))
        .hasMessage(data.resolve("s.jsonl") + ": row 1: must have a field o, found [n, p, text]");
    write("s.jsonl", "{\"text\": \"a\", \"n\": 0, \"p\": 1, \"o\": [0]}\n");
    assertThat(catchThrowable(() -> items("s.jsonl", COLUMNS)))
        .hasMessage(
            data.resolve("s.jsonl")
                + ": row 1: field o must be a string, number or boolean, found an array");
  }

  @Test
  void shouldSoftenProbabilitiesByTheTemperature() {
    float[] p = {0.5f, 0.32f, 0.18f};

    assertThat(new LabelUse(LabelUse.ALL_CLASSES, 1f, 1f, true).soft(p)).isSameAs(p);
    assertThat(new LabelUse(LabelUse.ALL_CLASSES, 1f, 1f, true).soft(null)).isNull();
    double sum = Math.sqrt(0.5) + Math.sqrt(0.32) + Math.sqrt(0.18);
    float[] soft = new LabelUse(LabelUse.ALL_CLASSES, 2f, 1f, true).soft(p);
    assertThat(soft[0]).isCloseTo((float) (Math.sqrt(0.5) / sum), within(1e-6f));
    assertThat(soft[2]).isCloseTo((float) (Math.sqrt(0.18) / sum), within(1e-6f));
    assertThat(new LabelUse(LabelUse.ALL_CLASSES, 0.1f, 1f, true).soft(new float[] {0, 1, 0}))
        .containsExactly(0f, 1f, 0f);
  }

  @Test
  void shouldCompareHardLabelsOnlyWithTheClassesOfTheirSource() throws IOException {
    write("two.tsv", "label\tn\to\tp\ttext\n-\t.8\t.1\t.1\ta\n+\t\t\t\tb\n");
    write("hard.tsv", "label\ttext\n-\tc\n");

    List<Example> examples =
        examples(
            recipe(
                "{file: two.tsv, label: label, temperature: 2, soft_weight: 0.75, weight: 3, "
                    + COLUMNS
                    + "}",
                "{file: hard.tsv, label: label, weight: 0.5}"));

    LabelUse use = examples.get(0).use();
    assertThat(use).isSameAs(examples.get(1).use());
    assertThat(use.classes() & 0b111)
        .as("the soft label has neutral, no label has")
        .isEqualTo(0b101);
    assertThat(use.temperature()).isEqualTo(2f);
    assertThat(use.softWeight()).isEqualTo(0.75f);
    assertThat(examples).extracting(Example::weight).containsExactly(3f, 3f, 0.5f);
    assertThat(examples.get(0).soft()).hasSize(3);
    assertThat(examples.get(1).soft()).isNull();
    assertThat(examples.get(2).use().classes() & 0b111).isEqualTo(0b001);
  }

  /** Two of three records are negative by label or teacher, so that each counts half as much. */
  @Test
  void shouldBalanceRecordsByTheTeacherWhereTheyHaveNoLabel() throws IOException {
    write("s.tsv", "label\tn\to\tp\ttext\n-\t0\t0\t1\ta\nx\t1\t0\t0\tb\nx\t0\t0\t1\tc\n");

    List<Example> examples =
        examples(recipe("{file: s.tsv, label: label, balanced: true, weight: 2, " + COLUMNS + "}"));

    assertThat(examples).extracting(Example::weight).containsExactly(1.5f, 1.5f, 3f);
  }

  @Test
  void shouldScoreASourceWithoutLabelsByTheTeachersLikeliestClass() throws IOException {
    write("s.tsv", "n\to\tp\ttext\n.1\t.5\t.4\ta\n.5\t.5\t0\tb\n\t\t\tc\n");
    Recipe.Source source = recipe("{file: s.tsv, " + COLUMNS + "}").train().get(0);
    Corpus corpus = Corpus.read(source, Labels.SENTIMENT, data);

    assertThat(source.metric()).isEqualTo("accuracy");
    assertThat(source.softWeight()).isEqualTo(1f);
    assertThat(corpus.conversations())
        .extracting(conversation -> corpus.scored(conversation.items().get(0)))
        .containsExactly((byte) 1, (byte) 0, Chunk.UNLABELLED);
  }

  @Test
  void shouldNotScoreUnlabelledRecordsOfASourceWithLabels() throws IOException {
    write("s.tsv", "label\tn\to\tp\ttext\nx\t0\t0\t1\ta\n-\t0\t0\t1\tb\n");
    Recipe.Source source = recipe("{file: s.tsv, label: label, " + COLUMNS + "}").train().get(0);
    Corpus corpus = Corpus.read(source, Labels.SENTIMENT, data);

    assertThat(source.softWeight()).isEqualTo(0.5f);
    assertThat(corpus.conversations())
        .extracting(conversation -> corpus.scored(conversation.items().get(0)))
        .containsExactly(Chunk.UNLABELLED, (byte) 0);
  }

  @Test
  void shouldReadTheProbabilitiesOfTheRecipesLabelsInTheirOrder() throws IOException {
    write("s.tsv", "label\tc\tb\ta\ttext\ncancel\t0.1\t0.2\t0.7\tstop\n");
    Path file = data.resolve("recipe.yaml");
    Files.writeString(
        file,
        """
        labels: [refund, cancel, book]
        vocabulary: {type: bytes}
        train: [{file: s.tsv, label: label, probabilities: {book: b, cancel: c, refund: a}}]
        dev: [{file: dev.tsv}]
        """);
    Recipe recipe = Recipe.read(file);

    Corpus corpus = Corpus.read(recipe.train().get(0), recipe.labels(), data);

    Corpus.Item item = corpus.conversations().get(0).items().get(0);
    assertThat(item.label()).isEqualTo((byte) 1);
    assertThat(item.probabilities()).containsExactly(0.7f, 0.1f, 0.2f);
    assertThat(corpus.classWeights()).hasSize(3);
  }

  @Test
  void shouldRefuseALabelThatIsNotTheRecipes() throws IOException {
    write("s.tsv", "label\ttext\npositive\tstop\n");
    Path file = data.resolve("recipe.yaml");
    Files.writeString(
        file,
        "labels: [refund, cancel]\nvocabulary: {type: bytes}\n"
            + "train: [{file: s.tsv, label: label}]\ndev: [{file: dev.tsv}]\n");
    Recipe recipe = Recipe.read(file);

    assertThatThrownBy(() -> Corpus.read(recipe.train().get(0), recipe.labels(), data))
        .isInstanceOf(RecipeException.class)
        .hasMessageEndingWith("label must be one of refund, cancel, found positive");
  }

  private void write(String file, String content) throws IOException {
    Files.writeString(data.resolve(file), content);
  }

  private List<Corpus.Item> items(String file, String keys) throws IOException {
    Recipe.Source source = recipe("{file: " + file + ", " + keys + "}").train().get(0);
    return Corpus.read(source, Labels.SENTIMENT, data).conversations().stream()
        .flatMap(conversation -> conversation.items().stream())
        .toList();
  }

  /** With labels {@code -}, {@code +} and {@code x}, where a source has labels. */
  private Recipe recipe(String... sources) throws IOException {
    StringBuilder yaml = new StringBuilder("vocabulary: {type: bytes}\ntrain:\n");
    for (String source : sources) {
      yaml.append("  - ")
          .append(
              source.replace(
                  "label: label",
                  "label: label, labels: {'-': negative, '+': positive}, unlabelled: [x]"))
          .append('\n');
    }
    yaml.append("dev: [{file: dev.tsv}]\n");
    Path file = data.resolve("recipe.yaml");
    Files.writeString(file, yaml);
    return Recipe.read(file);
  }

  private List<Example> examples(Recipe recipe) {
    List<Example> examples = new ArrayList<>();
    new TrainingData(recipe, data, data, TrainingDataTest.SILENT)
        .encode(recipe.stages().get(0), new ByteTokenizer()).ofEpoch(1, 1).stream()
            .flatMap(Stream::of)
            .forEach(examples::add);
    return examples;
  }
}
