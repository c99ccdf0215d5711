package io.undercurrent.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The native libraries that RocksDB, LZ4 and Snappy have unpacked into the folder for temporary
 * files, 15 MB in all. They are deleted by hooks of the JVM, and a halt runs no hooks.
 *
 * <p>On Linux they are found in {@code /proc}, and a file that is in use may be deleted. Elsewhere
 * nothing is deleted.
 */
final class UnpackedLibraries {

  private static final Path MAPPED = Path.of("/proc/self/maps");

  private static final Pattern NAME = Pattern.compile("(librocksdbjni|liblz4-java|snappy-).*\\.so");

  private UnpackedLibraries() {}

  /** Deletes those that this process has loaded. */
  static void delete() {
    try {
      Path folder = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
      List<String> lines = Files.readAllLines(MAPPED);
      for (String line : lines) { // several for each library
        int start = line.indexOf('/');
        Path file = start < 0 ? null : Path.of(line.substring(start));
        if (file != null
            && folder.equals(file.getParent())
            && NAME.matcher(file.getFileName().toString()).matches()) {
          Files.deleteIfExists(file);
          Files.deleteIfExists(Path.of(file + ".lck")); // LZ4's, which says that the file is used
        }
      }
    } catch (IOException | RuntimeException e) {
      // another system, or no right: the files stay
    }
  }
}
