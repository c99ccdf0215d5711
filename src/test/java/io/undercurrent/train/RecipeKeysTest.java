package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeKeysTest {

  private static final Path DOCUMENT = Path.of("docs/training.md");
  private static final String BEGIN = "<!-- keys -->\n";
  private static final String END = "<!-- end of keys -->\n";

  @TempDir private Path folder;

  @Test
  void shouldBeTheDocumentedTable() throws IOException {
    String document = Files.readString(DOCUMENT);
    int begin = document.indexOf(BEGIN) + BEGIN.length();
    int end = document.indexOf(END);
    assertThat(begin).isGreaterThanOrEqualTo(BEGIN.length()).isLessThanOrEqualTo(end);
    String expected = document.substring(0, begin) + table() + document.substring(end);
    if (System.getProperty("keys.write") != null) {
      Files.writeString(DOCUMENT, expected);
    }

    assertThat(Files.readString(DOCUMENT)).as("-Dkeys.write writes it anew").isEqualTo(expected);
  }

  @Test
  void shouldDescribeEveryKey() {
    assertThat(RecipeKeys.paths(RecipeKeys.ALL))
        .doesNotHaveDuplicates()
        .contains("train[].fold.of");
    rows("", RecipeKeys.ALL, new HashSet<>())
        .forEach(row -> assertThat(row).matches("\\| `.+` \\| .+ \\| .+ \\| .+ \\| .+[.] \\|"));
  }

  /** A default that its own key would refuse is a mistake that no recipe shows. */
  @Test
  void shouldHaveDefaultsThatAreValid() {
    defaults(RecipeKeys.ALL);
  }

  private static void defaults(List<RecipeKey> keys) {
    for (RecipeKey key : keys) {
      if (key.defaultValue() != null) {
        RecipeErrors errors = new RecipeErrors(List.of());
        YamlValue written = YamlValue.read(key.defaultValue().toString(), "default", errors);
        assertThat(key.type().read(key.name(), written, errors)).isEqualTo(key.defaultValue());
        assertThat(errors.isEmpty()).isTrue();
      }
      defaults(key.type().keys());
    }
  }

  private static String table() {
    StringBuilder table =
        new StringBuilder(
            "| key | type | default | valid values | |\n| --- | --- | --- | --- | --- |\n");
    rows("", RecipeKeys.ALL, new HashSet<>()).forEach(row -> table.append(row).append('\n'));
    return table.toString();
  }

  /** Mappings with the same keys are described once, where they come first. */
  private static List<String> rows(String prefix, List<RecipeKey> keys, Set<Object> described) {
    List<String> rows = new ArrayList<>();
    for (RecipeKey key : keys) {
      rows.add(
          "| `%s` | %s | %s | %s | %s |"
              .formatted(
                  prefix + key.name(),
                  key.type().name(),
                  key.defaultWords(),
                  key.type().validValues(),
                  key.meaning()));
      if (!key.type().keys().isEmpty() && described.add(key.type().keys())) {
        String inner = key.type() instanceof KeyType.ListOf ? "[]." : ".";
        rows.addAll(rows(prefix + key.name() + inner, key.type().keys(), described));
      }
    }
    return rows;
  }
}
