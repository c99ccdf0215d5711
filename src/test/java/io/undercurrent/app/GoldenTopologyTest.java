package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each definition in {@code topology/} has its {@code describe()} text beside it. So a review shows
 * a change that would leave a store or an internal topic behind. After an intended change, write
 * the texts again with {@code mvn test -Dtest=GoldenTopologyTest -Dgolden.update}.
 */
class GoldenTopologyTest {

  static List<Path> definitions() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("topology"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("definitions")
  void shouldEqualItsGoldenDescription(Path file) throws IOException {
    check(file, LetterModel.of(1), ".txt");
  }

  /** A model with attention or a cache brings a second store. */
  @Test
  void shouldEqualItsGoldenDescriptionWithAMemory() throws IOException {
    check(Path.of("topology", "enrich.yaml"), LetterModel.looking(1), "-with-memory.txt");
  }

  private static void check(Path file, Model model, String ending) throws IOException {
    TopologyDefinition definition = TopologyDefinition.load(file);
    String described =
        EnrichmentTopology.build(
                definition, model, EnrichmentSettings.DEFAULTS, new SimpleMeterRegistry())
            .describe()
            .toString();
    Path golden = Path.of(file.toString().replace(".yaml", ending));
    if (System.getProperty("golden.update") != null) {
      Files.writeString(golden, described);
    }

    assertThat(described).isEqualTo(Files.readString(golden));
  }
}
