package io.undercurrent.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The inputs in {@code src/test/resources/fuzz}, in one folder for each target. */
final class KeptInputs {

  private static final Path ALL = Path.of("src", "test", "resources", "fuzz").toAbsolutePath();

  private KeptInputs() {}

  static Path folder(String target) {
    return ALL.resolve(target);
  }

  /** The names of all folders. */
  static List<String> folders() throws IOException {
    return files(ALL).stream().map(folder -> folder.getFileName().toString()).toList();
  }

  /** The files of a target; it may have none. */
  static List<Path> of(String target) throws IOException {
    return files(folder(target));
  }

  /**
   * Moves an input that Jazzer has written to the folder of its target.
   *
   * @param target {@value AllFuzz#NAME} if the first byte chooses it
   * @return the new file
   */
  static Path keep(String target, Path found) throws IOException {
    byte[] input = Files.readAllBytes(found);
    boolean chosen = target.equals(AllFuzz.NAME);
    Path folder = Files.createDirectories(folder(chosen ? AllFuzz.target(input) : target));
    int from = chosen ? Math.min(1, input.length) : 0;
    Path kept =
        Files.write(
            folder.resolve(found.getFileName()), Arrays.copyOfRange(input, from, input.length));
    Files.delete(found);
    return kept;
  }

  static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
