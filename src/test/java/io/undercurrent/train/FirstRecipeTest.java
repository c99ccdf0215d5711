package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.Inference;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first recipe of the documentation, and a shorter one, from data to a model that is used. */
class FirstRecipeTest {

  private static final Path SHIPPED = Path.of("config/train/my-first.yaml");

  @TempDir private Path data;

  @BeforeEach
  void writeData() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int ticket = 0; ticket < 14; ticket++) {
      for (String record :
          List.of(
              "still no reply, third time I ask#negative",
              "what are your opening hours?#neutral",
              "thank you, it works again#positive")) {
        String[] parts = record.split("#");
        lines.append(
            "{\"ticket\": \"A-%d\", \"text\": \"%s\", \"mood\": \"%s\"}\n"
                .formatted(ticket, parts[0], parts[1]));
      }
    }
    Files.writeString(data.resolve("support.jsonl"), lines);
  }

  @Test
  void shouldTrainTheShippedModelFurther() throws IOException {
    Recipe recipe = Recipe.read(SHIPPED, Map.of("training.epochs", "2"));

    Path best = train(recipe);

    Checkpoint trained = Checkpoint.read(best.toString());
    Checkpoint shipped = Checkpoint.read(Checkpoint.DEFAULT);
    assertThat(trained.config())
        .as("too few records to fit a temperature")
        .isEqualTo(shipped.config().withName("my-first").withTemperature(1));
    assertThat(trained.tokenizer().toJson()).isEqualTo(shipped.tokenizer().toJson());
    assertThat(trained.parameters().values()).isNotEqualTo(shipped.parameters().values());
    Model model = Checkpoint.load(best.toString());
    Evaluation.Result result = new Evaluation(recipe, data).of(model, false).get(0);
    assertThat(result.score()).isEqualTo(1);
    assertThat(result.model().records()).as("two of 14 tickets").isEqualTo(6);
    float[] probabilities =
        new Inference(model, 64, 0, false)
            .read("still no reply", model.initialState())
            .probabilities();
    assertThat(probabilities[0]).isGreaterThan(0.5f);
  }

  @Test
  void shouldTrainFromRandomWeightsWithDefaultsAlone() throws IOException {
    Path file = data.resolve("mine.yaml");
    Files.writeString(file, "train:\n  - {file: support.jsonl, label: mood}\n");

    Path best = train(Recipe.read(file, Map.of("training.epochs", "1")));

    assertThat(Checkpoint.load(best.toString()).name()).isEqualTo("mine");
  }

  @Test
  void shouldBeTheRecipeOfTheDocumentation() throws IOException {
    Matcher documented =
        Pattern.compile("```yaml\n(name: my-first\n.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs/training.md")));

    assertThat(documented.find()).isTrue();
    String shipped =
        Files.readString(SHIPPED)
            .lines()
            .map(line -> line.replaceFirst(" *#.*", ""))
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("\n", "", "\n"));
    assertThat(documented.group(1)).isEqualTo(shipped);
  }

  private Path train(Recipe recipe) throws IOException {
    try (Trainer trainer =
        new Trainer(recipe, data, data.resolve("run"), 2, new TrainerTest.Log(-1))) {
      return trainer.train();
    }
  }
}
