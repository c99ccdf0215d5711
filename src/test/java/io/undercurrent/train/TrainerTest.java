package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.LookBack;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small runs on a made-up language in which {@code not} turns what follows into its opposite. */
class TrainerTest {

  private static final String[] GOOD = {"good", "great", "tasty", "lovely"};
  private static final String[] BAD = {"bad", "awful", "bland", "horrid"};
  private static final String[] THINGS = {"food", "soup", "place", "service", "room"};

  @TempDir private Path folder;

  /** Keeps what a run reports, and can stop the run after an epoch as a kill would. */
  static class Log implements Progress {
    private final int stopAfter;
    private final List<String> said = new ArrayList<>();
    private final List<List<Evaluation.Result>> epochs = new ArrayList<>();

    Log(int stopAfter) {
      this.stopAfter = stopAfter;
    }

    @Override
    public void says(String line) {
      said.add(line);
    }

    @Override
    public void chunk(
        int epoch,
        long done,
        long all,
        double sentimentLoss,
        double nextLoss,
        double gradientNorm) {
      assertThat(done).isBetween(1L, all);
    }

    @Override
    public void epoch(int epoch, List<Evaluation.Result> results, boolean best) {
      epochs.add(results);
      if (epoch == stopAfter) {
        throw new Killed();
      }
    }
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void writeData() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    Files.writeString(folder.resolve("train.tsv"), records(random, 400));
    Files.writeString(folder.resolve("dev.tsv"), records(random, 100));
  }

  @Test
  void shouldLearnThatNotTurnsAWordIntoItsOpposite() throws IOException {
    Recipe recipe = recipe(15, "");
    Log log = new Log(-1);

    Path best = train(recipe, "run", 2, log);

    Evaluation.Result result =
        new Evaluation(recipe, folder)
            .report(
                Checkpoint.load(best.toString()),
                folder,
                Evaluation.StateUse.CONVERSATION,
                new SilentListener())
            .results()
            .get(0);
    assertThat(result.majority()).isLessThan(0.6);
    assertThat(result.score()).isGreaterThan(0.95);
    double first = log.epochs.get(0).get(0).bitsPerToken();
    assertThat(result.bitsPerToken()).isLessThan(first);
    assertThat(result.language().unknownShare()).isZero();
    // The best checkpoint is the one with the best score that was told, but for half precision.
    double told =
        log.epochs.stream().mapToDouble(epoch -> epoch.get(0).score()).max().orElseThrow();
    assertThat(result.score()).isBetween(told - 0.02, told + 0.02);
  }

  /** A window of one token cannot know what a word follows; the others must. */
  @ParameterizedTest
  @CsvSource({"'rnn', 0.9, 1", "'gru', 0.9, 1", "'ffnn, window: 3', 0.9, 1", "'ffnn', 0.2, 0.8"})
  void shouldLearnAsMuchAsEachKindCanRead(String kind, double min, double max) throws IOException {
    String model =
        "model: {kind: %s, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: last}";
    Recipe recipe = recipe(15, model.formatted(kind));

    Path best = train(recipe, "run", 2, new Log(-1));

    double score =
        new Evaluation(recipe, folder).of(Checkpoint.load(best.toString()), false).get(0).score();
    assertThat(score).isBetween(min, max);
  }

  /**
   * Three things are praised or not, in any order; then one of them is asked for. The same network
   * without attention gets 75 % right.
   */
  @Test
  void shouldLearnWhichPastRecordToLookAt() throws IOException {
    SplittableRandom random = new SplittableRandom(2);
    Files.writeString(folder.resolve("train.tsv"), questions(random, 1500));
    Files.writeString(folder.resolve("dev.tsv"), questions(random, 200));
    String model =
        "model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: last,"
            + " attention: {records: 3, size: 8}}";
    recipe(16, model + "\nbptt: 32\nfresh_share: 1");
    String text = Files.readString(folder.resolve("recipe.yaml"));
    Files.writeString(
        folder.resolve("turns.yaml"),
        text.replace("    label: label\n", "    label: label\n    text: [a, b, c, text]\n"));
    Recipe recipe = Recipe.read(folder.resolve("turns.yaml"));

    Path best = train(recipe, "run", 2, new Log(-1));

    Model learnt = Checkpoint.load(best.toString());
    assertThat(new Evaluation(recipe, folder).of(learnt, false).get(0).score()).isGreaterThan(0.9);
    Inference inference = new Inference(learnt, 64, 0, false);
    List<String> things = List.of("food", "room", "soup");
    for (int asked = 0; asked < things.size(); asked++) {
      HiddenState state = learnt.initialState();
      Memory memory = inference.memory();
      for (String thing : things) {
        inference.read("the " + thing + " is good", state, memory);
      }
      Reading answer = inference.read("what about the " + things.get(asked), state, memory);
      LookBack.Past first = answer.lookBack().records().get(0);
      assertThat(first.record()).isEqualTo(asked + 1);
      assertThat(first.weight()).isGreaterThan(0.5f); // more than all others together
    }
  }

  private static String questions(SplittableRandom random, int n) {
    StringBuilder rows = new StringBuilder("label\ta\tb\tc\ttext\n");
    for (int i = 0; i < n; i++) {
      List<String> things = new ArrayList<>(List.of("food", "room", "soup"));
      StringBuilder row = new StringBuilder();
      int asked = random.nextInt(3);
      int label = -1;
      String question = "";
      for (int turn = 0; turn < 3; turn++) {
        String thing = things.remove(random.nextInt(things.size()));
        boolean good = random.nextBoolean();
        row.append("\tthe ").append(thing).append(good ? " is good" : " is bad");
        if (turn == asked) {
          label = good ? 1 : 0;
          question = "\twhat about the " + thing;
        }
      }
      rows.append(label).append(row).append(question).append('\n');
    }
    return rows.toString();
  }

  @Test
  void shouldGiveTheSameBytesForTheSameSeedAndOthersForAnother() throws IOException {
    byte[] once = tensors(train(recipe(2, ""), "once", 2, new Log(-1)));

    assertThat(tensors(train(recipe(2, ""), "again", 2, new Log(-1)))).isEqualTo(once);
    assertThat(tensors(train(recipe(2, "seed: 8"), "other", 2, new Log(-1)))).isNotEqualTo(once);
  }

  @Test
  void shouldGiveTheSameBytesAfterAStopBetweenEpochs() throws IOException {
    Recipe recipe = recipe(4, "");
    Path whole = train(recipe, "whole", 2, new Log(-1));
    for (int epoch = 1; epoch <= 2; epoch++) {
      int stopAfter = epoch;
      assertThatThrownBy(() -> train(recipe, "stopped", 2, new Log(stopAfter)))
          .isInstanceOf(Killed.class);
    }
    Log log = new Log(-1);

    Path stopped = train(recipe, "stopped", 2, log);

    assertThat(log.said).contains("continuing after epoch 2 of " + folder.resolve("stopped"));
    assertThat(log.epochs).hasSize(2);
    assertThat(tensors(stopped)).isEqualTo(tensors(whole));
    Path file = Path.of("last", "1-0-0", "parameters.safetensors");
    assertThat(folder.resolve("stopped").resolve(file))
        .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
    assertThat(folder.resolve("stopped").resolve("last")).isDirectoryNotContaining("glob:**/0-*");
  }

  /** Pre-training, training, every dropout, averaging, plain gradient descent: killed anywhere. */
  @ParameterizedTest
  @CsvSource({"adam", "sgd"})
  void shouldGiveTheSameBytesHoweverOftenARunIsKilledWithinEpochs(String optimizer)
      throws IOException {
    Recipe recipe = staged(optimizer);
    Path whole = train(recipe, "whole", 2, new Log(-1));
    SplittableRandom random = new SplittableRandom(3);
    int kills = 0;
    Path stopped = null;
    while (stopped == null) {
      int dieAfter = 1 + random.nextInt(25);
      Progress dies =
          new Log(-1) {
            private int chunks;

            @Override
            public void chunk(int e, long d, long a, double s, double n, double g) {
              if (++chunks == dieAfter) {
                throw new Killed();
              }
            }
          };
      try (Trainer trainer =
          new Trainer(recipe, folder, folder.resolve("stopped"), 2, dies, Duration.ZERO)) {
        stopped = trainer.train();
      } catch (Killed e) {
        kills++;
      }
    }

    assertThat(kills).isGreaterThan(5);
    assertThat(tensors(stopped)).isEqualTo(tensors(whole));
    assertThat(tensors(folder.resolve("stopped/pretrained")))
        .isEqualTo(tensors(folder.resolve("whole/pretrained")));
    assertThat(curves("stopped")).isEqualTo(curves("whole"));
    assertThat(curves("whole")).contains("\"stage\":\"pretraining\"", "\"stage\":\"training\"");
    for (String name : List.of("loss", "perplexity", "accuracy", "gradient-norm")) {
      assertThat(folder.resolve("stopped/" + name + ".png")).isNotEmptyFile();
    }
  }

  /** Of the records a third has a label, and four of five a teacher's probabilities. */
  @Test
  void shouldLearnFromATeacherAndGiveTheSameBytesAfterAKill() throws IOException {
    String[] rows = Files.readString(folder.resolve("train.tsv")).split("\n");
    StringBuilder taught = new StringBuilder("label\tn\to\tp\ttext\n");
    for (int i = 1; i < rows.length; i++) {
      boolean good = rows[i].startsWith("1");
      taught
          .append(i % 3 == 0 ? rows[i].charAt(0) : 'x')
          .append(i % 5 == 0 ? "\t\t\t" : good ? "\t0.01\t0.1\t0.89" : "\t0.8\t0.15\t0.05")
          .append(rows[i].substring(1))
          .append('\n');
    }
    Files.writeString(folder.resolve("taught.tsv"), taught);
    recipe(25, "");
    String text = Files.readString(folder.resolve("recipe.yaml"));
    text =
        text.replaceFirst(
            "file: train.tsv",
            "file: taught.tsv\n    share: 0.7\n    temperature: 2\n    weight: 1.5\n"
                + "    probabilities: {negative: n, neutral: o, positive: p}");
    Files.writeString(folder.resolve("taught.yaml"), text);
    Recipe recipe = Recipe.read(folder.resolve("taught.yaml"));
    Log log = new Log(-1);
    Path whole = train(recipe, "whole", 2, log);
    int[] chunks = {0};
    Progress dies =
        new Log(-1) {
          @Override
          public void chunk(int e, long d, long a, double s, double n, double g) {
            if (++chunks[0] == 20 || chunks[0] == 50) {
              throw new Killed();
            }
          }
        };
    Path stopped = null;
    for (int run = 0; stopped == null; run++) {
      assertThat(run).isLessThan(3);
      try (Trainer trainer =
          new Trainer(recipe, folder, folder.resolve("stopped"), 2, dies, Duration.ZERO)) {
        stopped = trainer.train();
      } catch (Killed e) {
        assertThat(run).isLessThan(2);
      }
    }

    assertThat(tensors(stopped)).isEqualTo(tensors(whole));
    assertThat(curves("stopped")).isEqualTo(curves("whole"));
    double best =
        log.epochs.stream().mapToDouble(epoch -> epoch.get(0).score()).max().orElseThrow();
    assertThat(best).isGreaterThan(0.95);
  }

  /** But for the speed, which is a matter of the machine. */
  private String curves(String run) throws IOException {
    return Files.readString(folder.resolve(run).resolve("curves.jsonl"))
        .replaceAll(",\"tokensPerSecond\":\\d+", "");
  }

  @Test
  void shouldStartFromACheckpointWithItsVocabularyAndWeights() throws IOException {
    Path best = train(recipe(2, ""), "run", 2, new Log(-1));
    String text = Files.readString(folder.resolve("recipe.yaml"));
    text =
        text.replaceAll("(?m)^model:.*$", "init: " + best)
            .replaceAll("(?m)^vocabulary:.*$", "")
            .replaceAll("learning_rate: .*", "learning_rate: 0.000000001");
    Files.writeString(folder.resolve("tuned.yaml"), text);

    Log log = new Log(-1);
    Path tuned = train(Recipe.read(folder.resolve("tuned.yaml")), "tuned", 2, log);

    assertThat(log.epochs)
        .as("as it starts, and two epochs that change next to nothing")
        .extracting(results -> results.get(0).score())
        .hasSize(3)
        .containsOnly(log.epochs.get(0).get(0).score());

    assertThat(tensors(tuned)).isEqualTo(tensors(best)); // in half precision nothing has moved
    assertThat(tuned.resolve("tokenizer.json"))
        .hasSameBinaryContentAs(best.resolve("tokenizer.json"));
  }

  /** Two stages, an adaptive head, attention, a cache, and all that draws random numbers. */
  private Recipe staged(String optimizer) throws IOException {
    recipe(3, "learning_rate: " + (optimizer.equals("sgd") ? 1 : 0.02));
    String text = Files.readString(folder.resolve("recipe.yaml"));
    String training = text.substring(text.indexOf("training:"), text.indexOf("train:\n"));
    String more =
        training
            + "  optimizer: "
            + optimizer
            + "\n  averaging: 1\n  weight_decay: 0.001\n  dropout_words: 0.1\n"
            + "  weight_dropout: 0.1\n";
    text =
        text.replace(training, more)
            .replace(
                "pooling: concat}",
                "pooling: concat, next_token: {cutoffs: [40], div_value: 2},"
                    + " attention: {records: 3, size: 4},"
                    + " cache: {tokens: 20, theta: 0.3, lambda: 0.1}}");
    String stage =
        "pretraining:\n"
            + more.replaceAll("(?m)^", "  ").stripTrailing()
            + "\n  train:\n    - {name: plain, file: train.tsv}\n";
    text = text.replace("train:\n  - name", stage + "train:\n  - name");
    Files.writeString(folder.resolve("staged.yaml"), text);
    return Recipe.read(folder.resolve("staged.yaml"));
  }

  @Test
  void shouldFitTheTemperatureOfTheBestCheckpointOnTheDevSources() throws IOException {
    Log log = new Log(-1);
    Path best = train(recipe(3, ""), "run", 2, log);
    Path without =
        train(
            Recipe.read(folder.resolve("recipe.yaml"), Map.of("calibrate", "false")),
            "without",
            2,
            new Log(-1));

    float temperature = Checkpoint.read(best.toString()).config().temperature();
    assertThat(temperature).isNotEqualTo(1f).isBetween(0.2f, 5f);
    assertThat(log.said)
        .contains("temperature of the sentiment: " + temperature)
        .anyMatch(line -> line.startsWith("calibration error (ECE) on taste: "));
    assertThat(tensors(without)).isEqualTo(tensors(best));
    assertThat(without.resolve("config.json")).content().doesNotContain("temperature");
    double[] losses = new double[2];
    List<Path> folders = List.of(best, without);
    for (int i = 0; i < 2; i++) {
      Model model = Checkpoint.load(folders.get(i).toString());
      losses[i] =
          new Evaluation(recipe(3, ""), folder)
              .calibrations(model)
              .values()
              .iterator()
              .next()
              .loss(1);
    }
    assertThat(losses[0]).isLessThan(losses[1]);

    byte[] config = Files.readAllBytes(best.resolve("config.json"));
    train(recipe(3, ""), "run", 2, new Log(-1)); // again, after its end
    assertThat(best.resolve("config.json")).hasBinaryContent(config);
  }

  /** The order of scores says nothing about how sure the model may be. */
  @Test
  void shouldFitNoTemperatureOnSourcesThatAreScoredByOrderOrDoNotSelect() throws IOException {
    recipe(1, "");
    String text = Files.readString(folder.resolve("recipe.yaml"));
    int dev = text.indexOf("dev:");
    String reported = text.substring(dev + 5).replace("name: taste", "name: r\n    selects: false");
    Path file = folder.resolve("order.yaml");
    Files.writeString(file, text.stripTrailing() + "\n    metric: auroc\n" + reported);
    Log log = new Log(-1);

    Path best = train(Recipe.read(file), "run", 1, log);

    assertThat(log.said)
        .contains(
            "temperature of the sentiment: 1, because fitting it takes at least 100 labelled dev"
                + " records, found 0");
    assertThat(Checkpoint.read(best.toString()).config().temperature()).isEqualTo(1f);
  }

  @Test
  void shouldRefuseToContinueWithAnotherNumberOfThreads() throws IOException {
    train(recipe(1, ""), "run", 1, new Log(-1));

    assertThatThrownBy(() -> train(recipe(1, ""), "run", 2, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(
            "must be a run with 2 threads, which decide the result, found one with 1");
  }

  @Test
  void shouldRefuseToContinueWithAnotherRecipe() throws IOException {
    assertThatThrownBy(() -> train(recipe(3, ""), "run", 1, new Log(1))).isInstanceOf(Killed.class);

    assertRefused(recipe(3, "seed: 8"));
    assertRefused(recipe(4, ""));
  }

  @Test
  void shouldRefuseAnotherRecipeEvenBeforeTheFirstEpochEnds() throws IOException {
    Progress dies =
        new Log(-1) {
          @Override
          public void chunk(int e, long d, long a, double s, double n, double g) {
            throw new Killed();
          }
        };
    assertThatThrownBy(() -> train(recipe(3, ""), "run", 1, dies)).isInstanceOf(Killed.class);

    assertRefused(recipe(3, "seed: 8"));
    assertThat(train(recipe(1, ""), "other", 1, new Log(-1))).isDirectory();
    assertThat(train(recipe(3, ""), "run", 1, new Log(-1))).isDirectory();
  }

  private void assertRefused(Recipe other) {
    assertThatThrownBy(() -> train(other, "run", 1, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessage(
            folder.resolve("run")
                + ": must be a run of this recipe, found one of another: delete the folder or choose"
                + " another with --run");
  }

  @Test
  void shouldStopWhenTheDevScoreNoLongerRises() throws IOException {
    Log log = new Log(-1);
    train(recipe(50, "patience: 2\n  learning_rate: 0.000000001"), "run", 1, log);
    assertThat(log.epochs).hasSize(3); // the first is the best, two do not better it
  }

  @Test
  void shouldStopAtTheStepWhoseLossIsNotFinite() throws IOException {
    Recipe recipe = recipe(3, "learning_rate: 100\n  clip_grad_norm: 1000000000");
    assertThatThrownBy(() -> train(recipe, "run", 1, new Log(1))).isInstanceOf(Killed.class);
    // Gates saturate and exponentials are clamped, so that no rate alone does it in a short run.
    Path last = folder.resolve("run/last/0-1-0/parameters.safetensors");
    Parameters huge = new Parameters(recipe.config(vocabulary()).tensors());
    Checkpoint.readTensors(last, huge);
    for (int i = 0; i < huge.values().length; i++) {
      huge.values()[i] = Math.copySign(Float.MAX_VALUE, huge.values()[i]);
    }
    Checkpoint.writeTensors(last, huge);

    assertThatThrownBy(() -> train(recipe, "run", 1, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessageMatching(
            "loss and gradients must be finite, found .*gradient of [a-z_.0-9]+\\) at step \\d+: lower"
                + " training.learning_rate or training.clip_grad_norm");
    assertThat(folder.resolve("run/last/0-2-0")).doesNotExist();
  }

  @Test
  void shouldRefuseDevSourcesWithoutLabels() throws IOException {
    Files.writeString(folder.resolve("dev.tsv"), "label\ttext\nx\tthe food is good\n");
    Recipe recipe = recipe(1, "");

    assertThatThrownBy(() -> train(recipe, "run", 1, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("dev source taste must have labelled records, found none");
  }

  @Test
  void shouldRefuseTrainingSourcesWithoutAnyToken() throws IOException {
    Files.writeString(folder.resolve("train.tsv"), "label\ttext\n0\t \n1\t\n");
    Recipe recipe = recipe(1, "");

    assertThatThrownBy(() -> train(recipe, "run", 1, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("train sources must have at least one token, found none");
  }

  @Test
  void shouldRefuseABatchThatThreadsCannotShare() throws IOException {
    Recipe recipe = recipe(1, "");
    assertThatThrownBy(() -> new Trainer(recipe, folder, folder, 3, new Log(-1)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("training.batch_size must be a multiple of the number of threads 3, found 8");
  }

  private Path train(Recipe recipe, String run, int threads, Progress progress) throws IOException {
    try (Trainer trainer = new Trainer(recipe, folder, folder.resolve(run), threads, progress)) {
      return trainer.train();
    }
  }

  private int vocabulary() throws IOException {
    return WordTokenizer.read(Files.readAllBytes(folder.resolve("run/tokenizer.json"))).size();
  }

  private static byte[] tensors(Path checkpoint) throws IOException {
    return Files.readAllBytes(checkpoint.resolve("model.safetensors"));
  }

  /** A recipe with some lines replaced by {@code other}. */
  private Recipe recipe(int epochs, String other) throws IOException {
    String recipe =
        """
        name: tiny
        seed: 7
        model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: concat}
        vocabulary: {size: 200, min_documents: 1}
        training:
          epochs: %d
          patience: 50
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
          - name: taste
            file: train.tsv
            label: label
            labels: {"0": negative, "1": positive}
            unlabelled: [x]
            cased: false
        dev:
          - name: taste
            file: dev.tsv
            label: label
            labels: {"0": negative, "1": positive}
            unlabelled: [x]
            cased: false
        """
            .formatted(epochs);
    for (String line : other.split("\n\\s*")) {
      if (!line.isEmpty()) {
        String key = line.substring(0, line.indexOf(':') + 1);
        recipe = recipe.replaceFirst("(?m)^( *)" + key + ".*$", "$1" + line);
      }
    }
    Path file = folder.resolve("recipe.yaml");
    Files.writeString(file, recipe);
    return Recipe.read(file);
  }

  private static String records(SplittableRandom random, int n) {
    StringBuilder rows = new StringBuilder("label\ttext\n");
    for (int i = 0; i < n; i++) {
      boolean good = random.nextBoolean();
      boolean not = random.nextBoolean();
      String[] words = good ? GOOD : BAD;
      rows.append(good != not ? 1 : 0)
          .append("\tthe ")
          .append(THINGS[random.nextInt(THINGS.length)])
          .append(not ? " is not " : " is ")
          .append(random.nextInt(3) == 0 ? "very " : "")
          .append(words[random.nextInt(words.length)])
          .append('\n');
    }
    return rows.toString();
  }
}
