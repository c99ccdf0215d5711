package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {

  @TempDir private Path folder;
  private Path recipe;

  /** The result of a command. */
  private record Run(int exit, String out, String err) {}

  @BeforeEach
  void writeFiles() throws IOException {
    SmallModel.write(folder.resolve("model"));
    StringBuilder taste = new StringBuilder("who\tlabel\ttext\n");
    for (int i = 0; i < 40; i++) {
      taste.append(i / 4).append('\t').append(i % 2).append('\t');
      taste.append(TinyModel.text(5, i)).append('\n');
    }
    Files.writeString(folder.resolve("taste.tsv"), taste);
    Files.writeString(folder.resolve("plain.txt"), "the food was good\nnot bad\n");
    recipe =
        Files.writeString(
            folder.resolve("recipe.yaml"),
            """
            name: tiny
            seed: 7
            model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: concat}
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
              - {name: taste, file: taste.tsv, label: label, labels: {"0": negative, "1": positive}}
            dev:
              - {name: a/taste, file: taste.tsv, conversation: who, label: label, labels: {"0": negative, "1": positive}}
              - {name: plain, file: plain.txt, format: lines, ends: true}
            """);
  }

  @Test
  void shouldScoreTheSuitesIfNoDataAreGiven() throws IOException {
    Run run = run();

    assertThat(run.exit).as(run.err).isZero();
    assertThat(run.out)
        .contains("negation suite", "double negation", "behaviour suite", "denied-fact")
        .contains("identity suite", "ellipsis suite")
        .doesNotContain("perplexity", "naive Bayes", "NaN");
    JsonNode json = new ObjectMapper().readTree(run("--json").out);
    assertThat(json.path("sets")).isEmpty();
    assertThat(json.at("/negation/model")).hasSize(6);
    assertThat(json.at("/negation").has("naiveBayes")).isFalse();
    assertThat(json.at("/negation/model/5/category").asText()).isEqualTo("all");
    assertThat(json.at("/negation/model/5/pairs").asInt()).isGreaterThanOrEqualTo(160);
    assertThat(json.at("/behaviour/model")).hasSize(13);
    assertThat(json.at("/behaviour/model/12/family").asText()).isEqualTo("all");
    assertThat(json.at("/behaviour").has("naiveBayes")).isFalse();
    assertThat(json.at("/identity/model/0/group").asText()).isEqualTo("neutral");
    assertThat(json.at("/identity/model/0").has("changes")).isTrue();
    assertThat(json.at("/ellipsis/model/5/replies").asInt()).isGreaterThanOrEqualTo(100);
    assertThat(json.at("/ellipsis/model/5").has("oneText")).isTrue();
  }

  @Test
  void shouldPrintTables() throws IOException {
    Run run = run("--recipe", recipe.toString(), "--data", folder.toString());

    assertThat(run.exit).as(run.err).isZero();
    assertThat(run.out.lines().filter(line -> line.startsWith("a/taste "))).hasSize(4);
    assertThat(run.out.lines().filter(line -> line.startsWith("plain "))).hasSize(2); // and suite
    assertThat(run.out)
        .contains(
            "state: carried within conversations",
            "weighted F1",
            "accuracy after",
            "* ends of records count as tokens",
            "naive Bayes: pairs right",
            "naive Bayes: accuracy")
        .doesNotContain("NaN");
    assertThat(run.err).contains("scoring tiny", "training naive Bayes");
  }

  @Test
  void shouldAlsoShowTheCalibrationErrorWithoutTheModelsTemperature() throws IOException {
    String[] args = {"--recipe", recipe.toString(), "--data", folder.toString(), "--json"};
    JsonNode plain = new ObjectMapper().readTree(run(args).out).at("/sets/0/sentiment");
    Path config = folder.resolve("model/config.json");
    Files.writeString(
        config,
        Files.readString(config).replaceFirst("\\{", "{\"sentiment\": {\"temperature\": 2.5},"));

    JsonNode divided = new ObjectMapper().readTree(run(args).out).at("/sets/0/sentiment");

    assertThat(plain.has("eceWithoutTemperature")).isFalse();
    assertThat(divided.path("ece").asDouble()).isNotEqualTo(plain.path("ece").asDouble());
    assertThat(divided.path("eceWithoutTemperature").asDouble())
        .isCloseTo(plain.path("ece").asDouble(), within(1e-4)); // of rounded probabilities
    assertThat(divided.path("confusion")).isEqualTo(plain.path("confusion"));
    assertThat(run(Arrays.copyOf(args, 4)).out)
        .contains("temperature 2.5; ECE without it:  a/taste ");
  }

  @Test
  void shouldScoreNextWordsByAnNgramModelIfAsked() throws IOException {
    String[] options = {"--recipe", recipe.toString(), "--data", folder.toString(), "--kneser-ney"};

    Run run = run(options);

    assertThat(run.exit).as(run.err).isZero();
    assertThat(run.out.lines().filter(line -> line.startsWith("  Kneser-Ney "))).hasSize(2);
    assertThat(run.err).contains("reading taste.tsv for Kneser-Ney", "n-grams of 5 tokens");
    String[] asJson = Arrays.copyOf(options, options.length + 1);
    asJson[options.length] = "--json";
    JsonNode language = new ObjectMapper().readTree(run(asJson).out).at("/sets/0/language");
    assertThat(language.at("/kneserNey/tokens")).isEqualTo(language.path("tokens"));
    assertThat(language.at("/kneserNey/nextWord/words")).isEqualTo(language.at("/nextWord/words"));
    assertThat(language.at("/kneserNey/bitsPerToken").asDouble())
        .isPositive()
        .isNotEqualTo(language.path("bitsPerToken").asDouble());
    assertThat(language.at("/kneserNey/nextWord/top5").asDouble()).isPositive();

    Run refused = run("--kneser-ney");
    assertThat(refused.exit).isEqualTo(2);
    assertThat(refused.err).contains("--kneser-ney must be given with --recipe");
  }

  @Test
  void shouldTryAnotherCacheWithoutTraining() throws IOException {
    String[] args = {"--recipe", recipe.toString(), "--data", folder.toString(), "--json"};
    String[] with = Arrays.copyOf(args, args.length + 1);
    with[args.length] = "--cache=50,0.5,0.2";
    Run plain = run(args);
    Run cached = run(with);

    assertThat(cached.exit).as(cached.err).isZero();
    JsonNode before = new ObjectMapper().readTree(plain.out);
    JsonNode after = new ObjectMapper().readTree(cached.out);
    assertThat(after.at("/sets/0/sentiment")).isEqualTo(before.at("/sets/0/sentiment"));
    assertThat(after.at("/sets/0/language/bitsPerToken").asDouble())
        .isPositive()
        .isNotEqualTo(before.at("/sets/0/language/bitsPerToken").asDouble());
    assertThat(after.at("/model/fingerprint")).isNotEqualTo(before.at("/model/fingerprint"));
    for (String wrong : List.of("50,0.5", "-1,1,0.5", "1.5,1,0.5", "50,1,1", "a,b,c")) {
      Run refused = run("--cache=" + wrong);
      assertThat(refused.exit).isEqualTo(2);
      assertThat(refused.err).contains("--cache");
    }
  }

  @Test
  void shouldWriteEverythingAsJsonAndPictures() throws IOException {
    Path out = folder.resolve("deep/out");
    Run run =
        run("--recipe", recipe.toString(), "--data", folder.toString(), "--out", out.toString());

    assertThat(run.exit).as(run.err).isZero();
    JsonNode json = new ObjectMapper().readTree(out.resolve("evaluation.json").toFile());
    assertThat(json.path("state").asText()).isEqualTo("conversation");
    JsonNode taste = json.at("/sets/0/sentiment");
    assertThat(taste.path("records").asInt()).isEqualTo(40);
    assertThat(taste.path("majority").asDouble()).isEqualTo(0.5);
    assertThat(texts(taste.path("labels"))).containsExactly("negative", "positive");
    List<Integer> confusion = cells(taste.path("confusion"));
    assertThat(confusion).hasSize(4);
    assertThat(confusion.stream().mapToInt(Integer::intValue).sum()).isEqualTo(40);
    assertThat(taste.path("calibration")).hasSize(15);
    assertThat(taste.at("/accuracyByShareRead/9/accuracy")).isEqualTo(taste.path("accuracy"));
    assertThat(json.at("/sets/0/language/perplexity").asDouble())
        .isEqualTo(Math.pow(2, json.at("/sets/0/language/bitsPerToken").asDouble()));
    assertThat(json.at("/sets/1").has("sentiment")).isFalse();
    assertThat(json.at("/negation/naiveBayes")).hasSize(6);
    assertThat(json.at("/behaviour/naiveBayes")).hasSize(13);
    assertThat(json.at("/sets/1/language/endsCounted").asBoolean()).isTrue();
    assertThat(json.at("/sets/1/language/nextWord/words").asInt()).isEqualTo(6);
    try (Stream<Path> files = Files.list(out)) {
      List<Path> pictures =
          files.filter(file -> !file.toString().endsWith(".json")).sorted().toList();
      assertThat(pictures)
          .extracting(file -> file.getFileName().toString())
          .containsExactly("confusion-a_taste.png", "reliability.png", "share-read.png");
      for (Path picture : pictures) {
        assertThat(ImageIO.read(picture.toFile()).getWidth()).isGreaterThan(500);
      }
    }
  }

  @Test
  void shouldUseStatesAsTheOptionsSay() throws IOException {
    List<JsonNode> states = new ArrayList<>();
    List<String> bits = new ArrayList<>();
    for (String option : new String[] {"--json", "--fresh-state", "--one-key"}) {
      Run run = run("--recipe", recipe.toString(), "--data", folder.toString(), "--json", option);
      JsonNode json = new ObjectMapper().readTree(run.out);
      states.add(json.path("state"));
      bits.add(json.at("/sets/0/language/bitsPerToken").asText());
    }
    assertThat(states).extracting(JsonNode::asText).contains("fresh", "one_key");
    assertThat(bits).doesNotHaveDuplicates();
  }

  @Test
  void shouldRefuseOptionsThatExcludeEachOther() {
    assertThat(run("--fresh-state", "--one-key").exit).isEqualTo(2);
    Run half = run("--recipe", recipe.toString());
    assertThat(half.exit).isEqualTo(2);
    assertThat(half.err).contains("--recipe and --data must be given together");
  }

  private static List<String> texts(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static List<Integer> cells(JsonNode rows) {
    List<Integer> cells = new ArrayList<>();
    rows.forEach(row -> row.forEach(cell -> cells.add(cell.asInt())));
    return cells;
  }

  private Run run(String... options) {
    List<String> arguments =
        new ArrayList<>(List.of("evaluate", "--model", folder.resolve("model").toString()));
    Arrays.stream(options).filter(option -> !arguments.contains(option)).forEach(arguments::add);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }
}
