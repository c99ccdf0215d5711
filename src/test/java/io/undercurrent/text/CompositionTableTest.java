package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Canonical composition: the frozen table and the step that uses it. */
class CompositionTableTest {

  private static final CompositionStep STEP = new CompositionStep();

  private static String compose(String text) {
    return NormalizedText.same(text, text.length()).rewrite(STEP).text();
  }

  private static String jdk(String text) {
    return java.text.Normalizer.normalize(text, Form.NFC);
  }

  @Test
  void shouldHaveItsFrozenContent() throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(resource());
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("65d25d2e");
  }

  private static byte[] resource() throws IOException {
    try (InputStream in = CompositionTable.class.getResourceAsStream("compositions.txt")) {
      return in.readAllBytes();
    }
  }

  @Test
  void shouldEqualTheGeneratorsOutputOnJdk17() throws IOException {
    assumeTrue(Runtime.version().feature() == 17, "the table is frozen from JDK 17");
    assertThat(new String(resource(), StandardCharsets.US_ASCII))
        .isEqualTo(CompositionTableGenerator.generate());
  }

  @ParameterizedTest
  @CsvSource({
    "e\u0301, \u00e9",
    "E\u0301, \u00c9",
    "n\u0303o, \u00f1o",
    "a\u0323\u0302, \u1ead",
    "a\u0302\u0323, \u1ead",
    "q\u0307\u0323, q\u0323\u0307",
    "\u212b, \u00c5",
    "\u2126, \u03a9",
    "\u0344, \u0308\u0301",
    "\u1100\u1161\u11a8, \uac01",
    "\uac00\u11a8, \uac01",
    "\u0958, \u0915\u093c",
    "x\u0301, x\u0301",
    "\u0301, \u0301"
  })
  void shouldComposeLettersAndTheirMarks(String text, String expected) {
    assertThat(compose(text)).isEqualTo(expected);
    assertThat(compose(expected)).isEqualTo(expected);
  }

  @Test
  void shouldEqualTheJdkOnEveryCodePoint() {
    for (int c = 0; c < 0x30000; c++) {
      if (c >= 0xD800 && c < 0xE000 || isNewerThanTheTable(c)) {
        continue;
      }
      String text = Character.toString(c);
      String expected = jdk(text);
      if (!compose(text).equals(expected)) {
        assertThat(compose(text)).as("U+%x", c).isEqualTo(expected);
      }
      if (!expected.equals(text)) {
        assertThat(CompositionTable.frozen().mayChange(c)).as("U+%x", c).isTrue();
      }
    }
  }

  /** JDK 25 knows marks that the table does not. */
  private static boolean isNewerThanTheTable(int c) {
    byte kind = CharacterTable.frozen().kind(c);
    return Runtime.version().feature() != 17
        && kind != CharacterTable.LETTER
        && kind != CharacterTable.UPPER
        && kind != CharacterTable.MARK;
  }

  @Test
  void shouldEqualTheJdkOnRandomMarksAndLetters() {
    int[] interesting =
        java.util.stream.IntStream.range(0x20, 0x20000)
            .filter(c -> CompositionTable.frozen().mayChange(c))
            .filter(c -> !isNewerThanTheTable(c))
            .toArray();
    Random random = new Random(3);
    for (int i = 0; i < 60_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(8);
      for (int k = 0; k < length; k++) {
        int kind = random.nextInt(6);
        if (kind == 0) {
          text.append((char) ('A' + random.nextInt(58)));
        } else if (kind == 1) {
          text.append((char) (0xC0 + random.nextInt(0x180)));
        } else if (kind == 2) {
          text.append((char) (0x300 + random.nextInt(0x45)));
        } else if (kind == 3) {
          text.append((char) (0x1100 + random.nextInt(0x100)));
        } else if (kind == 4) {
          text.append((char) (0xAC00 + random.nextInt(28) * 28));
        } else {
          text.appendCodePoint(interesting[random.nextInt(interesting.length)]);
        }
      }
      String written = text.toString();
      if (!compose(written).equals(jdk(written))) {
        assertThat(compose(written)).as(hex(written)).isEqualTo(jdk(written));
      }
    }
  }

  @Test
  void shouldReadLongRunsOfMarksPieceByPiece() {
    String marks = "\u0301".repeat(100_000);
    assertThat(compose("e" + marks)).hasSize(100_000).startsWith("\u00e9\u0301");
  }

  private static String hex(String text) {
    StringBuilder hex = new StringBuilder();
    text.codePoints().forEach(c -> hex.append(Integer.toHexString(c)).append(' '));
    return hex.toString();
  }
}
