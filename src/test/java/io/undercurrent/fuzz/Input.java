package io.undercurrent.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of an input, taken from the front. Choices come first, the rest is what is read. */
public final class Input {

  private final byte[] bytes;
  private int at;

  /** All of {@code bytes}, which are not copied. */
  public Input(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The next byte, unsigned; 0 at the end. */
  public int choice() {
    return at < bytes.length ? Byte.toUnsignedInt(bytes[at++]) : 0;
  }

  /** The next byte, as one of {@code n} choices. */
  public int choice(int n) {
    return choice() % n;
  }

  /** What is left. */
  public byte[] rest() {
    return Arrays.copyOfRange(bytes, at, bytes.length);
  }

  /**
   * What is left as a text: UTF-8 in which a lone surrogate may be written with three bytes, as
   * Java itself writes them, so that every string can be had. Other bytes are U+FFFD.
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    int from = at;
    for (int i = at; i + 2 < bytes.length; i++) {
      if (bytes[i] == (byte) 0xED
          && (bytes[i + 1] & 0xE0) == 0xA0
          && (bytes[i + 2] & 0xC0) == 0x80) {
        text.append(new String(bytes, from, i - from, StandardCharsets.UTF_8));
        text.append((char) (0xD000 | (bytes[i + 1] & 0x3F) << 6 | bytes[i + 2] & 0x3F));
        from = i + 3;
        i += 2;
      }
    }
    return text.append(new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8))
        .toString();
  }

  /** A text as an input. */
  public static byte[] of(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A choice and what follows it, as an input. */
  public static byte[] of(int choice, byte[] rest) {
    byte[] input = new byte[rest.length + 1];
    input[0] = (byte) choice;
    System.arraycopy(rest, 0, input, 1, rest.length);
    return input;
  }
}
