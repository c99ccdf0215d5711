package io.undercurrent.app.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.streams.StreamsConfig;

/** Whether states can be written. It makes nothing that it does not delete again. */
final class StateFolderCheck implements Check {

  private final Path folder; // of the application
  private final Path stateDir;

  StateFolderCheck(Subject subject) {
    stateDir = Path.of(subject.streams().getString(StreamsConfig.STATE_DIR_CONFIG));
    folder = stateDir.resolve(subject.applicationId());
  }

  @Override
  public String name() {
    return "state folder";
  }

  @Override
  public Finding look() {
    Path existing = existing(folder);
    try {
      Files.delete(Files.createTempDirectory(existing, ".undercurrent-check"));
      return ok("%s can be written".formatted(folder));
    } catch (IOException e) {
      return failed(
          "%s cannot be written: %s"
              .formatted(
                  folder,
                  Files.isDirectory(existing)
                      ? e.getClass().getSimpleName() + " in " + existing
                      : existing + " is not a folder"),
          "give the user that runs the application the right to write there, or set state.dir"
              + " (found %s)".formatted(stateDir));
    }
  }

  /** The folder, or the nearest one above it that exists. */
  static Path existing(Path folder) {
    Path existing = folder.toAbsolutePath();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    return existing;
  }
}
