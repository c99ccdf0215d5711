package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordDecoderTest {

  private static final WordTokenizer WORDS = TestTokenizers.SMALL;

  /** Texts that come back char by char after they are read and decoded. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "it is good, and so on.",
        "i don't like it! why? no...",
        "you can't, i won't, we shan't, he ain't",
        "she's in; they'd've had 2: so what",
        "well-known (so good) movie",
        "he did \"stop it\" to us, \"no way\"",
        "in 'time' to the friends' movie",
        "a $5 win, 10% so it, #2",
        "like it :) love it <3 see 😂 👍",
        "so good!!! love it :)))",
        "THIS is so good, DON'T stop",
        "that is sooo gooood",
        "watch #love and @user",
        "[NAME]'s friend",
        "like/love this & that - all",
        "love 'em all",
        "😂 so",
      })
  void shouldDecodeATextAsItWasWritten(String text) {
    assertThat(WORDS.decode(ids(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "Cannot do, can not do",
    "GREAT then no, GREAT <unk> no",
    "see https://t.co/x, see <url>",
    "unseen 12345 to it, <unk> <number> to it",
  })
  void shouldShowAClassOfWordsAsItsMark(String text, String shown) {
    assertThat(WORDS.decode(ids(text))).isEqualTo(shown);
  }

  @Test
  void shouldDropMarksWithoutAWord() {
    int caps = Special.CAPS.id();
    int elongated = Special.LONG.id();
    int repeat = Special.REPEAT.id();
    int good = ids("good")[0];
    int stop = ids(".")[0];
    assertThat(WORDS.decode(new int[] {elongated, repeat, caps, stop, good, caps}))
        .isEqualTo(". good");
    assertThat(WORDS.decode(new int[] {good, repeat, stop, elongated, good}))
        .isEqualTo("good. good");
    assertThat(WORDS.decode(new int[] {ids("n't")[0], ids("!")[0], Special.HASHTAG.id()}))
        .isEqualTo("n't! #");
    assertThat(WORDS.decode(new int[0])).isEmpty();
  }

  /**
   * The reader already has the prompt: the text that follows is joined to it, and none of it is
   * repeated.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "i do      | n't like | n't like",
        "you can   | n't      | 't",
        "we will   | n't stop | ` not stop`",
        "we shall  | n't      | ` not`",
        "so        | good .   | ` good.`",
        "this is ( | so       | so",
        "\"stop     | \" .      | \".",
      })
  void shouldContinueAPrompt(String prompt, String generated, String continuation) {
    TokenDecoder decoder = WORDS.decoder();
    for (int id : ids(prompt)) {
      decoder.skip(id);
    }
    StringBuilder text = new StringBuilder();
    for (String token : generated.split(" ")) {
      text.append(decoder.append(ids(token)[0]));
    }
    assertThat(text.append(decoder.finish()).toString()).isEqualTo(continuation);
  }

  @Test
  void shouldLengthenAndRepeatTheEndOfAPromptWherePossible() {
    assertThat(continued("so", Special.LONG)).isEqualTo("oo");
    assertThat(continued("good", Special.LONG)).isEmpty();
    assertThat(continued("so!", Special.REPEAT)).isEqualTo("!!");
  }

  private static String continued(String prompt, Special mark) {
    TokenDecoder decoder = WORDS.decoder();
    for (int id : ids(prompt)) {
      decoder.skip(id);
    }
    return decoder.append(mark.id()) + decoder.finish();
  }

  /** Tries sequences that a network may generate; of marks it checks the spaces only. */
  @Test
  void shouldDecodeAnyTokensWithoutLosingOne() {
    Random random = new Random(5);
    for (int i = 0; i < 50_000; i++) {
      int[] ids = random.ints(random.nextInt(12), 1, WORDS.size()).toArray();
      int prompt = ids.length == 0 ? 0 : random.nextInt(ids.length);
      TokenDecoder decoder = WORDS.decoder();
      StringBuilder rest = new StringBuilder();
      for (int k = 0; k < ids.length; k++) {
        if (k < prompt) {
          decoder.skip(ids[k]);
        } else {
          rest.append(decoder.append(ids[k]));
        }
      }
      rest.append(decoder.finish());

      String whole = WORDS.decode(ids);
      assertThat(whole).doesNotContain("  ").isEqualTo(whole.strip());
      if (Arrays.stream(ids).noneMatch(WordDecoderTest::changesOthers)) {
        assertThat(whole.replace(" ", "")).isEqualTo(shown(ids));
        assertThat(WORDS.decode(Arrays.copyOf(ids, prompt)) + rest).isEqualTo(whole);
      }
    }
  }

  private static boolean changesOthers(int id) {
    return id == Special.CAPS.id()
        || id == Special.LONG.id()
        || id == Special.REPEAT.id()
        || WORDS.token(id).equals("n't");
  }

  private static String shown(int[] ids) {
    return Arrays.stream(ids)
        .mapToObj(WORDS::token)
        .map(token -> token.equals("<hashtag>") ? "#" : token)
        .map(token -> token.equals("<name>") ? "[NAME]" : token)
        .map(token -> token.equals("<user>") ? "@user" : token)
        .collect(Collectors.joining());
  }

  /** Reads the demo's messages, which were not used to choose the default model's vocabulary. */
  @Test
  void shouldDecodeTokensToATextOfTheSameTokens() throws IOException {
    Tokenizer words;
    List<String> texts = new ArrayList<>();
    try (InputStream json = getClass().getResourceAsStream("/models/en-chat/tokenizer.json");
        InputStream lines = getClass().getResourceAsStream("/demo/conversations.jsonl")) {
      words = Tokenizer.read(json.readAllBytes());
      new ObjectMapper()
          .readerFor(JsonNode.class)
          .<JsonNode>readValues(lines)
          .forEachRemaining(line -> texts.add(line.path("text").asText()));
    }
    int specials = Special.count(words.normalizer() == 0 ? Normalizer.NONE : Normalizer.LATEST);
    int known = 0;
    List<String> changed = new ArrayList<>();
    for (String text : texts) {
      int[] ids = words.encode(text, 1000).ids();
      if (Arrays.stream(ids).allMatch(id -> id >= specials)) {
        known++;
        String decoded = words.decode(ids);
        if (!Arrays.equals(words.encode(decoded, 1000).ids(), ids)) {
          changed.add(text + " -> " + decoded);
        }
      }
    }
    assertThat(known).isGreaterThan(100);
    assertThat(changed).isEmpty();
  }

  private static int[] ids(String text) {
    return WORDS.encode(text, 1000).ids();
  }
}
