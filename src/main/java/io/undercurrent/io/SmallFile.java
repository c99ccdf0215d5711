package io.undercurrent.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads files that a person writes, such as settings. The size is limited, because the time that a
 * YAML parser takes grows with the square of a value's length: 5 MB in one value take seconds and
 * allocate 46 GB. Stateless.
 */
public final class SmallFile {

  /** The largest file that is read, in bytes. */
  public static final int MAX_BYTES = 1 << 20;

  private SmallFile() {}

  /** Thrown for a file of more than {@value #MAX_BYTES} bytes. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    private TooLargeException() {
      super("must have at most %,d bytes, found more".formatted(MAX_BYTES));
    }
  }

  /**
   * Reads a file.
   *
   * @throws TooLargeException if it has more than {@value #MAX_BYTES} bytes; no more are read
   */
  public static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new TooLargeException();
      }
      return bytes;
    }
  }
}
