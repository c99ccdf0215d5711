package io.undercurrent.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * A stream to a terminal that makes all text {@linkplain Printable printable}, whoever writes it.
 * Text is UTF-8. Bytes that are not UTF-8 pass, because they may be of another encoding, unless
 * they are control characters there. Used by one thread at a time.
 */
final class PrintableStream extends FilterOutputStream {

  private static final int ESCAPE = 0x1b;
  private static final int REPLACEMENT = 0xfffd; // stands for what cannot be decoded
  private static final int MAX_COLOUR = 16; // bytes of a code

  private final boolean colours;
  private final byte[] begun = new byte[MAX_COLOUR]; // of a character or of a colour's code
  private int size;
  private int expected; // bytes of the character; 0 in the code of a colour

  /**
   * @param colours whether codes of colours pass
   */
  PrintableStream(OutputStream out, boolean colours) {
    super(out);
    this.colours = colours;
  }

  /**
   * Standard output or error: all that commands, logs and libraries print to it is printable.
   *
   * @param name {@code stdout} or {@code stderr}
   */
  static PrintStream console(PrintStream console, String name) {
    String encoding = // Java's, since 19 and before
        System.getProperty(name + ".encoding", System.getProperty("sun." + name + ".encoding"));
    Charset charset = encoding == null ? Charset.defaultCharset() : Charset.forName(encoding);
    return new PrintStream(new PrintableStream(console, true), true, charset);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      write(bytes[i]);
    }
  }

  @Override
  public void write(int value) throws IOException {
    int b = value & 0xff;
    if (size > 0 && expected == 0) {
      colour(b);
    } else if (size > 0) {
      character(b);
    } else if (b == ESCAPE && colours) {
      begin(b, 0);
    } else if (b >= 0xc2 && b < 0xf5) {
      begin(b, b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4);
    } else {
      single(b);
    }
  }

  private void begin(int b, int expected) {
    begun[0] = (byte) b;
    size = 1;
    this.expected = expected;
  }

  /** Another byte of a code such as {@code ESC[1;31m}. */
  private void colour(int b) throws IOException {
    boolean fits =
        size == 1 ? b == '[' : size < MAX_COLOUR && (b >= '0' && b <= '9' || b == ';' || b == 'm');
    if (!fits) {
      giveUp();
      write(b);
      return;
    }
    begun[size++] = (byte) b;
    if (b == 'm') {
      out.write(begun, 0, size);
      size = 0;
    }
  }

  /** Another byte of a character. */
  private void character(int b) throws IOException {
    if ((b & 0xc0) != 0x80) {
      giveUp();
      write(b);
      return;
    }
    begun[size++] = (byte) b;
    if (size == expected) {
      int c = new String(begun, 0, size, StandardCharsets.UTF_8).codePointAt(0);
      if (c == REPLACEMENT && begun[0] != (byte) 0xef) {
        giveUp(); // too long for what it says, or half of a pair
      } else if (Printable.isUnsafe(c)) {
        size = 0;
        escape(c);
      } else {
        out.write(begun, 0, size);
        size = 0;
      }
    }
  }

  /** The bytes that have begun are not what they seemed to be. */
  private void giveUp() throws IOException {
    int given = size;
    size = 0;
    for (int i = 0; i < given; i++) {
      single(begun[i] & 0xff);
    }
  }

  private void single(int b) throws IOException {
    if (Printable.isUnsafe(b)) {
      escape(b);
    } else {
      out.write(b);
    }
  }

  private void escape(int c) throws IOException {
    out.write(Printable.escaped(c).getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() throws IOException {
    giveUp();
    super.close();
  }
}
