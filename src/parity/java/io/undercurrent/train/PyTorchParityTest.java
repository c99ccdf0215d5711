package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares this project's networks with PyTorch's, step by step. Writes {@code
 * target/parity/report.md}. Writes PyTorch's results of the golden cases to {@code target/parity},
 * or to the folder that {@code -Dparity.golden} names.
 */
class PyTorchParityTest {

  private static final Path REPORT = Path.of("target", "parity", "report.md");
  private static final Path GOLDEN = Path.of(System.getProperty("parity.golden", "target/parity"));
  private static final List<String> LINES = new ArrayList<>();

  static List<ParityCase> all() {
    return ParityCase.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldComputeWhatPyTorchComputes(ParityCase one) throws IOException {
    Parameters found = one.computed();
    Parameters expected;
    try (PyTorch torch = new PyTorch(one)) {
      expected = torch.results();
      heading(torch.version());
    }
    LINES.add("");
    LINES.add(
        "## %s: E=%d, H=%d, B=%d, T=%d, V=%d"
            .formatted(
                one,
                one.embedding(),
                one.hidden(),
                one.rows(),
                one.steps(),
                one.config().vocabSize()));
    LINES.add("");
    LINES.add("| result | shape | largest value | largest difference | as a share | allowed |");
    LINES.add("| --- | --- | --- | --- | --- | --- |");
    List<String> beyond = new ArrayList<>();
    for (Tensor tensor : one.results()) {
      float[] e = expected.copy(tensor.name());
      float[] f = found.copy(tensor.name());
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < e.length; i++) {
        largest = Math.max(largest, Math.abs(e[i]));
        difference = Math.max(difference, Math.abs((double) e[i] - f[i]));
      }
      double share = difference / largest;
      double allowed = ParityCase.tolerance(tensor.name());
      LINES.add(
          "| %s | %s | %.3g | %.2g | %.2g | %.0e |"
              .formatted(tensor.name(), tensor.shapeText(), largest, difference, share, allowed));
      if (!(share <= allowed)) {
        beyond.add(tensor.name() + ": " + share + " > " + allowed);
      }
    }
    if (ParityCase.golden().contains(one)) {
      Files.createDirectories(GOLDEN);
      Checkpoint.writeTensors(GOLDEN.resolve(one.fileName()), expected);
    }
    assertThat(beyond).isEmpty();
  }

  private static void heading(String version) {
    if (LINES.isEmpty()) {
      LINES.add("# This project and " + version);
      LINES.add("");
      LINES.add("Differences of every result, also as a share of its tensor's largest value.");
    }
  }

  @AfterAll
  static void report() throws IOException {
    Files.createDirectories(REPORT.getParent());
    Files.write(REPORT, LINES);
  }
}
