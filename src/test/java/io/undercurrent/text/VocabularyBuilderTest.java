package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.text.VocabularyBuilder.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyBuilderTest {

  private static final Settings LARGE = new Settings(12_000, 3);

  /** Given names and surnames that are not ordinary words too. */
  private static final String NAMES =
      """
      aaron abigail adam adrian agnes aidan alan albert alejandro alex alexander alexandra alice alison allison amanda
      amelia amy andrea andrew angela anna anne anthony antonio arthur ashley audrey barbara barry beatrice benjamin
      bernard beth betty beverly brandon brenda brian bruce bryan caitlin cameron carl carla carlos caroline catherine
      charles charlie charlotte chloe chris christina christine christopher cindy claire colin connor craig cynthia
      daniel danielle danny dave david deborah debbie dennis derek diana diane donald donna doris dorothy doug douglas
      dylan eddie edith edward eleanor elena elizabeth ellen emily emma eric erica ethan eugene evan evelyn frances
      francis fred gabriel gary george gerald gloria gordon greg gregory hannah harold harry harvey heidi helen henry
      howard ian isaac isabella jacob jake james jamie jane janet jason jeff jeffrey jennifer jenny jeremy jerry jesse
      jessica jim jimmy joan joe joel john johnny jonathan jordan jose joseph josh joshua juan judith julia julian
      julie justin karen kate katherine kathleen kathy katie keith kelly kenneth kevin kim kimberly kyle larry laura
      lauren lawrence leonard leslie liam linda lisa louis lucas lucy luis luke margaret maria marie marilyn martha
      martin mary matthew megan melissa michael michelle mike monica nancy natalie nathan nicholas nicole norman oliver
      olivia pamela patricia patrick paul paula peter philip phillip rachel ralph raymond rebecca richard robert roger
      ronald russell ryan samantha samuel sandra sarah scott sean sharon shirley simon sophia stephanie stephen steve
      steven stuart susan teresa terry theresa thomas timothy todd tony tracy tyler vanessa victoria vincent walter
      wayne wendy william zachary
      anderson bailey bennett brooks campbell clark collins cox davis edwards evans garcia gonzalez griffin hamilton
      harris harrison hernandez hughes jackson jenkins jimenez johnson jones kennedy lewis lopez martinez mcdonald
      mitchell moore morgan morris murphy murray nelson nguyen patel perez peterson phillips ramirez reynolds richardson
      rivera roberts robinson rodriguez rogers sanchez sanders simmons smith stevens sullivan taylor thompson torres
      watson williams wilson wright
      """;

  private static List<String> names() {
    return List.copyOf(new TreeSet<>(Arrays.asList(NAMES.trim().split("\\s+"))));
  }

  private static VocabularyBuilder builder(boolean cased, String... texts) {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (int i = 0; i < 10; i++) {
      for (String text : texts) {
        builder.add("author-" + i, text, cased);
      }
    }
    return builder;
  }

  @Test
  void shouldHoldNoPersonalNames() {
    assertThat(names()).hasSizeGreaterThan(200);
    VocabularyBuilder builder = new VocabularyBuilder();
    for (String name : names()) {
      for (int i = 0; i < 20; i++) {
        builder.add("cased-" + i, "and today i met " + name + " again", true);
        builder.add("uncased-" + i, name + " was there", false);
      }
    }
    assertThat(builder.build(LARGE)).contains("today", "met").doesNotContainAnyElementsOf(names());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "will", "mark", "may", "rose", "grace", "hope", "bill", "jack", "joy", "faith", "miles",
        "penny"
      })
  void shouldHoldNamesThatTextsAlsoWriteInLowerCaseAsOrdinaryWords(String word) {
    assertThat(builder(true, "i saw the " + word + " again").build(LARGE)).contains(word);
  }

  @Test
  void shouldTreatWordsWithCapitalsInsideSentencesAsNames() {
    List<String> words =
        builder(true, "i met Zarkov and the blorf today", "a blorf and Zarkov", "the zarkov")
            .build(LARGE);
    assertThat(words).contains("blorf").doesNotContain("zarkov");
  }

  @Test
  void shouldNotJudgeTheFirstWordOfASentenceByItsCapital() {
    List<String> words =
        builder(true, "Blorf is it. Blorf again! \"Blorf\" i say", "the blorf").build(LARGE);
    assertThat(words).contains("blorf");
  }

  @Test
  void shouldNotJudgeWordsByHeadlines() {
    List<String> words =
        builder(true, "Angry Blorf Returns With New Trailer", "i like the blorf and its trailer")
            .build(LARGE);
    assertThat(words).contains("blorf", "trailer");
  }

  @Test
  void shouldNotJudgeWordsByShouting() {
    assertThat(builder(true, "i SEE the BLORF there", "i see the blorf there").build(LARGE))
        .contains("blorf", "see");
  }

  @Test
  void shouldHoldAcronyms() {
    assertThat(builder(true, "i met the CEO there").build(LARGE)).contains("ceo");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Monday",
        "January",
        "Christmas",
        "English",
        "American",
        "Germany",
        "London",
        "Facebook",
        "I"
      })
  void shouldHoldProperNounsThatAreNotNamesOfPeople(String word) {
    assertThat(builder(true, "then " + word + " came again").build(LARGE))
        .contains(word.toLowerCase(Locale.ROOT));
  }

  @Test
  void shouldLeaveOutWordsWithoutEvidenceUnlessManyUncasedRecordsUseThem() {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (int i = 0; i < 10; i++) {
      builder.add("d" + i, i < 4 ? "the rare blorf" : "the", false);
      builder.add("d" + i, "a common glorf", false);
    }
    assertThat(builder.build(LARGE)).contains("glorf").doesNotContain("blorf");
  }

  @Test
  void shouldLeaveOutNicknames() {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (int i = 0; i < 10; i++) {
      builder.add("someone" + i, "bl0rf: try this", true);
      builder.add("someone" + i, "grubble: try this", true);
      builder.add("someone" + i, "i think grubble knows that", true);
      builder.add("grubble", "i know that", true);
      builder.add("someone" + i, "note: try this", true);
      builder.add("someone" + i, "i note that and note this try", true);
    }
    assertThat(builder.build(LARGE)).contains("note", "try").doesNotContain("bl0rf", "grubble");
  }

  @Test
  void shouldRequireTokensToOccurInSeveralDocuments() {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (int i = 0; i < 60; i++) {
      builder.add("one", "and the blorf of one author", true);
      builder.add("author-" + i % 3, "and the glorf of three authors", true);
    }
    assertThat(builder.build(LARGE)).contains("glorf", "authors", "the").doesNotContain("blorf");
  }

  @Test
  void shouldPutTheMostFrequentFirstAndKeepToTheSize() {
    int min = Special.count(Normalizer.LATEST) + new VocabularyBuilder().build(LARGE).size();
    VocabularyBuilder builder =
        builder(true, "we so good and good", "we so good", "we so bad", "we so");
    List<String> words = builder.build(new Settings(min + 2, 1));
    assertThat(words)
        .hasSize(min + 2 - Special.count(Normalizer.LATEST))
        .startsWith("so", "good")
        .doesNotContain("bad");
  }

  @Test
  void shouldAlwaysHoldSignsDigitsEmoticonsAndClitics() {
    List<String> words = new VocabularyBuilder().build(LARGE);
    assertThat(words)
        .contains("!", "...", "@", "0", "10", ":)", "<3", "xd", "n't", "'s")
        .doesNotHaveDuplicates();
    WordTokenizer tokenizer = WordTokenizer.of(words);
    for (String word : words) {
      Encoding encoding = tokenizer.encode(word, 8);
      assertThat(TestTokenizers.tokens(tokenizer, encoding)).isEqualTo(word);
    }
  }

  @Test
  void shouldHoldFrequentEmojiOfAllSkinTonesOnce() {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (int i = 0; i < 300; i++) {
      String emoji = new String(Character.toChars(0x1F400 + i));
      for (int k = 0; k < 3 + i % 7; k++) {
        builder.add("author-" + k, emoji + "\ufe0f", true);
      }
      builder.add("author-" + i % 5, "👍🏽", true);
    }
    List<String> words = builder.build(LARGE);
    assertThat(words).contains("👍").doesNotContain("🏽");
    assertThat(words.stream().filter(word -> word.codePointAt(0) >= 0x1F300)).hasSize(150);
  }

  @Test
  void shouldCountTheWordsThatTheTokenizerLooksUp() {
    List<String> words =
        builder(
                true,
                "and you can't say sooooo or re-watch 2nd movies",
                "i say so again and re watch")
            .build(LARGE);
    assertThat(words)
        .contains("can", "n't", "re-watch", "re", "watch", "2nd", "so")
        .doesNotContain("can't", "sooooo", "soo");
  }

  @Test
  void shouldCountTextsAsTheNormaliserReadsThem() {
    VocabularyBuilder builder =
        builder(
            true,
            "the 𝐛𝐥𝐨𝐫𝐟 isn&#39;t <a good one> cafe\u0301",
            "and so a bl\u00adorf &amp;amp; the good one at a caf&eacute;");
    assertThat(builder.build(LARGE))
        .contains("blorf", "is", "n't", "good", "caf\u00e9")
        .doesNotContain("amp", "𝐛𝐥𝐨𝐫𝐟", "39");
    WordTokenizer tokenizer = builder.tokenizer(LARGE);
    assertThat(tokenizer.normalizer()).isEqualTo(1);
    assertThat(TestTokenizers.tokens(tokenizer, "ｂｌｏｒｆ &lt;3")).isEqualTo("blorf <3");
  }

  @Test
  void shouldNotDependOnTheOrderOfTheTexts() {
    List<String[]> records = new ArrayList<>();
    Random random = new Random(5);
    String[] words = {
      "blorf", "Zarkov", "good", "bad", "so", "NASA", "😂", ":)", "mike", "a-b", "don't", "2016",
      "."
    };
    for (int i = 0; i < 500; i++) {
      StringBuilder text = new StringBuilder("the");
      for (int k = 0; k < 8; k++) {
        text.append(' ').append(words[random.nextInt(words.length)]);
      }
      records.add(new String[] {"author-" + random.nextInt(40), text.toString()});
    }
    List<String> first = build(records);
    Collections.shuffle(records, random);
    assertThat(build(records)).isEqualTo(first);
  }

  private static List<String> build(List<String[]> records) {
    VocabularyBuilder builder = new VocabularyBuilder();
    for (String[] record : records) {
      builder.add(record[0], record[1], true);
    }
    return builder.build(LARGE);
  }

  @Test
  void shouldHaveNoWordOnBothLists() {
    assertThat(NameRule.personalNames()).doesNotContainAnyElementsOf(NameRule.properNouns());
  }

  @Test
  void shouldRefuseSettingsThatCannotBeMet() {
    assertThatThrownBy(() -> new Settings(100, 1))
        .hasMessageMatching("maxSize must be at least \\d+, found 100");
    assertThatThrownBy(() -> new Settings(12_000, 0))
        .hasMessage("minDocuments must be 1 to 64, found 0");
    assertThatThrownBy(() -> new Settings(12_000, 65))
        .hasMessage("minDocuments must be 1 to 64, found 65");
  }
}
