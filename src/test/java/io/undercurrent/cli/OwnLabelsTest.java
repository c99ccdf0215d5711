package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Help.Ansi;

/** Labels of one's own, from a recipe to enriched records: stars with a score, intents without. */
class OwnLabelsTest {

  private static final List<String> STARS =
      List.of(
          "the stay was awful",
          "we found it poor",
          "it was fair enough",
          "the stay was good",
          "a really superb stay");
  private static final Map<String, String> INTENTS =
      Map.of(
          "book", "a room for two please",
          "cancel", "stop my order now",
          "other", "what time is it",
          "refund", "give the money back");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private static final String INPUT =
      """
      {"key":"k","text":"a really superb stay"}
      {"key":"k","text":"the stay was awful"}
      {"key":"c","text":"stop my order now"}
      """;

  private record Run(int exit, String out, String err) {}

  private static final String TRAINING =
      """
      vocabulary: {size: 200, min_documents: 1}
      model: {embedding_size: 12, hidden_size: 12}
      training: {epochs: 25, patience: 25, batch_size: 4, bptt: 8, learning_rate: 0.02,
        dropout_embedding: 0, dropout_output: 0, dropout_features: 0}
      """;

  private void writeStars() throws IOException {
    StringBuilder rows = new StringBuilder("stars\ttext\n");
    for (int i = 0; i < 70; i++) {
      rows.append("%d of 5\t%s\n".formatted(i % 5 + 1, STARS.get(i % 5)));
    }
    Files.writeString(folder.resolve("stars.tsv"), rows);
    Files.writeString(
        folder.resolve("stars.yaml"),
        TRAINING
            + """
            labels: ["1", "2", "3", "4", "5"]
            valences: [-1, -0.5, 0, 0.5, 1]
            train:
              - {file: stars.tsv, label: stars, metric: auroc,
                 labels: {1 of 5: "1", 2 of 5: "2", 3 of 5: "3", 4 of 5: "4", 5 of 5: "5"}}
            """);
  }

  private void writeIntents() throws IOException {
    StringBuilder rows = new StringBuilder("label\ttext\n");
    for (int i = 0; i < 15; i++) {
      INTENTS.forEach((intent, text) -> rows.append(intent + "\t" + text + "\n"));
    }
    Files.writeString(folder.resolve("intents.tsv"), rows);
    Files.writeString(
        folder.resolve("intents.yaml"),
        TRAINING
            + """
            labels: [book, cancel, other, refund]
            train: [{file: intents.tsv, label: label}]
            """);
  }

  @Test
  void shouldLearnAndServeStarsWithAScore() throws IOException {
    writeStars();
    Model model = train("stars");

    assertThat(model.config().labels())
        .isEqualTo(new Labels(List.of("1", "2", "3", "4", "5"), List.of(-1f, -0.5f, 0f, 0.5f, 1f)));
    Run evaluated = evaluate("stars", "--json", "--out", folder.resolve("scores").toString());
    JsonNode json = JSON.readTree(evaluated.out);
    assertThat(json.at("/sets/0/sentiment/metric").asText()).isEqualTo("auroc");
    assertThat(json.at("/sets/0/sentiment/score").asDouble()).isGreaterThan(0.9);
    assertThat(json.at("/sets/0/sentiment/labels")).hasSize(5);
    assertThat(json.has("negation")).as("the suites are about other labels").isFalse();
    assertThat(evaluate("stars").out).contains("1         2         3").doesNotContain("suite");

    List<JsonNode> records = enriched(model);
    JsonNode superb = records.get(0).path("sentiment");
    JsonNode awful = records.get(1).path("sentiment");
    assertThat(superb.path("label").asText()).isEqualTo("5");
    assertThat(superb.path("probabilities").fieldNames())
        .toIterable()
        .containsExactly("1", "2", "3", "4", "5");
    double score = 0;
    for (int k = 0; k < 5; k++) {
      score += (k / 2.0 - 1) * superb.path("probabilities").path("" + (k + 1)).asDouble();
    }
    assertThat(superb.path("score").asDouble()).isCloseTo(score, within(1e-6)).isPositive();
    assertThat(awful.path("score").asDouble()).isNegative();
    assertThat(records.get(0).at("/conversation/score")).isEqualTo(superb.path("score"));
    assertThat(records.get(1).at("/conversation/score").asDouble())
        .isBetween(awful.path("score").asDouble(), superb.path("score").asDouble());
    assertThat(explained(model)).contains("feels 5 +", "the conversation +");

    Files.copy(
        folder.resolve("scores/reference.json"), folder.resolve("runs/stars/best/reference.json"));
    assertThat(load("stars").reference().score().shares()).hasSize(10);
  }

  @Test
  void shouldLearnAndServeIntentsWithoutAScore() throws IOException {
    writeIntents();
    Model model = train("intents");

    assertThat(model.config().labels())
        .isEqualTo(Labels.unscored(List.of("book", "cancel", "other", "refund")));
    JsonNode json =
        JSON.readTree(evaluate("intents", "--json", "--out", folder.resolve("s").toString()).out);
    assertThat(json.at("/sets/0/sentiment/accuracy").asDouble()).isEqualTo(1);
    assertThat(json.at("/sets/0/sentiment").has("auroc")).isFalse();

    List<JsonNode> records = enriched(model);
    for (JsonNode record : records) {
      assertThat(record.at("/sentiment/score").isNull()).isTrue();
      assertThat(record.at("/conversation/score").isNull()).isTrue();
      assertThat(record.at("/sentiment/probabilities")).hasSize(4);
    }
    assertThat(records.get(2).at("/sentiment/label").asText()).isEqualTo("cancel");
    assertThat(explained(model)).contains("feels cancel (book ").doesNotContain("conversation");

    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, UTF_8);
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    printer.print(EnrichedRecordJson.fromJson(records.get(2).toString().getBytes(UTF_8)));
    printer.moods();
    assertThat(printed.toString(UTF_8)).contains("\u00b7 cancel", " %").doesNotContain("Mood");
    assertThat(printer.conversations()).isEqualTo(1);

    Files.copy(
        folder.resolve("s/reference.json"), folder.resolve("runs/intents/best/reference.json"));
    assertThat(load("intents").reference().score()).isNull();
  }

  @Test
  void shouldSayThatTheSentimentHeadStartsAtRandomForOtherLabels() throws IOException {
    writeStars();
    train("stars");
    String init = "init: " + folder.resolve("runs/stars/best") + "\n";
    Files.writeString(
        folder.resolve("five.yaml"),
        init
            + """
            training: {epochs: 1, batch_size: 4}
            labels: [a, b, c, d, e]
            train:
              - {file: stars.tsv, label: stars,
                 labels: {1 of 5: a, 2 of 5: b, 3 of 5: c, 4 of 5: d, 5 of 5: e}}
            """);

    Run run =
        run(
            "train",
            "--recipe",
            folder.resolve("five.yaml").toString(),
            "--data",
            folder.toString(),
            "--run",
            folder.resolve("runs/five").toString());

    assertThat(run.exit).as(run.err).isZero();
    assertThat(run.err)
        .contains(
            "new: sentiment.weight, sentiment.bias",
            "the sentiment head starts at random: the labels of",
            "are 1, 2, 3, 4, 5, those of the recipe a, b, c, d, e");
    assertThat(load("five").config().labels())
        .isEqualTo(Labels.unscored(List.of("a", "b", "c", "d", "e")));
  }

  @Test
  void shouldRefuseToEvaluateWithARecipeOfOtherLabels() throws IOException {
    writeStars();
    writeIntents();
    String model = folder.resolve("model").toString();
    SmallModel.write(folder.resolve("model"));

    Run run =
        run(
            "evaluate",
            "--model",
            model,
            "--recipe",
            folder.resolve("intents.yaml").toString(),
            "--data",
            folder.toString());

    assertThat(run.exit).isNotZero();
    assertThat(run.err.lines().filter(line -> line.contains("labels of the model")).toList())
        .singleElement()
        .asString()
        .endsWith(
            "labels of the model must be those of the recipe, book, cancel, other, refund, found"
                + " negative (-1.0), neutral (0.0), positive (1.0) in tiny");
  }

  @Test
  void shouldListTheScoresOfManyClassesInsteadOfTheirConfusion() throws IOException {
    int classes = 64;
    StringBuilder rows = new StringBuilder("label\ttext\n");
    StringBuilder labels = new StringBuilder();
    for (int k = 0; k < classes; k++) {
      labels.append(k == 0 ? "" : ", ").append("intent_").append(k);
      rows.append("intent_%d\tw%s\n".formatted(k, (char) ('a' + k % 26)));
    }
    Files.writeString(folder.resolve("many.tsv"), rows);
    Files.writeString(
        folder.resolve("many.yaml"),
        """
        labels: [%s]
        vocabulary: {type: bytes}
        model: {embedding_size: 4, hidden_size: 4}
        training: {epochs: 1, batch_size: 4, bptt: 8}
        train: [{file: many.tsv, label: label}]
        dev: [{file: many.tsv, label: label}]
        """
            .formatted(labels));

    Model model = train("many");
    Run tables = evaluate("many", "--out", folder.resolve("many-scores").toString());

    assertThat(model.config().labels().size()).isEqualTo(classes);
    assertThat(tables.out.lines().mapToInt(String::length).max().orElseThrow()).isLessThan(160);
    assertThat(tables.out.lines().filter(line -> line.startsWith("intent_"))).hasSize(classes);
    assertThat(tables.out).contains("precision   recall       F1");
    try (var files = Files.list(folder.resolve("many-scores"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("reliability.png", "evaluation.json", "reference.json")
          .noneMatch(name -> name.startsWith("confusion"));
    }
    JsonNode json = JSON.readTree(folder.resolve("many-scores/evaluation.json").toFile());
    assertThat(json.at("/sets/0/sentiment/confusion")).hasSize(classes);

    Run suites = run("evaluate", "--model", folder.resolve("runs/many/best").toString());
    assertThat(suites.exit).isEqualTo(2);
    assertThat(suites.err)
        .contains("--recipe and --data must be given for a model with labels of its own");
  }

  @Test
  void shouldTrainTheRecipesOfTheDocumentation() throws IOException {
    StringBuilder reviews = new StringBuilder();
    StringBuilder desk = new StringBuilder();
    for (int i = 0; i < 35; i++) {
      reviews.append("{\"text\": \"%s\", \"stars\": %d}\n".formatted(STARS.get(i % 5), i % 5 + 1));
      INTENTS.forEach(
          (intent, text) ->
              desk.append("{\"text\": \"%s\", \"intent\": \"%s\"}\n".formatted(text, intent)));
    }
    Files.writeString(folder.resolve("reviews.jsonl"), reviews);
    Files.writeString(folder.resolve("desk.jsonl"), desk);
    Matcher documented =
        Pattern.compile("```yaml\n(name: (stars|desk)\n.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs/training.md")));
    List<Labels> trained = new ArrayList<>();
    while (documented.find()) {
      Files.writeString(
          folder.resolve(documented.group(2) + ".yaml"),
          documented.group(1)
              + """
              vocabulary: {min_documents: 1}
              model: {embedding_size: 8, hidden_size: 8}
              training: {epochs: 1}
              """);
      trained.add(train(documented.group(2)).config().labels());
    }

    assertThat(trained)
        .containsExactly(
            new Labels(List.of("1", "2", "3", "4", "5"), List.of(-1f, -0.5f, 0f, 0.5f, 1f)),
            Labels.unscored(List.of("book", "cancel", "refund", "other")));
  }

  private Model train(String name) {
    Run run =
        run(
            "train",
            "--recipe",
            folder.resolve(name + ".yaml").toString(),
            "--data",
            folder.toString(),
            "--run",
            folder.resolve("runs/" + name).toString());
    assertThat(run.exit).as(run.err).isZero();
    return load(name);
  }

  private Model load(String name) {
    return Checkpoint.load(folder.resolve("runs/" + name + "/best").toString());
  }

  private Run evaluate(String name, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "evaluate",
                "--model",
                folder.resolve("runs/" + name + "/best").toString(),
                "--recipe",
                folder.resolve(name + ".yaml").toString(),
                "--data",
                folder.toString()));
    arguments.addAll(List.of(options));
    Run run = run(arguments.toArray(String[]::new));
    assertThat(run.exit).as(run.err).isZero();
    return run;
  }

  /** Records that match the schema. */
  private static List<JsonNode> enriched(Model model) throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(VersionFlag.V202012)
            .getSchema(Files.readString(Path.of("topology", "enriched-record.schema.json")));
    List<JsonNode> records = new ArrayList<>();
    for (String line : session(model, false).lines().toList()) {
      assertThat(schema.validate(line, InputFormat.JSON)).as(line).isEmpty();
      records.add(JSON.readTree(line));
    }
    assertThat(records).hasSize(3);
    return records;
  }

  private static String explained(Model model) throws IOException {
    return session(model, true);
  }

  private static String session(Model model, boolean explain) throws IOException {
    Enrichment enrichment = new Enrichment(model, EnrichmentSettings.DEFAULTS);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int exit =
        new EnrichCommand.Session(enrichment, false, explain)
            .run(new ByteArrayInputStream(INPUT.getBytes(UTF_8)), out);
    assertThat(exit).isZero();
    return out.toString(UTF_8);
  }

  private static Run run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new Run(exit, out.toString(), err.toString());
  }
}
