package io.undercurrent.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the lines of a stream one at a time, so that a file may have any size. Skips blank lines,
 * and a byte order mark before the first line. A line ends with a line feed, or with a carriage
 * return and a line feed. Used by one thread.
 */
public final class Lines {

  /** The longest line that is read, in bytes. */
  public static final int MAX_LINE_BYTES = 1 << 26;

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final InputStream in;
  private long number;

  /**
   * @param in should be buffered; it is read to its end and not closed
   */
  public Lines(InputStream in) {
    this.in = in;
  }

  /**
   * A line that is not blank.
   *
   * @param number the line's number, from 1; blank lines count
   * @param bytes the line's bytes without the line end
   */
  public record Line(long number, byte[] bytes) {

    /**
     * The line's text.
     *
     * @throws CharacterCodingException if it is not UTF-8
     */
    public String text() throws CharacterCodingException {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    /** The first byte that is not white space. */
    public byte firstByte() {
      int i = 0;
      while (isSpace(bytes[i])) {
        i++;
      }
      return bytes[i];
    }
  }

  /** Thrown for a line of more than {@value #MAX_LINE_BYTES} bytes. */
  public static final class LineTooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    private LineTooLongException(long number) {
      super("line %d must have at most %,d bytes, found more".formatted(number, MAX_LINE_BYTES));
    }
  }

  /**
   * The next line; null at the end.
   *
   * @throws LineTooLongException if the line is too long; the reader cannot be used after that
   */
  public Line next() throws IOException {
    for (byte[] bytes = read(); bytes != null; bytes = read()) {
      number++;
      if (number == 1 && startsWith(bytes, BYTE_ORDER_MARK)) {
        bytes = Arrays.copyOfRange(bytes, BYTE_ORDER_MARK.length, bytes.length);
      }
      if (!isBlank(bytes)) {
        return new Line(number, bytes);
      }
    }
    return null;
  }

  private byte[] read() throws IOException {
    int b = in.read();
    if (b < 0) {
      return null;
    }
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    for (; b >= 0 && b != '\n'; b = in.read()) {
      if (line.size() == MAX_LINE_BYTES) {
        throw new LineTooLongException(number + 1);
      }
      line.write(b);
    }
    byte[] bytes = line.toByteArray();
    boolean carriageReturn = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
    return carriageReturn ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static boolean isBlank(byte[] bytes) {
    for (byte b : bytes) {
      if (!isSpace(b)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }
}
