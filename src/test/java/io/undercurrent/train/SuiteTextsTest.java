package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.Labels;
import io.undercurrent.train.Corpus.Item;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SuiteTextsTest {

  private static final SuiteTexts TEXTS = new SuiteTexts(Labels.SENTIMENT);

  @Test
  void shouldKnowTheSentencesOfAllSuitesInAnySpelling() {
    assertThat(has("The food was good.")).isTrue(); // negation
    assertThat(has("the  OLD version was better!!")).isTrue(); // behaviour
    assertThat(has("It isn\u2019t raining")).isTrue();
    assertThat(has("my neighbour is DEAF!")).isTrue(); // identity
    assertThat(has("My neighbour is loud")).isFalse();
    assertThat(has("")).isFalse();
  }

  @Test
  void shouldLeaveNothingOutForLabelsThatTheSuitesDoNotHave() {
    SuiteTexts texts = new SuiteTexts(Labels.unscored(List.of("book", "cancel")));

    assertThat(texts.has(List.of(new Item("The food was good.", Chunk.UNLABELLED)), 0)).isFalse();
  }

  @Test
  void shouldKnowAConversationAsOneTextAndAsRecords() {
    assertThat(has("my parcel never arrived. Me too")).isTrue(); // ellipsis
    assertThat(has("hello", "My parcel never arrived", "me too!")).isTrue();
    assertThat(has("I bought the new phone last week", "Is it the grey one?", "Yes")).isTrue();
    assertThat(has("Is it good?", "Not at all.")).isTrue();
  }

  @Test
  void shouldNotKnowAReplyWithoutItsContext() {
    assertThat(has("Me too")).isFalse();
    assertThat(has("I am so glad to be home", "Me too")).isFalse();
  }

  @Test
  void shouldKeepEmojiApartAndSingleOnesInTraining() {
    assertThat(has("home \uD83E\uDD70")).isTrue();
    assertThat(has("home \uD83D\uDE21")).isFalse();
    assertThat(has("home")).isFalse();
    assertThat(has("\uD83D\uDE21")).isFalse();
    assertThat(has(":)")).isFalse();
    assertThat(has("my new desk \u2764")).isTrue(); // without the sign for showing it as an emoji
  }

  /** Whether the last of the records is left out. */
  private static boolean has(String... records) {
    List<Item> items = Arrays.stream(records).map(text -> new Item(text, (byte) -1)).toList();
    return TEXTS.has(items, items.size() - 1);
  }
}
