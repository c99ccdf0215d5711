package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import io.undercurrent.train.Evaluation.StateUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluationTest {

  private static final Model MODEL = TinyModel.of(5, 9, 2, Pooling.CONCAT, 4).model();

  @TempDir private Path folder;

  private final List<String> heard = new ArrayList<>();
  private final Evaluation.Listener listener =
      new Evaluation.Listener() {
        @Override
        public void says(String line) {
          heard.add(line);
        }

        @Override
        public void read(String source, long done, long all) {
          heard.add(source + " " + done + " of " + all);
        }
      };

  @BeforeEach
  void writeData() throws IOException {
    StringBuilder talk = new StringBuilder("who\tlabel\ttext\n");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 30; i++) {
      String text = TinyModel.text(1 + i * 7 % 12, i);
      talk.append("abc".charAt(i / 10)).append('\t').append(i % 3).append('\t');
      talk.append(text).append('\n');
      lines.append(text).append('\n');
    }
    Files.writeString(folder.resolve("talk.tsv"), talk);
    Files.writeString(folder.resolve("plain.txt"), lines);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void shouldGiveTheSameResultsInTheSameOrderWithWorkers(int threads) throws IOException {
    String source = "label: label, labels: {'0': negative, '1': neutral, '2': positive}";
    Path file = folder.resolve("three.yaml");
    Files.writeString(
        file,
        """
        train: [{file: talk.tsv, label: label}]
        dev:
          - {name: short, file: talk.tsv, fold: {of: 4, only: 0}, %1$s}
          - {name: plain, file: plain.txt}
          - {name: long, file: talk.tsv, conversation: who, %1$s}
        """
            .formatted(source));
    Evaluation evaluation = new Evaluation(Recipe.read(file), folder);
    List<Evaluation.Result> alone = evaluation.of(MODEL, true);

    try (Workers workers = new Workers(threads)) {
      List<Evaluation.Result> together = evaluation.of(MODEL, true, workers);

      assertThat(together)
          .extracting(Evaluation.Result::name)
          .containsExactly("short", "plain", "long");
      assertThat(together)
          .extracting(Evaluation.Result::score, Evaluation.Result::bitsPerToken)
          .containsExactlyElementsOf(
              alone.stream().map(result -> tuple(result.score(), result.bitsPerToken())).toList());
    }
  }

  @Test
  void shouldCarryTheStateAsTheStateUseSays() throws IOException {
    for (StateUse use : StateUse.values()) {
      double bits = 0;
      int tokens = 0;
      int right = 0;
      Inference inference = new Inference(MODEL, 64, 0, true);
      HiddenState state = MODEL.initialState();
      List<String> rows = Files.readAllLines(folder.resolve("talk.tsv"));
      for (int i = 0; i < 30; i++) {
        boolean fresh = use == StateUse.FRESH || use == StateUse.CONVERSATION && i % 10 == 0;
        state = fresh ? MODEL.initialState() : state;
        Reading reading = inference.read(rows.get(i + 1).split("\t")[2], state);
        bits += reading.surpriseBits() * reading.tokens();
        tokens += reading.tokens();
        right += reading.label() == i % 3 ? 1 : 0;
      }

      Evaluation.Result result = report(TALK, use).results().get(0);

      assertThat(result.bitsPerToken()).as("%s", use).isCloseTo(bits / tokens, within(1e-9));
      assertThat(result.model().accuracy()).as("%s", use).isEqualTo(right / 30.0);
      assertThat(result.language().tokens()).isEqualTo(tokens);
    }
  }

  @Test
  void shouldScoreTheSentimentAfterEachShareOfARecord() throws IOException {
    int[] right = new int[Evaluation.SHARES];
    List<String> rows = Files.readAllLines(folder.resolve("talk.tsv"));
    for (int share = 1; share <= Evaluation.SHARES; share++) {
      for (int i = 0; i < 30; i++) {
        String text = rows.get(i + 1).split("\t")[2];
        int tokens = (int) Math.ceil(text.split(" ").length * share / 10.0 - 1e-9);
        Reading head = new Inference(MODEL, tokens, 0, false).read(text, MODEL.initialState());
        right[share - 1] += head.label() == i % 3 ? 1 : 0;
      }
    }

    Evaluation.Result result = report(TALK, StateUse.FRESH).results().get(0);

    for (int share = 0; share < Evaluation.SHARES; share++) {
      assertThat(result.accuracyByShare()[share]).as("%d", share).isEqualTo(right[share] / 30.0);
    }
    assertThat(result.accuracyByShare()[9]).isEqualTo(result.model().accuracy());
    assertThat(result.calibration().bins().stream().mapToInt(Calibration.Bin::records).sum())
        .isEqualTo(30);
  }

  @Test
  void shouldScoreASourceWithoutLabelsByItsLanguageAlone() throws IOException {
    Evaluation.Report report = report(PLAIN, StateUse.CONVERSATION);

    Evaluation.Result result = report.results().get(0);
    assertThat(result.byBits()).isTrue();
    assertThat(result.calibration()).isNull();
    assertThat(result.accuracyByShare()).isNull();
    assertThat(result.naiveBayes()).isNull();
    assertThat(result.perplexity()).isEqualTo(result.language().perplexity(true)).isGreaterThan(1);
    assertThat(result.language().words()).isEqualTo(result.language().tokens());
    assertThat(result.language().top(5)).isBetween(result.language().top(3), 1.0);
    assertThat(report.naiveBayes()).isNull(); // nothing labelled to train it for
    assertThat(Evaluation.mean(report.results())).isEqualTo(-result.bitsPerToken());
  }

  @Test
  void shouldScoreARunByItsLabelledSourcesIfThereAreAny() throws IOException {
    Evaluation.Report report = report(TALK + PLAIN, StateUse.CONVERSATION);

    assertThat(report.results()).hasSize(2);
    assertThat(Evaluation.mean(report.results())).isEqualTo(report.results().get(0).score());
  }

  @Test
  void shouldScoreBaselinesBesideTheModel() throws IOException {
    Evaluation.Report report = report(TALK, StateUse.CONVERSATION);

    Evaluation.Result result = report.results().get(0);
    assertThat(result.majority()).isEqualTo(1 / 3.0); // by macro recall
    assertThat(result.naiveBayesScore()).isGreaterThan(1 / 3.0); // trained on the same records
    assertThat(report.suites().negation()).hasSize(6);
    assertThat(report.naiveBayes().negation()).hasSize(6);
    assertThat(report.naiveBayes().behaviour()).hasSameSizeAs(report.suites().behaviour());
    assertThat(report.suites()).isEqualTo(Suites.of(MODEL));
  }

  @Test
  void shouldScoreAnNgramModelAtThePositionsOfTheModel() throws IOException {
    for (StateUse use : StateUse.values()) {
      for (Evaluation.Result result :
          evaluation(TALK + PLAIN).report(MODEL, folder, use, true, listener).results()) {
        LanguageScores ngrams = result.kneserNey();
        assertThat(ngrams.tokens()).isEqualTo(result.language().tokens());
        assertThat(ngrams.words()).isEqualTo(result.language().words());
        assertThat(ngrams.unknownShare()).isEqualTo(result.language().unknownShare());
        assertThat(ngrams.bitsPerToken()).isPositive().isLessThan(result.bitsPerToken());
        assertThat(ngrams.perplexity(true)).isNotEqualTo(ngrams.perplexity(false));
        assertThat(ngrams.top(5)).isGreaterThan(result.language().top(5)); // trained on these
      }
    }
    assertThat(heard).contains("reading talk.tsv for Kneser-Ney", "plain 30 of 30");
    assertThat(report(TALK, StateUse.FRESH).results().get(0).kneserNey()).isNull();
  }

  /** A text that two stages read is one text; dev conversations of the same file are left out. */
  @Test
  void shouldCountEachTrainingTextOnceWithoutTheDevFold() throws IOException {
    String folded = TALK.replace("conversation: who", "conversation: who\n    fold: {of: 3, FOLD}");
    String train = folded.replace("FOLD", "except: 0");
    String dev = folded.replace("FOLD", "only: 0");
    Path once = recipe(train, dev);
    String text = Files.readString(once);
    evaluation(once).report(MODEL, folder, StateUse.CONVERSATION, true, listener);
    Files.writeString(
        once, text.replace("\ntrain:", "\npretraining:\n  train:\n" + train + "train:"));
    evaluation(once).report(MODEL, folder, StateUse.CONVERSATION, true, listener);

    long tokens = 0;
    List<String> rows = Files.readAllLines(folder.resolve("talk.tsv"));
    for (String row : rows.subList(11, 31)) { // conversations 1 and 2, with ends of records
      tokens += row.split("\t")[2].split(" ").length + 1;
    }
    String counted = "Kneser-Ney: counting in " + tokens + " tokens";
    assertThat(heard.stream().filter(counted::equals)).hasSize(2);
  }

  @Test
  void shouldReportProgress() throws IOException {
    report(TALK, StateUse.CONVERSATION);

    assertThat(heard)
        .contains(
            "talk 1 of 30",
            "talk 30 of 30",
            "reading talk.tsv for naive Bayes",
            "training naive Bayes",
            "naive Bayes on talk");
  }

  @Test
  void shouldRefuseALabelledSourceWithoutALabelledRecord() throws IOException {
    Files.writeString(folder.resolve("talk.tsv"), "who\tlabel\ttext\na\tx\tgood\n");

    assertThatThrownBy(() -> report(TALK + PLAIN, StateUse.CONVERSATION))
        .isInstanceOf(RecipeException.class)
        .hasMessage("dev source talk must have labelled records, found none");
  }

  @Test
  void shouldScoreByTheAreaUnderTheRocCurveWithACarriedState() throws IOException {
    RankedScores carried = new RankedScores();
    Inference inference = new Inference(MODEL, 64, 0, true);
    HiddenState state = MODEL.initialState();
    List<String> rows = Files.readAllLines(folder.resolve("talk.tsv"));
    for (int i = 0; i < 30; i++) {
      state = i % 10 == 0 ? MODEL.initialState() : state;
      float[] p = inference.read(rows.get(i + 1).split("\t")[2], state).probabilities();
      carried.add(i % 3 - 1, (double) p[2] - p[0]);
    }
    String dev = TALK.replace("macro_recall", "auroc");

    Evaluation.Result result = report(dev, StateUse.CONVERSATION).results().get(0);

    assertThat(result.score()).isEqualTo(carried.auroc());
    assertThat(result.majority()).isEqualTo(0.5);
    assertThat(result.naiveBayesScore()).isGreaterThan(0.5); // trained on the same records
    assertThat(report(dev, StateUse.FRESH).results().get(0).score()).isNotEqualTo(result.score());
  }

  @Test
  void shouldRefuseAnRocCurveWithoutBothClasses() {
    String dev = TALK.replace("macro_recall", "auroc");
    for (String lacking : List.of("negative", "positive")) {
      assertThatThrownBy(() -> report(dev.replace(lacking, "neutral"), StateUse.CONVERSATION))
          .isInstanceOf(RecipeException.class)
          .hasMessage(
              "dev source talk must have records labelled negative and records labelled positive"
                  + " for metric auroc, found none labelled "
                  + lacking);
    }
  }

  @Test
  void shouldLeaveSourcesThatDoNotSelectOutOfTheScoreOfARun() throws IOException {
    String reported = TALK.replace("name: talk", "name: reported\n    selects: false");
    Evaluation.Report report =
        report(TALK.replace("macro_recall", "auroc") + reported, StateUse.CONVERSATION);

    assertThat(report.results().get(1).score()).isNotEqualTo(report.results().get(0).score());
    assertThat(Evaluation.mean(report.results())).isEqualTo(report.results().get(0).score());

    List<Evaluation.Result> bits =
        report(PLAIN + reported, StateUse.CONVERSATION).results(); // only bits select
    assertThat(Evaluation.mean(bits)).isEqualTo(-bits.get(0).bitsPerToken());
  }

  private static final String TALK =
      """
        - name: talk
          file: talk.tsv
          label: label
          labels: {"0": negative, "1": neutral, "2": positive}
          unlabelled: [x]
          conversation: who
          metric: macro_recall
      """;

  private static final String PLAIN =
      """
        - {name: plain, file: plain.txt, format: lines, ends: true}
      """;

  private Evaluation.Report report(String dev, StateUse use) throws IOException {
    return evaluation(dev).report(MODEL, folder, use, listener);
  }

  private Evaluation evaluation(String dev) throws IOException {
    return evaluation(recipe(TALK, dev));
  }

  private Evaluation evaluation(Path recipe) {
    return new Evaluation(Recipe.read(recipe), folder);
  }

  private Path recipe(String train, String dev) throws IOException {
    String recipe =
        """
        name: tiny
        seed: 7
        model: {kind: lstm, embedding_size: 5, hidden_size: 9, num_layers: 2, pooling: concat}
        vocabulary: {size: 200, min_documents: 1}
        training:
          epochs: 1
          patience: 1
          batch_size: 8
          bptt: 12
          learning_rate: 0.02
          clip_grad_norm: 1.0
          dropout_embedding: 0.05
          dropout_output: 0.05
          dropout_features: 0.05
          fresh_share: 0.5
          sentiment_weight: 1.0
          next_token_weight: 0.2
          next_token_share: 0.5
          max_tokens: 64
        train:
        """
            + train
            + "dev:\n"
            + dev;
    return Files.writeString(folder.resolve("recipe.yaml"), recipe);
  }
}
