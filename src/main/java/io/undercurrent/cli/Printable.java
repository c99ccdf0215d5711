package io.undercurrent.cli;

import io.undercurrent.text.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;

/**
 * Makes text from elsewhere safe to print: a terminal obeys control characters, and some format
 * characters reorder what is read.
 */
final class Printable {

  private Printable() {}

  /** The text with escapes such as {@code \\u001b} for all characters that do not print. */
  static String of(String text) {
    return of(text, false);
  }

  /** The same, but line breaks and tabs stay. */
  static String linesOf(String text) {
    return of(text, true);
  }

  private static String of(String text, boolean keepLines) {
    StringBuilder printable = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (keepLines && (c == '\n' || c == '\t') || prints(c)) {
                printable.appendCodePoint(c);
              } else {
                for (char unit : Character.toChars(c)) {
                  printable.append("\\u%04x".formatted((int) unit));
                }
              }
            });
    return printable.toString();
  }

  private static boolean prints(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  /** UTF-8 as text; null for other bytes. */
  static String textOrNull(byte[] bytes) {
    try {
      return Utf8.decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** Bytes as text, or in base64 with a remark if they are not UTF-8. */
  static String of(byte[] bytes) {
    if (bytes == null) {
      return "null";
    }
    String text = textOrNull(bytes);
    return text == null
        ? "%s (base64 of %d bytes)"
            .formatted(Base64.getEncoder().encodeToString(bytes), bytes.length)
        : linesOf(text);
  }
}
