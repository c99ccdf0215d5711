package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class CharacterTableTest {

  private final CharacterTable table = CharacterTable.frozen();

  @Test
  void shouldHaveItsFrozenContent() {
    CRC32 checksum = new CRC32();
    for (int c = 0; c < 0x110000; c++) {
      checksum.update(table.kind(c));
      for (int shift = 0; shift < 32; shift += 8) {
        checksum.update(table.fold(c) >>> shift);
      }
    }
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("17904877");
  }

  @Test
  void shouldEqualTheGeneratorsOutputOnJdk17() throws IOException {
    assumeTrue(Runtime.version().feature() == 17, "the table is frozen from JDK 17");
    try (InputStream resource = CharacterTable.class.getResourceAsStream("characters.txt")) {
      assertThat(new String(resource.readAllBytes(), StandardCharsets.US_ASCII))
          .isEqualTo(CharacterTableGenerator.generate());
    }
  }

  @Test
  void shouldAgreeWithTheJdkOnAscii() {
    for (int c = 0; c < 128; c++) {
      assertThat(table.fold(c)).isEqualTo(c == '`' ? '\'' : Character.toLowerCase(c));
      assertThat(table.kind(c) == CharacterTable.DIGIT).isEqualTo(Character.isDigit(c));
      assertThat(table.kind(c) == CharacterTable.UPPER).isEqualTo(Character.isUpperCase(c));
      assertThat(table.kind(c) == CharacterTable.LETTER).isEqualTo(Character.isLowerCase(c));
    }
  }

  @Test
  void shouldKnowLettersCasesAndSignsOfOtherScripts() {
    assertThat(table.kind('É')).isEqualTo(CharacterTable.UPPER);
    assertThat(table.fold('É')).isEqualTo('é');
    assertThat(table.fold('Ж')).isEqualTo('ж');
    assertThat(table.kind('世')).isEqualTo(CharacterTable.LETTER);
    assertThat(table.kind(0x20000)).isEqualTo(CharacterTable.LETTER);
    assertThat(table.kind(0x0301)).isEqualTo(CharacterTable.MARK);
    assertThat(table.kind(0x1F602)).isEqualTo(CharacterTable.EMOJI);
    assertThat(table.kind(0x1F3FD)).isEqualTo(CharacterTable.IGNORED);
    assertThat(table.kind(0x1F1EC)).isEqualTo(CharacterTable.REGIONAL);
    assertThat(table.kind(0x2019)).isEqualTo(CharacterTable.ALIAS);
    assertThat(table.kind(0xD800)).isEqualTo(CharacterTable.SPACE);
    assertThat(table.kind(0x10FFFF)).isEqualTo(CharacterTable.SYMBOL);
    assertThat(table.fold(0x0663)).isEqualTo('3');
  }
}
