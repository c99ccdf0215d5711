package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.checkpoint.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class SpellingTest {

  private static final List<String> WORDS =
      List.of("walk", "talk", "walking", "talked", "caf\u00e9", "no-one", "it's", "\ud83d\ude00b");

  private static final WordTokenizer SHIPPED =
      ((WordTokenizer) Checkpoint.load(Checkpoint.DEFAULT).tokenizer()).withSpelling();

  private static double bits(Spelling spelling, String word) {
    return spelling.bits(word.toCharArray(), 0, word.length());
  }

  private static double bits(String word) {
    Encoding encoding = SHIPPED.encode(word, 16);
    assertThat(encoding.ids()).as(word).hasSize(1);
    return encoding.spelling(0);
  }

  /** The formula of the javadoc with strings and maps. */
  private static double expected(List<String> words, String word) {
    Map<String, Map<Character, Integer>> counts = new HashMap<>();
    for (String known : words) {
      String padded = "$$$" + symbols(known) + "$";
      for (int i = 3; i < padded.length(); i++) {
        for (int n = 0; n <= 3; n++) {
          counts
              .computeIfAbsent(padded.substring(i - n, i), h -> new HashMap<>())
              .merge(padded.charAt(i), 1, Integer::sum);
        }
      }
    }
    String padded = "$$$" + symbols(word) + "$";
    double bits = 0;
    for (int i = 3; i < padded.length(); i++) {
      double p = 1 / 96.0;
      for (int n = 0; n <= 3; n++) {
        Map<Character, Integer> after = counts.get(padded.substring(i - n, i));
        if (after != null) {
          int total = after.values().stream().mapToInt(Integer::intValue).sum();
          int count = after.getOrDefault(padded.charAt(i), 0);
          p = (count + after.size() * p) / (total + after.size());
        }
      }
      bits += padded.charAt(i) == '?' ? 12 : -Math.log(p) / Math.log(2);
    }
    return Math.min(64, bits);
  }

  /** One character for each code point: '?' for all outside of ASCII. */
  private static String symbols(String word) {
    StringBuilder symbols = new StringBuilder();
    word.codePoints().forEach(c -> symbols.append(c < 0x7f ? (char) c : '?'));
    return symbols.toString();
  }

  @Test
  void shouldFollowItsFormula() {
    Spelling spelling = new Spelling(WORDS);
    for (String word :
        List.of("walked", "talks", "w", "", "zq", "caf\u00e9s", "\ud83d\ude00", "it's", "a-b")) {
      assertThat(bits(spelling, word)).as(word).isCloseTo(expected(WORDS, word), within(1e-9));
    }
    assertThat(spelling.bits("xxwalkedyy".toCharArray(), 2, 8)).isEqualTo(bits(spelling, "walked"));
  }

  @Test
  void shouldCapWhatAWordCosts() {
    Spelling spelling = new Spelling(WORDS);
    assertThat(bits(spelling, "q".repeat(64))).isEqualTo(Spelling.MAX_BITS);
    assertThat(bits(spelling, "\u0430".repeat(5))).isBetween(60.0, 64.0);
    assertThat(bits(spelling, "\u0430".repeat(6))).isEqualTo(Spelling.MAX_BITS);
    assertThat(bits(new Spelling(List.of()), "a")).isCloseTo(2 * 6.585, within(1e-3));
  }

  @Test
  void shouldCostLessForAWordSpeltLikeEnglish() {
    assertThat(bits("befriending")).isLessThan(30);
    assertThat(bits("hdkwqxzjpfm")).isEqualTo(Spelling.MAX_BITS);
    assertThat(bits("4f9a1c7be2d0")).isEqualTo(Spelling.MAX_BITS);
    assertThat(bits("sp\u00e4t")).isGreaterThan(bits("spet"));
  }

  @Test
  void shouldRateUnknownWordsAlone() {
    Encoding encoding = SHIPPED.encode("the hdkwqxz, 12345 :) don't @user https://a.b/c!", 64);
    for (int i = 0; i < encoding.ids().length; i++) {
      assertThat(encoding.spelling(i) > 0)
          .as(SHIPPED.token(encoding.ids()[i]))
          .isEqualTo(SHIPPED.isUnknown(encoding.ids()[i]));
    }
    assertThat(encoding.unknown()).isEqualTo(1);
    assertThat(encoding.spellingBits()).isGreaterThan(30);
    Encoding cut = SHIPPED.encode("hdkwqxz pfmgvx", 1);
    assertThat(cut.spelling()).hasSize(1);
  }

  @Test
  void shouldChangeNoTokenAndRateNothingWhereItIsOff() {
    WordTokenizer off = WordTokenizer.of(WORDS);
    WordTokenizer on = off.withSpelling();
    String text = "walk qwalk caf\u00e9 n3x zz-top #sotalked";
    assertThat(on.encode(text, 64).ids()).isEqualTo(off.encode(text, 64).ids());
    assertThat(off.encode(text, 64).spelling()).isEmpty();
    assertThat(off.encode(text, 64).spellingBits()).isZero();
    assertThat(off.ratesSpelling()).isFalse();
    assertThat(on.ratesSpelling()).isTrue();
  }

  @Test
  void shouldBeKeptInTheFile() {
    WordTokenizer off = WordTokenizer.of(WORDS);
    byte[] json = off.withSpelling().toJson();
    assertThat(new String(json, StandardCharsets.UTF_8))
        .startsWith("{\"type\":\"word\",\"version\":1,\"spelling\":1,\"tokens\":[\"<end>\"");
    WordTokenizer read = WordTokenizer.read(json);
    assertThat(read.toJson()).isEqualTo(json);
    assertThat(read.encode("qwalk", 4))
        .usingRecursiveComparison()
        .isEqualTo(off.withSpelling().encode("qwalk", 4));
    assertThat(WordTokenizer.read(off.toJson()).ratesSpelling()).isFalse();
  }

  /** The checksum was computed on JDK 17. Every JDK must compute the same bits. */
  @Test
  void shouldGiveTheSameBitsOnEveryJdk() {
    Random random = new Random(3);
    CRC32 checksum = new CRC32();
    for (int i = 0; i < 2_000; i++) {
      StringBuilder word = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      long bits = Double.doubleToRawLongBits(SHIPPED.encode(word.toString(), 16).spellingBits());
      for (int shift = 0; shift < 64; shift += 8) {
        checksum.update((int) (bits >>> shift));
      }
    }
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("d39fa9c6");
  }
}
