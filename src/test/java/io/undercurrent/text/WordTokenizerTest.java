package io.undercurrent.text;

import static io.undercurrent.text.TestTokenizers.SMALL;
import static io.undercurrent.text.TestTokenizers.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordTokenizerTest {

  @Test
  void shouldGiveTokensOfOneGroupTheSameSpan() {
    String text = " Don't  be SO SAD, sooo good!! ";
    Encoding encoding = SMALL.encode(text, 100, true);

    assertThat(Spans.pieces(encoding, text))
        .containsExactly(" Don't", "  be", " SO SAD", ",", " sooo", " good", "!! ");
    assertThat(encoding.start(1)).isZero(); // n't
    assertThat(encoding.end(1)).isEqualTo(" Don't".length());
    assertThat(encoding.start(2)).isEqualTo(" Don't".length());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "don't | do n't",
        "don’t | do n't",
        "do n't | do n't",
        "don 't | do n't",
        "do n 't | do n't",
        "don&#39;t | do n't",
        "don&#x27;t | do n't",
        "dont | do n't",
        "can't | can n't",
        "ca n't | can n't",
        "cant | can n't",
        "cannot | can not",
        "won't | will n't",
        "wo n't | will n't",
        "wont | will n't",
        "shan't | shall n't",
        "didnt | did n't",
        "wouldnt | would n't",
        "ain't | ai n't",
        "it's | it 's",
        "it 's | it 's",
        "i'm | i 'm",
        "im | i 'm",
        "ive | i 've",
        "they're | they 're",
        "theyre | they 're",
        "we'll | we 'll",
        "he'd | he 'd",
        "i'd've | i 'd 've",
        "can't've | can n't 've",
        "whats | what 's",
        "gon na | gonna",
        "wan na watch | wanna watch",
        "o'clock | o'clock",
        "see 'em | see 'em",
      })
  void shouldSplitContractionsAsTreebankDoes(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"its", "well", "ill", "id", "were", "hell", "shell", "wed", "lets"})
  void shouldNotSplitOrdinaryWordsThatLookLikeContractions(String word) {
    assertThat(tokens(WordTokenizer.of(List.of(word)), word)).isEqualTo(word);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "-lrb- good -RRB- | ( good )",
        "-lsb- good -rsb- -lcb- good -rcb- | [ good ] { good }",
        "`` good '' | \" good \"",
        "“good” «good» | \" good \" \" good \"",
        "‘good’ | ' good '",
        "good — bad | good - bad",
        "good -- bad | good - bad",
        "good–bad | good - bad",
        "good… | good ...",
        "good.. | good ...",
        "good . . . | good . . .",
        "good..... bad | good ... bad",
        "good!!! | good ! <repeat>",
        "good??? | good ? <repeat>",
        "good?! | good ? !",
        "good!?!? | good ! ? ! ?",
        "(good), | ( good ) ,",
        "==== | = <repeat>",
        "** | * *",
        "good\\/bad | good / bad",
        "good \\ bad | good \\ bad",
        "ｇｏｏｄ！ | good !",
        "good<br /><br />bad | good bad",
        "<p>good</p> | good",
        "a < 3 > 2 | a < 3 > 2",
        "good &amp; bad &lt; &gt; &quot;it&quot; | good & bad < > \" it \"",
        "good&nbsp;bad &blorf; | good bad & <unk> ;",
      })
  void shouldNormalisePunctuation(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "http://t.co/LM3opxkxch | <url>",
        "see https://a.b/c?d=e#f, good | see <url> , good",
        "(www.foo.com). | ( <url> ) .",
        "http | <url>",
        "pic.twitter.com/abc good | <url> good",
        "foo.org is good. | <url> is good .",
        "good.It is | good . it is",
        "@JetBlue's | <user> 's",
        "@ 5 pm | @ 5 pm",
        "me@example.org. | <user> .",
        "[NAME] and [RELIGION] | <name> and <name>",
        "[nice] | [ nice ]",
        "<user> <url> <unk> | <user> <url> <unk>",
      })
  void shouldReplaceLinksUsersAndMasks(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "1,000 4.2 3:30 | <number> <number> <number>",
        "50% | 50 %",
        "$3.39! | $ <number> !",
        "10 10pm 7pm | 10 10 pm <number> pm",
        "2nd 15th 1st | 2nd <number> 1",
        "mp3 4x gr8 | mp3 <unk-digit> <unk-digit>",
        "1.2.3. | <number> .",
        "٣ ３ | 3 3",
        "1/2 2-3 | 1 / 2 2 - 3",
      })
  void shouldReadNumbers(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        ":) :-) =) :] (: | :) :) :) :) :)",
        ":( :-( :[ | :( :( :(",
        ":D :-D :d ;D | :D :D :D <symbol>",
        ";) ;-) | ;) ;)",
        ":P :p :-P | :P :P :P",
        ":/ :-\\ | :/ :/",
        "<3 &lt;3 <333 </3 | <3 <3 <3 <repeat> </3",
        ":'( :') | :'( :')",
        ">:( >:) | >:( >:)",
        ":)))) | :) <repeat>",
        "xD XD | xd xd",
        "-_- ^_^ ^^ ._. \\o/ | -_- ^_^ ^_^ ._. \\o/",
        "o_O T_T o.o | o_o t_t o_o",
        "good:) | good :)",
        ":3 :30 | :3 : <number>",
        ":Do | : do",
        "<30 <3.5 | < <number> < <number>",
        "(good): bad | ( good ) : bad",
      })
  void shouldKeepEmoticonsAsTokensOfTheirOwn(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "😂😂 good😂 | 😂 😂 good 😂",
        "👍🏽 👍 | 👍 👍",
        "❤️ ♥ ❤ | ❤ ❤ ❤",
        "👨‍👩‍👧 | 👨",
        "🤷🏼‍♀️ | 🤷",
        "🇬🇧🇩🇪 | <flag> <flag>",
        "🦤 | <emoji>",
        "1️⃣ | 1",
        "€ £ | € <symbol>",
      })
  void shouldReadOneTokenPerEmoji(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "STOP | <caps> stop",
        "WHY, WHY NOT now | <caps> why , why not now",
        "it IS SO good | it <caps> is so good",
        "TV is good | tv is good",
        "I AM HAPPY | i <caps> am happy",
        "STOP good STOP | <caps> stop good <caps> stop",
        "DON'T | <caps> do n't",
        "I'M good | i 'm good",
        "Good | good",
      })
  void shouldMarkRunsOfCapitals(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "sooooo | so <long>",
        "coooool | cool <long>",
        "goooood | good <long>",
        "yaaayyyy | yay <long>",
        "helloooo | hello <long>",
        "NOOOO | <caps> no <long>",
        "blorrrrg | <unk>",
      })
  void shouldShortenElongatedWords(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "well-known | well-known",
        "so-so | so - so",
        "good_bad | good _ bad",
        "rock'n'roll | rock ' <unk> ' roll",
        "look-in-to | look - in - to",
      })
  void shouldSplitUnknownCompounds(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "#happy | <hashtag> happy",
        "#sohappy | <hashtag> so happy",
        "#WinItAll | <hashtag> win it all",
        "#NFLDraft | <hashtag> nfl draft",
        "#euro2016 | <hashtag> euro 2016",
        "#so_nice | <hashtag> so nice",
        "#1 | # 1",
        "#zzzqqq | <hashtag> <unk>",
        "#dont | <hashtag> do n't",
      })
  void shouldSplitHashtags(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "blorfing, <unk-ing>",
    "blorfed, <unk-ed>",
    "blorfs, <unk-s>",
    "blorfly, <unk-ly>",
    "blorfer, <unk-er>",
    "blorfest, <unk-est>",
    "blorfion, <unk-ion>",
    "blorfable, <unk-able>",
    "blorfness, <unk-ness>",
    "blorfless, <unk-less>",
    "blorfful, <unk-ful>",
    "blorfish, <unk-ish>",
    "unwatchable, <unk-un>",
    "undrinkable, <unk-able>",
    "blorf, <unk>",
    "привет, <unk-foreign>",
    "b4g, <unk-digit>"
  })
  void shouldClassifyUnknownWords(String word, String expected) {
    assertThat(tokens(word)).isEqualTo(expected);
    assertThat(SMALL.encode(word, 8).unknown()).isEqualTo(1);
    assertThat(SMALL.isUnknown(SMALL.encode(word, 8).ids()[0])).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "i like Blorf | i like <name>",
        "Blorf is good | <unk> is good",
        "good. Blorf is | good . <unk> is",
        "Mr. Blorf | mr . <name>",
        "i like BLORF | i like <caps> <unk>",
        "i like Blorf's movie | i like <name> 's movie",
        "\" Blorf | \" <unk>",
        "i like blorf | i like <unk>",
      })
  void shouldReadCapitalisedUnknownWordsInsideSentencesAsNames(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @Test
  void shouldCountOnlyUnknownWordsAsUnknown() {
    Encoding encoding = SMALL.encode("i like Blorf and blorfing 🦤 @me 77", 64);
    assertThat(tokens(SMALL, encoding))
        .isEqualTo("i like <name> and <unk-ing> <emoji> <user> <number>");
    assertThat(encoding.unknown()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\n\t \u00a0\u200b",
        "\u0000\u0001",
        "\ud800",
        "\udc00 \ud800",
        "\ufe0f\u200d"
      })
  void shouldFindNoTokenInEmptyText(String text) {
    Encoding encoding = SMALL.encode(text, 8);
    assertThat(encoding.ids()).isEmpty();
    assertThat(encoding.end()).isEqualTo(text.length());
    assertThat(encoding.truncated()).isFalse();
  }

  @Test
  void shouldReadAroundUnpairedSurrogatesAndControlCharacters() {
    assertThat(tokens("good\ud83d bad\u0000so\udc00nice")).isEqualTo("good bad so nice");
  }

  @Test
  void shouldStopAtTheTokenLimit() {
    Encoding encoding = SMALL.encode("so good and so nice", 3);
    assertThat(tokens(SMALL, encoding)).isEqualTo("so good and");
    assertThat(encoding.end()).isEqualTo("so good and".length());
    assertThat(encoding.truncated()).isTrue();
  }

  @Test
  void shouldNotReportTrailingSpaceAsTruncated() {
    Encoding encoding = SMALL.encode("so good  \n", 2);
    assertThat(encoding.truncated()).isFalse();
    assertThat(encoding.end()).isEqualTo(10);
  }

  @Test
  void shouldNotCutAGroupOfTokens() {
    assertThat(tokens(SMALL, SMALL.encode("so don't", 2))).isEqualTo("so");
    assertThat(tokens(SMALL, SMALL.encode("so ca n't", 2))).isEqualTo("so");
    assertThat(tokens(SMALL, SMALL.encode("it IS SO", 3))).isEqualTo("it");
    assertThat(tokens(SMALL, SMALL.encode("so #WinItAll", 4))).isEqualTo("so");
    assertThat(tokens(SMALL, SMALL.encode("good!!!", 2))).isEqualTo("good");
    assertThat(SMALL.encode("don't", 1).ids()).isEmpty();
  }

  @Test
  void shouldReadNoMoreThan64CharsPerToken() {
    String text = "ab".repeat(500_000);
    Encoding encoding = SMALL.encode(text, 4);
    assertThat(encoding.ids()).hasSize(4);
    assertThat(encoding.end()).isEqualTo(4 * 64);
    assertThat(encoding.truncated()).isTrue();
    assertThat(SMALL.encode(" ".repeat(1000) + "good", 1).truncated()).isTrue();
  }

  @Test
  void shouldNotEndInsideASurrogatePair() {
    String text = "ab".repeat(31) + "a😂".repeat(100);
    Encoding encoding = SMALL.encode(text, 1);
    assertThat(encoding.end()).isEqualTo(63);
    assertThat(encoding.truncated()).isTrue();
  }

  @Test
  void shouldRefuseALimitBelowOne() {
    assertThatThrownBy(() -> SMALL.encode("good", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxTokens must be at least 1, found 0");
  }

  @Test
  void shouldDistinguishWordsFromMarkers() {
    assertThat(SMALL.token(SMALL.endOfRecord())).isEqualTo("<end>");
    assertThat(SMALL.endOfRecord()).isZero();
    for (int id = 0; id < SMALL.size(); id++) {
      String token = SMALL.token(id);
      boolean marker = id < Special.count(Normalizer.NONE);
      assertThat(SMALL.isUnknown(id)).as(token).isEqualTo(marker && token.startsWith("<unk"));
    }
    assertThat(SMALL.isWord(SMALL.size())).isFalse();
  }

  @Test
  void shouldDistinguishWordsFromHalfWordsSignsAndMarkers() {
    for (String word : "i 2nd 10 o'clock u.s. well-known 'em".split(" ")) {
      assertThat(SMALL.isWord(id(word))).as(word).isTrue();
    }
    for (String half : "n't 's".split(" ")) {
      assertThat(SMALL.isWord(id(half))).as(half).isFalse();
    }
    for (String sign : ". ... ' - # :) :D <3 ^_^ € 😂 🤷".split(" ")) {
      assertThat(SMALL.isWord(id(sign))).as(sign).isFalse();
    }
    for (int id = 0; id < Special.count(Normalizer.NONE); id++) {
      assertThat(SMALL.isWord(id)).as(SMALL.token(id)).isFalse();
    }
  }

  private static int id(String token) {
    int id = 0;
    while (!SMALL.token(id).equals(token)) {
      id++;
    }
    return id;
  }

  @Test
  void shouldNeverReadASpecialTokenFromText() {
    for (String special : Special.tokens(Normalizer.NONE)) {
      for (int id : SMALL.encode("good " + special + " " + special.substring(1), 64).ids()) {
        assertThat(id).isNotEqualTo(SMALL.endOfRecord());
      }
    }
    assertThat(tokens("<end> <name>")).isEqualTo("< <unk> > < <unk> >");
  }
}
