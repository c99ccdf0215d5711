package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Takes each byte of a text in UTF-8 as a token, for text without words: logs, any language,
 * signals written as one character per level. Token 0 ends a record, token {@code 1 + b} is the
 * byte {@code b}; no token is unknown. Immutable and thread-safe; no argument or result is null.
 *
 * <p>A surrogate without its partner is read as U+FFFD. The limit never cuts a character, so up to
 * three ids fewer than {@code maxTokens} may be returned.
 */
public final class ByteTokenizer implements Tokenizer {

  /** V: 256 bytes and the end of record. */
  public static final int SIZE = 257;

  /** The {@code type} in {@code tokenizer.json}. */
  static final String TYPE = "byte";

  private static final int VERSION = 1;
  private static final int END = 0;
  private static final int FIRST = 1;
  private static final int REPLACEMENT = 0xFFFD;
  private static final int MAX_BYTES_PER_CHAR = 3; // four bytes are two chars

  static ByteTokenizer read(JsonNode root) {
    TokenizerJson.checkHeader(root, TYPE, VERSION, List.of("type", "version"));
    return new ByteTokenizer();
  }

  @Override
  public Encoding encode(String text, int maxTokens, boolean spans) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be at least 1, found " + maxTokens);
    }
    int[] ids = new int[(int) Math.min(maxTokens, (long) text.length() * MAX_BYTES_PER_CHAR)];
    int[] ends = spans ? new int[ids.length] : Encoding.NO_SPANS;
    int count = 0;
    int end = 0;
    while (end < text.length()) {
      int read = text.codePointAt(end);
      int c =
          read >= Character.MIN_SURROGATE && read <= Character.MAX_SURROGATE ? REPLACEMENT : read;
      int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      if (bytes > maxTokens - count) {
        break;
      }
      if (bytes == 1) {
        ids[count++] = FIRST + c;
      } else {
        int lead = 0xF00 >> bytes & 0xFF; // as many ones as bytes
        int shift = 6 * (bytes - 1);
        ids[count++] = FIRST + (lead | c >> shift);
        while (shift > 0) {
          shift -= 6;
          ids[count++] = FIRST + (0x80 | c >> shift & 0x3F);
        }
      }
      end += Character.charCount(read);
      if (spans) {
        Arrays.fill(ends, count - bytes, count, end);
      }
    }
    return new Encoding(
        Arrays.copyOf(ids, count),
        spans ? Arrays.copyOf(ends, count) : ends,
        0,
        end,
        end < text.length());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public int size() {
    return SIZE;
  }

  /** A printable ASCII character as it is; another byte as {@code \xHH}. */
  @Override
  public String token(int id) {
    if (id == END) {
      return Special.END.token();
    }
    int b = Objects.checkIndex(id, SIZE) - FIRST;
    return b >= ' ' && b <= '~' ? Character.toString(b) : String.format("\\x%02x", b);
  }

  @Override
  public int endOfRecord() {
    return END;
  }

  @Override
  public boolean isUnknown(int id) {
    return false;
  }

  @Override
  public boolean isWord(int id) {
    return id >= FIRST && id < SIZE;
  }

  @Override
  public TokenDecoder decoder() {
    return new ByteDecoder(FIRST);
  }

  @Override
  public byte[] toJson() {
    return TokenizerJson.write(TYPE, VERSION, 0, 0, null);
  }
}
