package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Claims that hold for every text, checked on random texts with fixed seeds. The texts mix pieces
 * that the scanner knows with any other chars.
 */
class WordTokenizerPropertyTest {

  private static final String[] PIECES = {
    "good",
    "GOOD",
    "Good",
    "sooo",
    "do",
    "n't",
    "n 't",
    "'t",
    " 't",
    "don't",
    "ca",
    "CA",
    "N'T",
    "wo",
    "gon",
    "na",
    "IS",
    "SO",
    "I",
    "a",
    "TV",
    "U.S.",
    "u.s",
    ".",
    "..",
    "...",
    "!",
    "!!",
    "?",
    ",",
    ":",
    ";",
    "=",
    ":)",
    ":D",
    ":DD",
    ":-",
    ":'",
    "(",
    ")",
    "D",
    "P",
    "x",
    "<3",
    "<",
    "3",
    "33",
    "30",
    ">",
    "-",
    "--",
    "—",
    "–",
    "_",
    "-_-",
    "^",
    "^_^",
    "'",
    "''",
    "`",
    "``",
    "’",
    "\"",
    "“",
    "#",
    "#soGood",
    "#good",
    "@",
    "@me",
    "http",
    "http://",
    "https://t.co/x",
    "www",
    "www.",
    "foo.com",
    "com",
    "/",
    "\\",
    "[",
    "]",
    "[NAME]",
    "NAME",
    "&",
    "amp;",
    "&amp;",
    "&lt;",
    "&#39;",
    "&#x",
    "<br />",
    "<br",
    "br>",
    "</p>",
    "-lrb-",
    "lrb-",
    "1",
    "1,000",
    "3:30",
    "10pm",
    "2nd",
    "%",
    "$",
    "€",
    "😂",
    "❤",
    "\ufe0f",
    "\u200d",
    "👨‍👩‍👧",
    "👍🏽",
    "🏽",
    "🇬",
    "🇧",
    "é",
    "e\u0301",
    "привет",
    "世界",
    "İ",
    "ß",
    "ﬁ",
    "𝐀",
    "\ud83d",
    "\ude02",
    "\u0000",
    "\u200b",
    "\n",
    " ",
    "  ",
    "\t",
    "*",
    "**",
    "***",
    "f*ck",
    "www.www.",
    "…",
    "♥",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "DDDDDDDDDDDDDDDDDDDD",
    "11111111111111111111111111111111111111111111111111111111111111111111111111111111",
    "o.o",
    "b.c.d",
    "a-b-c-d"
  };

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int pieces = 1 + random.nextInt(24);
    for (int i = 0; i < pieces; i++) {
      int kind = random.nextInt(12);
      if (kind == 0) {
        text.append((char) random.nextInt(0x10000));
      } else if (kind == 1) {
        text.appendCodePoint(random.nextInt(0x110000));
      } else if (kind == 2) {
        text.append((char) (' ' + random.nextInt(95)));
      } else {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      if (random.nextInt(3) == 0) {
        text.append(' ');
      }
    }
    return text.toString();
  }

  @Test
  void shouldReadTheKeptPartOfATextAsItsTokens() {
    Random random = new Random(7);
    for (int i = 0; i < 300_000; i++) {
      String text = text(random);
      int maxTokens = 1 + random.nextInt(20);
      Encoding whole = TestTokenizers.SMALL.encode(text, maxTokens);
      if (!whole.truncated()) {
        assertThat(whole.end()).isEqualTo(text.length());
        continue;
      }
      Encoding kept = TestTokenizers.SMALL.encode(text.substring(0, whole.end()), maxTokens);
      if (!Arrays.equals(kept.ids(), whole.ids())
          || kept.truncated()
          || kept.unknown() != whole.unknown()) {
        assertThat(TestTokenizers.tokens(TestTokenizers.SMALL, kept))
            .as("%s at %d tokens, %d chars", escaped(text), maxTokens, whole.end())
            .isEqualTo(TestTokenizers.tokens(TestTokenizers.SMALL, whole));
        assertThat(kept.truncated()).as(escaped(text)).isFalse();
      }
    }
  }

  @Test
  void shouldGiveEachTokenItsSpanOfTheText() {
    Random random = new Random(11);
    for (int i = 0; i < 60_000; i++) {
      Spans.check(TestTokenizers.SMALL, text(random), 1 + random.nextInt(40));
    }
  }

  @Test
  void shouldOnlyAddTokensWhenTheLimitGrows() {
    Random random = new Random(8);
    for (int i = 0; i < 50_000; i++) {
      String text = text(random);
      int maxTokens = 1 + random.nextInt(20);
      int[] all = TestTokenizers.SMALL.encode(text, 4096).ids();
      Encoding some = TestTokenizers.SMALL.encode(text, maxTokens);
      if (text.length() <= maxTokens * Tokenizer.MAX_CHARS_PER_TOKEN) {
        assertThat(Arrays.copyOf(all, some.ids().length)).as(escaped(text)).isEqualTo(some.ids());
      }
    }
  }

  @Test
  void shouldKeepItsBoundsOnAnyText() {
    Random random = new Random(9);
    for (int i = 0; i < 100_000; i++) {
      String text = text(random);
      int maxTokens = 1 + random.nextInt(40);
      Encoding encoding = TestTokenizers.SMALL.encode(text, maxTokens);
      assertThat(encoding.ids().length).isLessThanOrEqualTo(maxTokens);
      assertThat(encoding.end()).isBetween(0, Math.min(text.length(), maxTokens * 64));
      for (int id : encoding.ids()) {
        assertThat(id).isBetween(1, TestTokenizers.SMALL.size() - 1);
      }
      int end = encoding.end();
      assertThat(
              end > 0
                  && end < text.length()
                  && Character.isHighSurrogate(text.charAt(end - 1))
                  && Character.isLowSurrogate(text.charAt(end)))
          .as(escaped(text))
          .isFalse();
    }
  }

  /**
   * A scanner that looked ahead from every char of a long run would take hours: 10^12 reads for a
   * million chars.
   */
  @Test
  @Timeout(120)
  void shouldReadHostileTextInLinearTime() {
    String[] hostile = {
      "<",
      "<a ",
      "</",
      ":",
      ":-",
      "aa.",
      "a.",
      "'",
      "n 't",
      "#",
      "@",
      "[",
      "[A",
      "&",
      "&#",
      "A ",
      "AB ",
      "AB  ",
      "ca ",
      "-",
      "-l",
      "www.",
      "http://",
      "\u200d",
      "😂\u200d",
      "🇬",
      "a-",
      "a_",
      "(",
      "1,",
      "1.",
      "<3"
    };
    for (String piece : hostile) {
      String text = piece.repeat(1_000_000 / piece.length());
      TestTokenizers.SMALL.encode(text, 1_000_000);
      TestTokenizers.SMALL.encode(
          text.substring(0, 100_000) + " ".repeat(1_000_000) + "x", 1_000_000);
    }
  }

  /**
   * The checksum was computed on JDK 17. Every JDK must compute the same, whatever its Unicode
   * version.
   */
  @Test
  void shouldGiveTheSameIdsOnEveryJdk() {
    Random random = new Random(10);
    CRC32 checksum = new CRC32();
    for (int i = 0; i < 100_000; i++) {
      for (int id : TestTokenizers.SMALL.encode(text(random), 64).ids()) {
        checksum.update(id);
        checksum.update(id >>> 8);
      }
      checksum.update(0);
    }
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("7c660f72");
  }

  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    for (char c : text.toCharArray()) {
      if (c >= ' ' && c < 0x7f) {
        escaped.append(c);
      } else {
        escaped.append("\\u").append(Integer.toHexString(0x10000 + c).substring(1));
      }
    }
    return escaped.toString();
  }

  @Test
  void shouldWriteTheSameBytesForTheSameVocabulary() {
    byte[] json = TestTokenizers.SMALL.toJson();
    assertThat(WordTokenizer.read(json).toJson()).isEqualTo(json);
    assertThat(new String(json, StandardCharsets.UTF_8))
        .startsWith("{\"type\":\"word\",\"version\":1,\"tokens\":[\"<end>\"");
  }
}
