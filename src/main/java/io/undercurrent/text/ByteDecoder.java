package io.undercurrent.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns byte tokens into text. A character is returned with its last byte. Bytes that form no
 * character become U+FFFD, and so does a character that the end of the record cuts short.
 */
final class ByteDecoder implements TokenDecoder {

  private final int first;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final ByteBuffer bytes = ByteBuffer.allocate(8); // at most three bytes wait for a fourth
  private final CharBuffer chars = CharBuffer.allocate(8);

  /**
   * @param first the id of byte 0
   */
  ByteDecoder(int first) {
    this.first = first;
  }

  @Override
  public void skip(int id) {
    append(id);
  }

  @Override
  public String append(int id) {
    bytes.put((byte) (id - first));
    return decode(false);
  }

  @Override
  public String finish() {
    return decode(true);
  }

  private String decode(boolean end) {
    bytes.flip();
    utf8.decode(bytes, chars, end);
    bytes.compact();
    String text = chars.flip().toString();
    chars.clear();
    return text;
  }
}
