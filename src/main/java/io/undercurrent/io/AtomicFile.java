package io.undercurrent.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * Replaces files atomically: after a crash a file has its old content or its new one, never a part.
 * Stateless.
 */
public final class AtomicFile {

  private AtomicFile() {}

  /** Writes a file's new content. */
  @FunctionalInterface
  public interface Writer {

    /**
     * @param file the temporary file to write, in the folder of the file that is replaced
     */
    void write(Path file) throws IOException;
  }

  /** Replaces the file, or creates it. */
  public static void replace(Path file, byte[] content) throws IOException {
    replace(file, temporary -> Files.write(temporary, content));
  }

  /** The same with a writer. If the writer throws, the file is unchanged. */
  public static void replace(Path file, Writer writer) throws IOException {
    writer.write(temporary(file));
    move(file);
  }

  /**
   * Replaces several files, after the new contents of all of them are written. Each file is
   * replaced atomically, but not all of them together.
   */
  public static void replaceAll(Map<Path, byte[]> contents) throws IOException {
    for (Map.Entry<Path, byte[]> file : contents.entrySet()) {
      Files.write(temporary(file.getKey()), file.getValue());
    }
    for (Path file : contents.keySet()) {
      move(file);
    }
  }

  private static Path temporary(Path file) {
    return file.resolveSibling(file.getFileName() + ".tmp");
  }

  private static void move(Path file) throws IOException {
    Files.move(
        temporary(file), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
