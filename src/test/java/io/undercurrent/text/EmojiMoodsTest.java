package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmojiMoodsTest {

  @Test
  void shouldListOnlyWhatTheScannerReadsAsEmoji() {
    CharacterTable table = CharacterTable.frozen();
    assertThat(EmojiMoods.frozen().classes()).hasSizeGreaterThan(150);
    EmojiMoods.frozen()
        .classes()
        .forEach(
            (emoji, mood) -> {
              assertThat(table.kind(emoji)).as("U+%x", emoji).isEqualTo(CharacterTable.EMOJI);
              assertThat(mood).isIn(Special.EMOJI_POSITIVE, Special.EMOJI_NEGATIVE);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "👎, <emoji->",
    "👎🏿, <emoji->",
    "🙃, <emoji->",
    "🤦, <emoji->",
    "🤦🏽‍♀️, <emoji->",
    "😒, <emoji->",
    "💔, <emoji->",
    "🤮, <emoji->",
    "☹️, <emoji->",
    "🎉, <emoji+>",
    "🙏, <emoji+>",
    "🙏🏻, <emoji+>",
    "💏, <emoji+>",
    "👩‍❤️‍👨, <emoji>",
    "🏠, <emoji>",
    "🐕‍🦺, <emoji>",
    "🇬🇧, <flag>",
    "👍🏽, 👍",
    "❤️, ❤",
    "♥, ❤",
    "👨‍👩‍👧, 👨"
  })
  void shouldReadEmojiOutsideTheVocabularyAsTheirMood(String text, String expected) {
    assertThat(TestTokenizers.tokens(TestTokenizers.NORMALIZING, text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"👎, <emoji>", "🎉, <emoji>", "👍, 👍"})
  void shouldReadThemAsOneClassWithoutNormaliser(String text, String expected) {
    assertThat(TestTokenizers.tokens(TestTokenizers.SMALL, text)).isEqualTo(expected);
  }

  @Test
  void shouldNeitherReadAMoodFromTextNorOfferItAsAWord() {
    WordTokenizer tokenizer = TestTokenizers.NORMALIZING;
    for (Special mood : new Special[] {Special.EMOJI_POSITIVE, Special.EMOJI_NEGATIVE}) {
      assertThat(tokenizer.token(mood.id())).isEqualTo(mood.token());
      assertThat(tokenizer.isWord(mood.id())).isFalse();
      assertThat(tokenizer.isUnknown(mood.id())).isFalse();
      assertThat(tokenizer.encode(mood.token(), 64).ids()).doesNotContain(mood.id());
      assertThat(tokenizer.decode(new int[] {mood.id()})).isEqualTo(mood.token());
    }
  }
}
