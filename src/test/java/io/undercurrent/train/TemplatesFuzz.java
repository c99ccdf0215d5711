package io.undercurrent.train;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.model.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Any bytes as a file of templates. */
public final class TemplatesFuzz implements FuzzTarget {

  private final Path file;

  /** Makes a temporary file. */
  public TemplatesFuzz() {
    try {
      file = Files.createTempFile("templates", ".yaml");
      file.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void read(byte[] input) throws IOException {
    Files.write(file, input);
    try {
      Templates.read(file.toString(), Labels.SENTIMENT, file.getParent()).conversations(5);
    } catch (RecipeException e) {
      RecipeFuzz.check(e, file.toString());
    }
  }

  /** Each word and template may make a text of 10,000 characters, a few levels deep. */
  @Override
  public long maxAllocation(int inputBytes) {
    return (16L << 20) + 200_000L * inputBytes;
  }
}
