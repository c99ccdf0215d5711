package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextStyleTest {

  @ParameterizedTest
  @CsvSource({
    "'i came. it''s ok, i''m sure', 'I came. It''s ok, I''m sure.'",
    "'is it good? not at all!', 'Is it good? Not at all!'",
    "'see 10:05.30 or e:mail', 'See 10:05.30 or e:mail.'",
    "'\"no\" said i', '\"No\" said I.'",
    "'ok 🙂', 'Ok 🙂'",
    "'', ''"
  })
  void shouldWriteSentences(String text, String written) {
    assertThat(apply(TextStyle.SENTENCE, text)).isEqualTo(written);
  }

  @ParameterizedTest
  @CsvSource({
    "'I don''t know, Anna... what?!', 'i dont know anna what'",
    "'at 10:05, ok :) :/ :(', 'at 10:05 ok :) :/ :('",
    "'?!', '?!'",
    "'ÄÖ ok.', 'ÄÖ ok'",
    "'Ok 👏🙄🤦!', 'ok 👏🙄🤦'"
  })
  void shouldLeaveOutPunctuation(String text, String written) {
    assertThat(apply(TextStyle.BARE, text)).isEqualTo(written);
  }

  @Test
  void shouldMakeOneSlipInALongWord() {
    Set<String> slips = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      slips.add(TextStyle.TYPO.apply("an abcde is", new SplittableRandom(seed)));
    }
    assertThat(slips).containsExactlyInAnyOrder("an abdce is", "an abde is", "an abccde is");
    assertThat(apply(TextStyle.TYPO, "so it is :)")).isEqualTo("so it is :)");
  }

  @Test
  void shouldKeepATextAsWritten() {
    assertThat(apply(TextStyle.WRITTEN, "I don't, ok")).isEqualTo("I don't, ok");
  }

  private static String apply(TextStyle style, String text) {
    return style.apply(text, new SplittableRandom(1));
  }
}
