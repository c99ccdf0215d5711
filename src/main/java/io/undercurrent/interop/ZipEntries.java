package io.undercurrent.interop;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Reads entries of an untrusted zip file. Every entry is read up to a limit, whatever size the file
 * claims.
 */
final class ZipEntries implements Closeable {

  private final Path file;
  private final ZipFile zip;

  /**
   * Opens the file.
   *
   * @throws ImportException if it is not a whole zip file
   */
  ZipEntries(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString());
    }
    this.file = file;
    try {
      zip = new ZipFile(file.toFile());
    } catch (ZipException e) {
      throw new ImportException(file + ": must be a whole zip file, found: " + e.getMessage(), e);
    }
  }

  List<String> names() {
    return zip.stream().map(ZipEntry::getName).toList();
  }

  /**
   * The content of an entry.
   *
   * @param limit the most bytes that it may have
   * @throws ImportException if the entry is missing, longer than the limit, or damaged
   */
  byte[] read(String name, int limit) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new ImportException(file + ": must have an entry " + name + ", found " + names());
    }
    byte[] bytes;
    try (InputStream in = zip.getInputStream(entry)) {
      bytes = in.readNBytes(limit + 1);
    } catch (ZipException | java.io.EOFException e) {
      throw new ImportException(file + ": " + name + " must be whole, found: " + e.getMessage(), e);
    }
    if (bytes.length > limit) {
      throw new ImportException(
          file + ": " + name + " must have at most " + limit + " bytes, found more");
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
