package io.undercurrent.app.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.streams.StreamsConfig;

/** Whether the disk of the states has space left. */
final class DiskCheck implements Check {

  private static final long MIB = 1024 * 1024;
  private static final long NEEDED = 64 * MIB;
  private static final long ENOUGH = 1024 * MIB;

  private final Path folder;

  DiskCheck(Subject subject) {
    folder =
        StateFolderCheck.existing(
            Path.of(subject.streams().getString(StreamsConfig.STATE_DIR_CONFIG)));
  }

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public Finding look() {
    try {
      return judge(Files.getFileStore(folder).getUsableSpace());
    } catch (IOException e) {
      return unknown("the free space in %s cannot be read: %s".formatted(folder, e), "");
    }
  }

  Finding judge(long free) {
    String found = "%,d MiB free for states in %s".formatted(free / MIB, folder);
    String remedy = "free some space, or set state.dir to a larger disk";
    if (free < NEEDED) {
      return failed(found + ", at least %d MiB are needed".formatted(NEEDED / MIB), remedy);
    }
    return free < ENOUGH ? warning(found + ", which is little", remedy) : ok(found);
  }
}
