package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WhitespaceTokenizerTest {

  private static final Tokenizer TOKENS =
      WhitespaceTokenizer.count(
          Stream.of(" the N.Y. bank said <unk>", "the  bank of <unk> the", "Bank"), 100);

  @Test
  void shouldOrderTokensBetweenSpacesByFrequency() {
    assertThat(ids("the bank Bank N.Y. of said")).containsExactly(2, 3, 4, 5, 6, 7);
    assertThat(TOKENS.size()).isEqualTo(8);
    assertThat(TOKENS.token(4)).isEqualTo("Bank");
    assertThat(WhitespaceTokenizer.count(Stream.of("a b b c c c"), 4).size()).isEqualTo(4);
    assertThat(WhitespaceTokenizer.count(Stream.of("a b b c c c"), 4).token(3)).isEqualTo("b");
  }

  @Test
  void shouldReadAnUnkInTheTextAsTheUnknownToken() {
    Encoding encoding = TOKENS.encode("the <unk> quokka", 10);

    assertThat(encoding.ids()).containsExactly(2, 1, 1);
    assertThat(encoding.unknown()).isEqualTo(2);
    assertThat(TOKENS.isUnknown(1)).isTrue();
    assertThat(TOKENS.isWord(1)).isFalse();
    assertThat(TOKENS.isWord(2)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"'', 0, 0, false", "'   ', 0, 3, false", "' the ', 1, 5, false"})
  void shouldReadToTheEnd(String text, int tokens, int end, boolean truncated) {
    assertThat(TOKENS.encode(text, 4))
        .returns(tokens, encoding -> encoding.ids().length)
        .returns(end, Encoding::end)
        .returns(truncated, Encoding::truncated);
  }

  @Test
  void shouldCutBetweenTokens() {
    Encoding cut = TOKENS.encode("the bank said", 2);
    assertThat(cut.ids()).containsExactly(2, 3);
    assertThat(cut.end()).isEqualTo("the bank".length());
    assertThat(cut.truncated()).isTrue();

    Encoding endless = TOKENS.encode("x".repeat(1000), 2);
    assertThat(endless.ids()).containsExactly(1);
    assertThat(endless.end()).isEqualTo(2 * Tokenizer.MAX_CHARS_PER_TOKEN);
    assertThat(endless.truncated()).isTrue();
  }

  @Test
  void shouldGiveATokenTheSpacesBeforeIt() {
    String text = " the  <unk> bank  ";
    assertThat(Spans.pieces(TOKENS.encode(text, 9, true), text))
        .containsExactly(" the", "  <unk>", " bank  ");
    assertThat(Spans.pieces(TOKENS.encode(text, 2, true), text)).containsExactly(" the", "  <unk>");

    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      String any =
          random
              .ints(random.nextInt(90), 0, 5)
              .mapToObj(c -> "a\t\n  ".substring(c, c + 1))
              .collect(Collectors.joining());
      Spans.check(TOKENS, any, 1 + random.nextInt(40));
    }
  }

  @Test
  void shouldReadATabAsAToken() {
    Encoding encoding = TOKENS.encode("the \t", 1);
    assertThat(encoding.truncated()).isTrue();
    assertThat(encoding.end()).isEqualTo(3);
    assertThat(TOKENS.encode("the \t", 2).ids()).containsExactly(2, 1);
  }

  @Test
  void shouldReadTheFileThatItWrites() {
    Tokenizer read = Tokenizer.read(TOKENS.toJson());

    assertThat(read).isInstanceOf(WhitespaceTokenizer.class);
    assertThat(read.toJson()).isEqualTo(TOKENS.toJson());
    assertThat(read.decode(ids("the bank said"))).isEqualTo("the bank said");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "['<end>']",
        "['<unk>','<end>']",
        "['<end>','<unk>','a b']",
        "['<end>','<unk>','a','a']",
        "['<end>','<unk>','']",
        "['<end>','<unk>',7]",
        "7"
      })
  void shouldRefuseTokensThatCannotBeAVocabulary(String tokens) {
    String json =
        "{\"type\":\"whitespace\",\"version\":1,\"tokens\":" + tokens.replace('\'', '"') + "}";
    assertThatThrownBy(() -> Tokenizer.read(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("tokenizer.json: tokens(\\[\\d])? must be .*, found .*");
  }

  private static int[] ids(String text) {
    return TOKENS.encode(text, 100).ids();
  }
}
