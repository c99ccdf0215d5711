package io.undercurrent.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.LetterModel;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceJsonTest {

  private static final String HISTOGRAM = "{\"edges\": [0.0, 1], \"shares\": [0.5, 0.25, 0.25]}";
  private static final String FILE =
      "{\"model\": {\"fingerprint\": \"00ff\"}, \"records\": 4, \"score\": HH, \"surprise\": HH, \"unknown\": HH}"
          .replace("HH", HISTOGRAM);

  @Test
  void shouldReadTheReferenceOfTheModel() {
    DriftReference read = read(FILE, "00ff");
    assertThat(read.records()).isEqualTo(4);
    assertThat(read.surprise().edges()).containsExactly(0, 1);
    assertThat(read.unknown().shares()).containsExactly(0.5, 0.25, 0.25);
  }

  @Test
  void shouldReadWhatItWrites() throws IOException {
    Model model = Checkpoint.load(Checkpoint.DEFAULT);
    DriftReference written = model.reference();
    String json = ReferenceJson.write(model, new double[] {0.25, 0.25, 0.5}, written);
    assertThat(read(json, model.fingerprint())).usingRecursiveComparison().isEqualTo(written);
  }

  @Test
  void shouldIgnoreTheReferenceOfAnotherModel() {
    assertThat(read(FILE, "00fe")).isNull();
    assertThat(read("{}", "00fe")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"records\": 4|\"records\": 0|records must be at least 1, found 0",
        "[0.0, 1]|[1, 0.0]|score: edges must ascend, found 1.0 before 0.0",
        "[0.0, 1]|[]|score: edges must be 1 to 100, found 0",
        "[0.0, 1]|[0.0, \"b\"]|score: edges must be a list of numbers, found \"b\"",
        "[0.5, 0.25, 0.25]|[0.5, 0.5]|score: shares must be one more than edges, 3, found 2",
        "[0.5, 0.25, 0.25]|[1.5, -0.25, -0.25]|score: shares must be 0 to 1, found -0.25",
        "[0.5, 0.25, 0.25]|[0.5, 0.25, 0.5]|score: shares must add up to 1, found 1.25",
        "{\"model\"|{{|must be JSON, found"
      })
  void shouldSayWhatIsWrong(String what, String with, String message) {
    assertThatThrownBy(() -> read(FILE.replace(what, with), "00ff"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith("m/reference.json: ")
        .hasMessageContaining(message);
  }

  @Test
  void shouldBeInTheFolderOfTheDefaultModel() {
    assertThat(Checkpoint.load(Checkpoint.DEFAULT).reference().surprise().edges()).hasSize(9);
  }

  @Test
  void shouldHaveNoScoresForLabelsWithoutValences() {
    Labels intents = Labels.unscored(List.of("book", "cancel", "other"));
    Model model = LetterModel.with(intents, 1);
    Histogram bins = new Histogram(new double[] {1}, new double[] {0.25, 0.75});
    DriftReference written = new DriftReference(4, null, bins, bins);

    String json = ReferenceJson.write(model, new double[] {0.5, 0.25, 0.25}, written);
    DriftReference read =
        ReferenceJson.read("reference.json", json.getBytes(UTF_8), model.fingerprint(), intents);

    assertThat(json).contains("\"cancel\" : 0.25").doesNotContain("\"score\"");
    assertThat(read.score()).isNull();
    assertThat(read.surprise().shares()).containsExactly(0.25, 0.75);
  }

  private static DriftReference read(String json, String fingerprint) {
    return ReferenceJson.read(
        "m/reference.json", json.getBytes(UTF_8), fingerprint, Labels.SENTIMENT);
  }
}
