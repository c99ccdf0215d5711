package io.undercurrent.enrich;

import io.undercurrent.text.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * How the bytes of a record's key are written as the text {@code key} of an enriched record. One
 * encoding holds for all records of a stream: the bytes of a single key never choose it.
 */
public enum KeyEncoding {
  /** The bytes are UTF-8 text, like those of Kafka's {@code StringSerializer}. */
  TEXT,
  /** Any bytes, in base64 (RFC 4648, padded). */
  BASE64,
  /** 8 bytes, big-endian, like those of Kafka's {@code LongSerializer}: {@code 103}. */
  LONG,
  /** 4 bytes, big-endian, like those of Kafka's {@code IntegerSerializer}. */
  INTEGER,
  /** 2 bytes, big-endian, like those of Kafka's {@code ShortSerializer}. */
  SHORT,
  /**
   * 16 bytes, big-endian: {@code 1b4e28ba-2fa1-11d2-883f-0016d3cca427}. Kafka's {@code
   * UUIDSerializer} writes text instead: that is {@link #TEXT}.
   */
  UUID;

  /** The encoding's name in definitions and enriched records, such as {@code long}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The codes of all encodings, in declaration order. */
  public static List<String> codes() {
    return Arrays.stream(values()).map(KeyEncoding::code).toList();
  }

  /**
   * The encoding with this code.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static KeyEncoding ofCode(String code) {
    for (KeyEncoding encoding : values()) {
      if (encoding.code().equals(code)) {
        return encoding;
      }
    }
    throw new IllegalArgumentException(
        "key encoding must be one of " + String.join(", ", codes()) + ", found " + code);
  }

  /**
   * The text of a key.
   *
   * @throws IllegalArgumentException if the bytes do not fit this encoding
   */
  public String text(byte[] key) {
    return switch (this) {
      case TEXT -> utf8(key);
      case BASE64 -> Base64.getEncoder().encodeToString(key);
      case LONG -> Long.toString(numbers(key, Long.BYTES).getLong());
      case INTEGER -> Integer.toString(numbers(key, Integer.BYTES).getInt());
      case SHORT -> Short.toString(numbers(key, Short.BYTES).getShort());
      case UUID -> {
        ByteBuffer halves = numbers(key, 2 * Long.BYTES);
        yield new java.util.UUID(halves.getLong(), halves.getLong()).toString();
      }
    };
  }

  /**
   * The bytes of a key, from its {@link #text}.
   *
   * @throws IllegalArgumentException if the text does not fit this encoding
   */
  public byte[] bytes(String text) {
    try {
      return switch (this) {
        case TEXT -> Utf8.withoutLoneSurrogates(text).getBytes(StandardCharsets.UTF_8);
        case BASE64 -> Base64.getDecoder().decode(text);
        case LONG -> ByteBuffer.allocate(Long.BYTES).putLong(Long.parseLong(text)).array();
        case INTEGER -> ByteBuffer.allocate(Integer.BYTES).putInt(Integer.parseInt(text)).array();
        case SHORT -> ByteBuffer.allocate(Short.BYTES).putShort(Short.parseShort(text)).array();
        case UUID -> {
          java.util.UUID uuid = java.util.UUID.fromString(text);
          yield ByteBuffer.allocate(2 * Long.BYTES)
              .putLong(uuid.getMostSignificantBits())
              .putLong(uuid.getLeastSignificantBits())
              .array();
        }
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the key must be of encoding " + code() + ", found " + text, e);
    }
  }

  private static String utf8(byte[] key) {
    try {
      return Utf8.decode(ByteBuffer.wrap(key));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "the key must be UTF-8 (key encoding text), found %d other bytes".formatted(key.length));
    }
  }

  private ByteBuffer numbers(byte[] key, int bytes) {
    if (key.length != bytes) {
      throw new IllegalArgumentException(
          "the key must have %d bytes (key encoding %s), found %d"
              .formatted(bytes, code(), key.length));
    }
    return ByteBuffer.wrap(key);
  }
}
