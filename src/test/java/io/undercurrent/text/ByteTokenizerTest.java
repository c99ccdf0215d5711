package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteTokenizerTest {

  private static final Tokenizer BYTES = new ByteTokenizer();

  @Test
  void shouldReadUtf8ByteByByte() {
    Encoding encoding = BYTES.encode("aé€😂", 100);

    assertThat(encoding.ids())
        .containsExactly(
            1 + 'a', 1 + 0xc3, 1 + 0xa9, 1 + 0xe2, 1 + 0x82, 1 + 0xac, 1 + 0xf0, 1 + 0x9f, 1 + 0x98,
            1 + 0x82);
    assertThat(encoding.unknown()).isZero();
    assertThat(encoding.truncated()).isFalse();
  }

  @Test
  void shouldGiveEveryCodePointTheBytesOfUtf8() {
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        String text = Character.toString(c);
        assertThat(bytes(BYTES.encode(text, 4)))
            .as("U+%04X", c)
            .isEqualTo(text.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\u0000",
        "\u0000\r\n\t\u001b[31m\u007f\u0085\u2028",
        "\uFEFFmark",
        "🇬🇧 👨‍👩‍👧 e\u0301 İ ß 世界 привет",
        "\uD7FF\uE000\uFFFF\uDBFF\uDFFF",
      })
  void shouldGiveBackWhatItRead(String text) {
    assertThat(BYTES.decode(BYTES.encode(text, 1000).ids())).isEqualTo(text);
  }

  @Test
  void shouldReadSurrogatesWithoutPartnerAsReplacementCharacters() {
    for (String text :
        new String[] {"\ud83d", "\ude02", "a\ud83db", "\ude02\ud83d", "\ud83d\ud83d😂"}) {
      Encoding encoding = BYTES.encode(text, 100);
      assertThat(encoding.end()).isEqualTo(text.length());
      assertThat(BYTES.decode(encoding.ids())).isEqualTo(replaced(text));
    }
  }

  @Test
  void shouldCutAtWholeCharactersOnly() {
    for (int limit = 1; limit <= 10; limit++) {
      Encoding encoding = BYTES.encode("aé€😂", limit);
      int chars = limit < 3 ? 1 : limit < 6 ? 2 : limit < 10 ? 3 : 5;
      assertThat(encoding.end()).isEqualTo(chars);
      assertThat(encoding.truncated()).isEqualTo(limit < 10);
      assertThat(BYTES.decode(encoding.ids())).isEqualTo("aé€😂".substring(0, chars));
    }
    assertThat(BYTES.encode("😂", 3)).extracting(Encoding::end).isEqualTo(0);
    assertThatThrownBy(() -> BYTES.encode("a", 0))
        .hasMessage("maxTokens must be at least 1, found 0");
  }

  @Test
  void shouldReadTheKeptPartOfATextAsItsTokens() {
    Random random = new Random(7);
    for (int i = 0; i < 100_000; i++) {
      String text = text(random);
      int maxTokens = 1 + random.nextInt(30);
      Encoding cut = BYTES.encode(text, maxTokens);
      String kept = text.substring(0, cut.end());

      assertThat(cut.ids().length).isLessThanOrEqualTo(maxTokens);
      assertThat(cut.truncated()).isEqualTo(cut.end() < text.length());
      assertThat(cut.truncated() && cut.ids().length < maxTokens - 3).isFalse();
      assertThat(BYTES.encode(kept, maxTokens).ids()).isEqualTo(cut.ids());
      assertThat(BYTES.decode(cut.ids())).isEqualTo(replaced(kept));
    }
  }

  @Test
  void shouldGiveAllBytesOfACharacterItsSpan() {
    Random random = new Random(10);
    for (int i = 0; i < 20_000; i++) {
      Spans.check(BYTES, text(random), 1 + random.nextInt(30));
    }
    assertThat(Spans.pieces(BYTES.encode("aé€😂", 100, true), "aé€😂"))
        .containsExactly("a", "é", "€", "😂");
  }

  @Test
  void shouldReadHugeTextsNoFurtherThanTheLimit() {
    String huge = "a€".repeat(5_000_000);

    Encoding encoding = BYTES.encode(huge, 11);

    assertThat(encoding.end()).isEqualTo(5);
    assertThat(encoding.ids()).hasSize(9);
    assertThat(BYTES.encode(huge, Integer.MAX_VALUE).ids()).hasSize(20_000_000);
  }

  @Test
  void shouldDecodeEveryPrefixToAPrefixOfTheText() {
    Random random = new Random(8);
    for (int i = 0; i < 20_000; i++) {
      String text = text(random);
      TokenDecoder decoder = BYTES.decoder();
      StringBuilder shown = new StringBuilder();
      for (int id : BYTES.encode(text, 1000).ids()) {
        shown.append(decoder.append(id));
        assertThat(replaced(text)).startsWith(shown);
      }
      assertThat(shown.append(decoder.finish()).toString()).isEqualTo(replaced(text));
    }
  }

  @Test
  void shouldDecodeAnyBytesAsJavaDoes() {
    Random random = new Random(9);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      int[] ids = IntStream.range(0, bytes.length).map(k -> 1 + (bytes[k] & 0xff)).toArray();

      assertThat(BYTES.decode(ids)).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  @Test
  void shouldDecodeACutCharacterAsTheReplacementCharacter() {
    int[] ids = BYTES.encode("ab😂", 100).ids();
    assertThat(BYTES.decode(Arrays.copyOf(ids, 5))).isEqualTo("ab\uFFFD");
    TokenDecoder decoder = BYTES.decoder();
    decoder.skip(ids[2]);
    decoder.skip(ids[3]);
    assertThat(decoder.append(ids[4]) + decoder.append(ids[5])).isEqualTo("😂");
  }

  @Test
  void shouldGiveEveryTokenAReadableName() {
    assertThat(BYTES.token(0)).isEqualTo("<end>");
    assertThat(BYTES.token(1 + 'a')).isEqualTo("a");
    assertThat(BYTES.token(1 + ' ')).isEqualTo(" ");
    assertThat(BYTES.token(1 + '\n')).isEqualTo("\\x0a");
    assertThat(BYTES.token(1 + 0x7f)).isEqualTo("\\x7f");
    assertThat(BYTES.token(256)).isEqualTo("\\xff");
    assertThat(IntStream.range(0, BYTES.size()).mapToObj(BYTES::token).distinct()).hasSize(257);
    assertThatThrownBy(() -> BYTES.token(257)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(IntStream.range(0, BYTES.size()).filter(BYTES::isWord)).hasSize(256);
    assertThat(IntStream.range(0, BYTES.size()).noneMatch(BYTES::isUnknown)).isTrue();
    assertThat(BYTES.isWord(BYTES.endOfRecord())).isFalse();
  }

  private static byte[] bytes(Encoding encoding) {
    byte[] bytes = new byte[encoding.ids().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (encoding.ids()[i] - 1);
    }
    return bytes;
  }

  /** The text with U+FFFD in place of each lone surrogate. */
  private static String replaced(String text) {
    StringBuilder replaced = new StringBuilder();
    text.codePoints()
        .forEach(
            c ->
                replaced.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
    return replaced.toString();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int n = random.nextInt(20);
    for (int i = 0; i < n; i++) {
      switch (random.nextInt(4)) {
        case 0 -> text.append((char) random.nextInt(0x10000));
        case 1 -> text.append((char) (0xD800 + random.nextInt(0x800)));
        case 2 -> text.appendCodePoint(random.nextInt(0x110000));
        default -> text.append((char) random.nextInt(0x80));
      }
    }
    return text.toString();
  }
}
