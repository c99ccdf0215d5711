package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Any bytes as a recipe. Each line of the message is one error. */
public final class RecipeFuzz implements FuzzTarget {

  private static final int MAX_LINE_CHARS = 2_000;

  private final Path file;

  /** Makes a temporary file. */
  public RecipeFuzz() {
    try {
      file = Files.createTempFile("recipe", ".yaml");
      file.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void read(byte[] input) throws IOException {
    Files.write(file, input);
    try {
      assertThat(Recipe.read(file).train()).isNotEmpty();
    } catch (RecipeException e) {
      check(e, file.toString());
    }
  }

  /** Each line names the file and has a bounded length. */
  static void check(RecipeException e, String file) {
    for (String line : e.getMessage().split("\n", -1)) {
      assertThat(line).startsWith(file).hasSizeLessThan(MAX_LINE_CHARS);
      assertThat(line.chars().noneMatch(c -> c < ' ' || c == 0x7f)).as(line).isTrue();
    }
  }
}
