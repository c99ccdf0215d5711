package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.chart.Pictures;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.Labels;
import io.undercurrent.text.ByteTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Curves of a run of three epochs of {@value #EPOCH} steps, which end within a line. */
class CurvesTest {

  private static final int EPOCH = 2 * Curves.STEPS_A_LINE + 5;
  private static final int ALL = 3 * EPOCH;

  @TempDir private Path folder;

  @Test
  void shouldWriteMeansOverTheStepsOfALine() throws IOException {
    Curves curves = begin(folder);
    for (int i = 1; i <= Curves.STEPS_A_LINE; i++) {
      curves.step("train", 1, 100, 0.5 * i, i, 6, 2, i, 0.001);
    }
    assertThat(lines(folder)).hasSize(1);
    JsonNode line = lines(folder).get(0);
    assertThat(line.get("step").asInt()).isEqualTo(Curves.STEPS_A_LINE);
    assertThat(line.get("epoch").asInt()).isEqualTo(1);
    assertThat(line.get("stage").asText()).isEqualTo("train");
    Offset<Double> rounding = Offset.offset(1e-9);
    assertThat(line.get("sentimentLoss").asDouble()).isCloseTo(0.5, rounding);
    assertThat(line.get("nextTokenLoss").asDouble()).isCloseTo(3, rounding);
    assertThat(line.get("perplexity").asDouble()).isCloseTo(Math.exp(3), rounding);
    assertThat(line.get("gradientNorm").asDouble())
        .isCloseTo((Curves.STEPS_A_LINE + 1) / 2.0, rounding);
    assertThat(line.get("largestGradientNorm").asDouble()).isEqualTo(Curves.STEPS_A_LINE);
    assertThat(line.get("learningRate").asDouble()).isEqualTo(0.001);
  }

  @Test
  void shouldLeaveOutALossWithoutMeasurements() throws IOException {
    Curves curves = begin(folder);
    for (int i = 0; i < Curves.STEPS_A_LINE; i++) {
      curves.step("language_model", 1, 100, 0, 0, 6, 2, 1, 0.001);
    }
    assertThat(lines(folder).get(0).has("sentimentLoss")).isFalse();
    assertThat(lines(folder).get(0).has("perplexity")).isTrue();
  }

  @Test
  void shouldNotDrawBitsPerTokenAsAScore() throws IOException {
    Curves curves = begin(folder);
    curves.epoch("train", 1, List.of(result("plain", null, null, 3)), true);
    assertThat(lines(folder).get(0).at("/dev/plain").toString())
        .isEqualTo("{\"bitsPerToken\":3.0,\"perplexity\":8.0}");
  }

  @Test
  void shouldWriteTheSameCurvesWhereverARunWasKilled() throws IOException {
    Path whole = Files.createDirectory(folder.resolve("whole"));
    go(begin(whole), 0, ALL);
    for (int saved : new int[] {0, 1, 20, 33, EPOCH - 1, EPOCH, EPOCH + 7, ALL}) {
      Path run = Files.createDirectory(folder.resolve("killed" + saved));
      Curves curves = begin(run);
      go(curves, 0, saved);
      String checkpoint = curves.saved().toString();
      go(curves, saved, Math.min(ALL, saved + 30));
      Files.writeString(run.resolve("curves.jsonl"), "{\"step\":", StandardOpenOption.APPEND);

      go(Curves.of(run, new ObjectMapper().readTree(checkpoint)), saved, ALL);

      assertThat(lines(run)).as("killed after %d", saved).isEqualTo(lines(whole));
    }
  }

  @Test
  void shouldDrawThePictures() throws IOException {
    Curves curves = begin(folder);
    Pictures pictures =
        new Pictures(
            line -> {
              throw new AssertionError(line);
            });
    curves.draw(pictures);
    assertThat(folder).isEmptyDirectory();
    go(curves, 0, ALL);
    curves.draw(pictures);
    for (String name : List.of("loss", "perplexity", "accuracy", "gradient-norm")) {
      assertThat(folder.resolve(name + ".png")).isNotEmptyFile();
    }
  }

  @Test
  void shouldNameTheRowThatIsNotJson() throws IOException {
    Curves curves = begin(folder);
    go(curves, 0, EPOCH);
    Files.writeString(folder.resolve("curves.jsonl"), "?\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> curves.draw(new Pictures(line -> {})))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("curves.jsonl line 5 must be JSON");
  }

  private static Curves begin(Path run) throws IOException {
    return Curves.of(run, MissingNode.getInstance());
  }

  /** Steps (from, to] of the run, with the epochs that end there. */
  private static void go(Curves curves, int from, int to) throws IOException {
    for (int i = from + 1; i <= to; i++) {
      int epoch = (i - 1) / EPOCH + 1;
      curves.step("train", epoch, 100, 3.0 / i, 2 + i % 3, 40.0 / i, 8, i % 7, 0.1 / i);
      if (i % EPOCH == 0) {
        Scores scores = new Scores(Labels.SENTIMENT, new boolean[] {true, true, true});
        scores.add(0, new double[] {i, 60, 0});
        scores.add(1, new double[] {0, 1, 0});
        curves.epoch("train", epoch, List.of(result("dev", "label", scores, 7)), true);
      }
    }
  }

  private static Evaluation.Result result(
      String name, String label, Scores scores, double bitsPerToken) {
    Recipe.Source source =
        new Recipe.Source(
            name, "dev.tsv", null, null, label, null, null, null, null, null, true, false, null,
            null, null, false);
    LanguageScores language = new LanguageScores(new ByteTokenizer());
    language.add(new Reading(1, 0, 1, false, null, bitsPerToken, new NextToken[0]));
    return new Evaluation.Result(source, scores, null, null, language, Double.NaN, null);
  }

  /** But for the speed, which is a matter of the machine. */
  private static List<JsonNode> lines(Path run) throws IOException {
    ObjectMapper json = new ObjectMapper();
    return Files.readAllLines(run.resolve("curves.jsonl")).stream()
        .map(
            line -> {
              try {
                ObjectNode read = (ObjectNode) json.readTree(line);
                boolean ofSteps = read.has("gradientNorm");
                assertThat(read.has("tokensPerSecond")).isEqualTo(ofSteps);
                read.remove("tokensPerSecond");
                return (JsonNode) read;
              } catch (IOException e) {
                throw new AssertionError(line, e);
              }
            })
        .toList();
  }
}
