package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LabelsTest {

  private static final Labels STARS =
      new Labels(List.of("1", "2", "3", "4", "5"), List.of(-1f, -0.5f, 0f, 0.5f, 1f));

  @Test
  void shouldScoreTheUsualLabelsExactlyAsThePositiveLessTheNegative() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      // also tiny ones, zeros and equal ones
      float negative = i % 7 == 0 ? 0f : (float) Math.scalb(random.nextDouble(), -(i % 150));
      float positive =
          i % 11 == 0 ? negative : (float) Math.scalb(random.nextDouble(), -(i / 7 % 150));
      float[] p = {negative, (float) random.nextDouble(), positive};

      assertThat(Float.floatToRawIntBits(Labels.SENTIMENT.score(p)))
          .as("%s and %s", negative, positive)
          .isEqualTo(Float.floatToRawIntBits(p[2] - p[0]));
    }
  }

  @Test
  void shouldWeighEachProbabilityByItsValence() {
    float[] p = {0.1f, 0.2f, 0.3f, 0.25f, 0.15f};

    assertThat(STARS.hasScore()).isTrue();
    assertThat(STARS.score(p)).isCloseTo(-0.1f - 0.1f + 0.125f + 0.15f, within(1e-7f));
    assertThat(STARS.score(new float[] {0, 0, 0, 0, 1})).isEqualTo(1);
    assertThat(STARS.areSentiment()).isFalse();
  }

  @Test
  void shouldHaveNoScoreWithoutValences() {
    Labels intents = Labels.unscored(List.of("book", "cancel"));

    assertThat(intents.hasScore()).isFalse();
    assertThat(intents.score(new float[] {0.5f, 0.5f})).isNaN();
    assertThat(intents.indexOf("cancel")).isEqualTo(1);
    assertThat(intents.indexOf("refund")).isEqualTo(-1);
    assertThat(intents).hasToString("book, cancel");
  }

  @Test
  void shouldGiveTheUsualNamesTheUsualValencesIfNoneAreGiven() {
    assertThat(Labels.of(List.of("negative", "neutral", "positive"), null))
        .isEqualTo(Labels.SENTIMENT);
    assertThat(Labels.of(List.of("positive", "neutral", "negative"), null).hasScore()).isFalse();
    assertThat(Labels.of(Labels.SENTIMENT.names(), List.of(-1f, -0f, 1f)))
        .as("0 and -0 are the same valence")
        .isEqualTo(Labels.SENTIMENT);
    assertThat(Labels.of(Labels.SENTIMENT.names(), List.of(-1f, 0.5f, 1f)))
        .hasToString("negative (-1.0), neutral (0.5), positive (1.0)");
  }

  @Test
  void shouldTakeTwoToSixtyFourNames() {
    assertThat(Labels.unscored(names(2)).size()).isEqualTo(2);
    assertThat(Labels.unscored(names(64)).name(63)).isEqualTo("c63");
    assertThat(Labels.unscored(List.of("x".repeat(64), "y")).size()).isEqualTo(2);
  }

  static Stream<Arguments> invalid() {
    List<String> two = List.of("a", "b");
    return Stream.of(
        Arguments.of(names(1), List.of(), "labels must be 2 to 64 names, found 1"),
        Arguments.of(names(65), List.of(), "labels must be 2 to 64 names, found 65"),
        Arguments.of(List.of("a", "b", "a"), List.of(), "labels must be different, found a twice"),
        Arguments.of(
            List.of("a", " "),
            List.of(),
            "labels must be names of 1 to 64 chars, not blank and without control characters, found"
                + " \" \""),
        Arguments.of(
            List.of("a", "b\nc"),
            List.of(),
            "labels must be names of 1 to 64 chars, not blank and without control characters, found"
                + " \"b?c\""),
        Arguments.of(
            List.of("a", "x".repeat(65)),
            List.of(),
            "labels must be names of 1 to 64 chars, not blank and without control characters, found"
                + " \""
                + "x".repeat(64)
                + "\u2026\""),
        Arguments.of(
            two, List.of(1f, 0f, 1f), "valences must be one for each of 2 labels, found 3"),
        Arguments.of(two, List.of(-1f, 1.5f), "valences must be from -1 to 1, found 1.5"),
        Arguments.of(two, List.of(-1f, Float.NaN), "valences must be from -1 to 1, found NaN"));
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void shouldSayWhatIsNotValid(List<String> names, List<Float> valences, String message) {
    assertThatThrownBy(() -> new Labels(names, valences))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void shouldNotChangeWithTheListsItWasMadeOf() {
    assertThat(STARS.names()).isUnmodifiable();
    assertThat(STARS.valences()).isUnmodifiable();
    assertThat(Labels.unscored(names(2)).valences()).isEqualTo(Collections.emptyList());
  }

  private static List<String> names(int n) {
    return IntStream.range(0, n).mapToObj(i -> "c" + i).toList();
  }
}
