package io.undercurrent.cli;

import io.undercurrent.text.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;

/** The bytes of a letter's key, value or header, as text to print. */
final class LetterBytes {

  private LetterBytes() {}

  /** UTF-8 as text; null for other bytes. */
  static String textOrNull(byte[] bytes) {
    try {
      return Utf8.decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** Bytes as text, or in base64 with a remark if they are not UTF-8. Line breaks stay. */
  static String printable(byte[] bytes) {
    if (bytes == null) {
      return "null";
    }
    String text = textOrNull(bytes);
    return text == null
        ? "%s (base64 of %d bytes)"
            .formatted(Base64.getEncoder().encodeToString(bytes), bytes.length)
        : Printable.lines(text);
  }
}
