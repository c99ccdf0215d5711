package io.undercurrent.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NormalizerTest {

  private static final String ESC = "\u001b";

  private static NormalizedText read(String text) {
    return Normalizer.LATEST.read(text, text.length());
  }

  private static String normalized(String text) {
    NormalizedText read = read(text);
    return read.text().substring(0, read.length());
  }

  private static String tokens(String text) {
    return TestTokenizers.tokens(TestTokenizers.NORMALIZING, text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "plain words, (signs) and 100 % of ASCII: #tag @user http://x.org/a?b=c <3 :)",
        "it’s “quoted” – an emoji 😂 and é, ü, ñ, привет, 世界, 한국어",
        "👨‍👩‍👧 👍🏽 ❤️"
      })
  void shouldReturnTheSameStringWhereThereIsNothingToDo(String text) {
    assertThat(read(text).text()).isSameAs(text);
  }

  @Test
  void shouldReturnTheSameStringWithoutNormaliser() {
    String text = "don\\'t &amp; e\u0301";
    assertThat(Normalizer.NONE.read(text, text.length()).text()).isSameAs(text);
  }

  // Texts with escapes and quotes are easier to read here than in a table of CSV.

  @Test
  void shouldReadEscapedQuotes() {
    assertThat(normalized("don\\'t")).isEqualTo("don't");
    assertThat(normalized("don\\\\'t")).isEqualTo("don't");
    assertThat(normalized("say \\\"no\\\" and \\\\\\\"yes\\\\\\\""))
        .isEqualTo("say \"no\" and \"yes\"");
    assertThat(normalized("don\\’t")).isEqualTo("don’t");
    assertThat(tokens("i don\\'t like it")).isEqualTo("i do n't like it");
  }

  @Test
  void shouldKeepOtherBackslashes() {
    for (String text :
        new String[] {"\\o/", "C:\\users\\x", "\\", "\\\\", "a \\ b", "\\u20", "\\u"}) {
      assertThat(normalized(text)).isEqualTo(text);
    }
    assertThat(tokens("yay \\o/")).isEqualTo("yay \\o/");
  }

  @Test
  void shouldReadCharactersWrittenAsTheirNumber() {
    assertThat(normalized("don\\u2019t")).isEqualTo("don’t");
    assertThat(normalized("don\\\\u2019t")).isEqualTo("don’t");
    assertThat(normalized("\\ud83d\\ude02")).isEqualTo("😂");
    assertThat(normalized("\\u0000 \\uzzzz")).isEqualTo("\\u0000 \\uzzzz");
    assertThat(tokens("so \\uD83D\\uDE02")).isEqualTo("so 😂");
  }

  @Test
  void shouldReadABackQuoteOrAcuteAccentBetweenLettersAsAnApostrophe() {
    assertThat(tokens("i don`t")).isEqualTo("i do n't");
    assertThat(tokens("i don´t")).isEqualTo("i do n't");
    assertThat(tokens("it`s")).isEqualTo("it 's");
  }

  @Test
  void shouldKeepAnAmpersandThatBeginsNoEntity() {
    assertThat(normalized("a &amp b")).isEqualTo("a &amp b");
    assertThat(normalized("R&D; &; &#; &#x; &nosuch; &#99999999;"))
        .isEqualTo("R&D; &; &#; &#x; &nosuch; &#99999999;");
  }

  @ParameterizedTest
  @CsvSource({
    "rock &amp; roll, rock & roll",
    "rock &amp;amp; roll, rock & roll",
    "rock &amp;amp;amp; roll, rock & roll",
    "&lt;3, <3",
    "&amp;lt;3, <3",
    "&amp;#39;, ''''",
    "don&#39;t, don't",
    "don&#039;t, don't",
    "don&#x27;t, don't",
    "don&rsquo;t, don’t",
    "don&#8217;t, don’t",
    "don&#146;t, don’t",
    "&ldquo;hi&rdquo;, “hi”",
    "caf&eacute;, café",
    "&Eacute;&yuml;, Éÿ",
    "wait&hellip;, wait…",
    "&pound;5, £5",
    "&#128514;, 😂",
    "&#55357;&#56834;, 😂",
    "AT&T;, AT&T;"
  })
  void shouldReadEntities(String text, String expected) {
    assertThat(normalized(text)).isEqualTo(expected);
  }

  @Test
  void shouldReadEscapesAndEntitiesInEachOther() {
    assertThat(normalized("don\\&#39;t")).isEqualTo("don't");
    assertThat(normalized("don\\u0026#39;t")).isEqualTo("don't");
    assertThat(normalized("&acirc;&#128;&#153;")).isEqualTo("’");
    assertThat(normalized("a\\u001b[31mb")).isEqualTo("ab");
    assertThat(normalized("e&#769;")).isEqualTo("é");
  }

  @ParameterizedTest
  @CsvSource({
    "donâ€™t, don’t",
    "don\u00e2\u0080\u0099t, don’t",
    "â€œhi, “hi",
    "hiâ€\u009d, hi”",
    "hiâ€ there, hi” there",
    "hiâ€, hi”",
    "a â€“ b, a – b",
    "a â€” b, a — b",
    "waitâ€¦, wait…",
    "donÃ¢â‚¬â„¢t, don’t",
    "a\u00c2\u00a0b, a\u00a0b",
    "a.Â b, a. b",
    "Â£5, £5",
    "cafÃ©, café",
    "ðŸ˜‚, 😂",
    "â¤ï¸\u008f, \u00e2\u00a4\ufe0f",
    "â\u009d¤ï¸\u008f, ❤\ufe0f"
  })
  void shouldReadUtf8ThatWasTakenForWindows1252(String text, String expected) {
    assertThat(normalized(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "IRMÃ”", "Ã", "Â", "pâté", "château", "NÃO", "São", "ðis", "naïve", "CAFÉ’S", "Â."
      })
  void shouldKeepWordsOfOtherLanguages(String text) {
    assertThat(normalized(text)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "𝐇𝐞𝐥𝐥𝐨, Hello",
    "𝐻𝑒𝓁𝓁𝑜, Hello",
    "𝓗𝓮𝓵𝓵𝓸, Hello",
    "𝕳𝖊𝖑𝖑𝖔, Hello",
    "ℌ𝔢𝔩𝔩𝔬, Hello",
    "ℍ𝕖𝕝𝕝𝕠, Hello",
    "𝖧𝖾𝗅𝗅𝗈, Hello",
    "𝗛𝗲𝗹𝗹𝗼, Hello",
    "𝙃𝙚𝙡𝙡𝙤, Hello",
    "𝙷𝚎𝚕𝚕𝚘, Hello",
    "ℯℊℴ, ego",
    "𝟎𝟙𝟮𝟯𝟺, 01234",
    "𝛼𝚩𝜛, αΒπ",
    "Ｈｅｌｌｏ！, Hello!",
    "Ⓗⓔⓛⓛⓞ, Hello",
    "⒣⒠⒧⒧⒪, hello",
    "🄷🄴🄻🄻🄾, HELLO",
    "🅷🅴🅻🅻🅾, HELLO",
    "①⑨⓪, 190",
    "ﬁne oﬀer, fine offer"
  })
  void shouldReadDressedUpLettersAsPlainOnes(String text, String expected) {
    assertThat(normalized(text)).isEqualTo(expected);
  }

  @Test
  void shouldKnowEveryLetterOfTheMathematicalAlphabets() {
    for (int c = 0x1D400; c <= 0x1D7FF; c++) {
      String text = Character.toString(c);
      String plain = java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFKC);
      if (!plain.equals(text)) { // the others are gaps
        assertThat(normalized(text))
            .as("U+%x", c)
            .isEqualTo(plain.replace('\u0131', 'i').replace('\u0237', 'j'));
      }
    }
  }

  @Test
  void shouldLeaveOutWhatColoursATerminal() {
    assertThat(normalized(ESC + "[31mbad" + ESC + "[0m")).isEqualTo("bad");
    assertThat(normalized(ESC + "[1;38;5;200mso" + ESC + "[K good")).isEqualTo("so good");
    assertThat(normalized(ESC + "]0;title\u0007good")).isEqualTo("good");
    assertThat(normalized(ESC + "]8;;http://x.org" + ESC + "\\good" + ESC + "]8;;" + ESC + "\\"))
        .isEqualTo("good");
    assertThat(normalized(ESC + "(Bgood")).isEqualTo("good");
    assertThat(normalized(ESC + "[31")).isEqualTo(ESC + "[31");
    assertThat(normalized(ESC + "]never ends")).isEqualTo(ESC + "]never ends");
    assertThat(normalized(ESC)).isEqualTo(ESC);
  }

  @Test
  void shouldLeaveOutInvisibleCharactersButKeepJoinedEmoji() {
    assertThat(normalized("dis\u00adap\u200bpoin\u200cted\ufeff")).isEqualTo("disappointed");
    assertThat(normalized("a\u200db")).isEqualTo("ab");
    assertThat(normalized("\u200d")).isEmpty();
    for (String emoji : new String[] {"👨‍👩‍👧", "🤦🏽‍♀️", "❤️‍🔥"}) {
      assertThat(normalized(emoji)).isEqualTo(emoji);
    }
    assertThat(tokens("go\u200bod")).isEqualTo("good");
    assertThat(TestTokenizers.tokens("go\u200bod")).isEqualTo("<unk> <unk>");
  }

  @Test
  void shouldComposeLettersWithTheirAccents() {
    assertThat(normalized("cafe\u0301 man\u0303ana \u212b")).isEqualTo("café mañana Å");
    assertThat(normalized("한".formatted())).isEqualTo("한");
    assertThat(normalized("\u1112\u1161\u11ab")).isEqualTo("한");
    assertThat(normalized("e\u00ad\u0301")).isEqualTo("é");
  }

  // ---- angle brackets ----

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<i hate this product>| < i <unk> this <unk> >",
        "i said <b never again> and| i <unk> < <unk> <unk-er> <unk> > and",
        "</i hate it>| < / i <unk> it >",
        "<name>| < <unk> >",
        "<a bit sad, so>| < a <unk> sad , so >",
        "<p>good</p>| good",
        "good<br/>bad<br />sad<BR>| good bad sad",
        "<a href=\"http://x.org/?a=b\" target=_blank>good</a>| good",
        "<font color='red' size = 3 >bad</font >| bad",
        "<hr noshade>so<img src=x.png alt=\"a > b\"/>| so",
        "<h4>good</h4>| good",
        "&lt;b&gt;good&lt;/b&gt;| good",
        "<b class=>bad| < <unk> <unk> = > bad",
        "<br| < <unk>",
        "<unk> <user> <url>| <unk> <user> <url>",
        "i <3 you| i <3 you"
      })
  void shouldTakeOnlyTagsForTags(String text, String expected) {
    assertThat(tokens(text)).isEqualTo(expected);
  }

  @Test
  void shouldReadBracketsAsBeforeWithoutNormaliser() {
    assertThat(TestTokenizers.tokens("<i hate this product> so")).isEqualTo("so");
  }

  // ---- tokenizer.json ----

  @Test
  void shouldNameItsVersionInTheFile() {
    byte[] json = TestTokenizers.NORMALIZING.toJson();
    assertThat(new String(json, StandardCharsets.UTF_8))
        .startsWith("{\"type\":\"word\",\"version\":1,\"normalizer\":1,\"tokens\":[\"<end>\"")
        .contains("\"<repeat>\",\"<emoji+>\",\"<emoji->\",");
    Tokenizer read = Tokenizer.read(json);
    assertThat(read.normalizer()).isEqualTo(1);
    assertThat(read.toJson()).isEqualTo(json);
    assertThat(TestTokenizers.tokens(read, "𝐠𝐨𝐨𝐝 🎉")).isEqualTo("good <emoji+>");
  }

  @Test
  void shouldReadFilesWithoutTheKeyAsTheyWere() {
    Tokenizer read = Tokenizer.read(TestTokenizers.SMALL.toJson());
    assertThat(read.normalizer()).isZero();
    assertThat(new String(read.toJson(), StandardCharsets.UTF_8)).doesNotContain("normalizer");
    assertThat(
            new VocabularyBuilder().tokenizer(new VocabularyBuilder.Settings(500, 1)).normalizer())
        .isEqualTo(1);
    assertThat(new ByteTokenizer().normalizer()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "0", "\"1\"", "null", "1.0", "true"})
  void shouldRefuseAVersionThatItDoesNotHave(String version) {
    String json =
        new String(TestTokenizers.NORMALIZING.toJson(), StandardCharsets.UTF_8)
            .replace("\"normalizer\":1", "\"normalizer\":" + version);
    assertThatThrownBy(() -> Tokenizer.read(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "tokenizer.json: normalizer must be 1 or left out (this release has no other), found "
                + version);
  }

  @Test
  void shouldRefuseTheKeyInOtherTokenizersAndAVocabularyWithoutMoods() {
    assertThatThrownBy(
            () ->
                Tokenizer.read(
                    "{\"type\":\"byte\",\"version\":1,\"normalizer\":1}"
                        .getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("normalizer must be left out");
    String json =
        new String(TestTokenizers.SMALL.toJson(), StandardCharsets.UTF_8)
            .replace("\"version\":1", "\"version\":1,\"normalizer\":1");
    assertThatThrownBy(() -> Tokenizer.read(json.getBytes(StandardCharsets.UTF_8)))
        .hasMessage("tokenizer.json: tokens[34] must be the special token <emoji+>, found \"the\"");
  }

  // ---- positions ----

  @Test
  void shouldGiveSpansOfTheOriginalText() {
    String text = "i don\\'t &amp;amp; 𝐠𝐨𝐨𝐝 " + ESC + "[1mcafe\u0301" + ESC + "[0m so";
    Encoding encoding = TestTokenizers.NORMALIZING.encode(text, 64, true);
    assertThat(TestTokenizers.tokens(TestTokenizers.NORMALIZING, encoding))
        .isEqualTo("i do n't & good <unk> so");
    assertThat(Spans.pieces(encoding, text))
        .containsExactly(
            "i",
            " don\\'t",
            " &amp;amp;",
            " 𝐠𝐨𝐨𝐝",
            " " + ESC + "[1mcafe\u0301",
            ESC + "[0m so");
    assertThat(encoding.end()).isEqualTo(text.length());
    assertThat(encoding.truncated()).isFalse();
  }

  @Test
  void shouldCutTheOriginalTextWhereTheTokensEnd() {
    String text = "&lt;3 so 𝐠𝐨𝐨𝐝 &amp; bad";
    Encoding encoding = TestTokenizers.NORMALIZING.encode(text, 3);
    assertThat(text.substring(0, encoding.end())).isEqualTo("&lt;3 so 𝐠𝐨𝐨𝐝");
    assertThat(encoding.truncated()).isTrue();
  }

  @Test
  void shouldNotCutAPieceThatBecameSeveralTokens() {
    String text = "so !\u0301\u0323 good"; // the marks change places: one piece, two tokens
    assertThat(tokens(text)).isEqualTo("so ! <unk-foreign> good");
    assertThat(TestTokenizers.NORMALIZING.encode(text, 1).end()).isEqualTo(2);
    assertThat(TestTokenizers.NORMALIZING.encode(text, 2).end()).isEqualTo(2);
    Encoding encoding = TestTokenizers.NORMALIZING.encode(text, 3, true);
    assertThat(Spans.pieces(encoding, text)).containsExactly("so", " !\u0301\u0323");
  }

  // ---- any text ----

  private static final String[] PIECES = {
    "\\",
    "\\\\",
    "\\'",
    "\\\"",
    "\\u2019",
    "\\u",
    "\\ud83d",
    "\\ude02",
    "\\u001b[",
    "\\u0026",
    "'",
    "\"",
    "&",
    "&amp;",
    "amp;",
    "&lt;",
    "lt;",
    "&#39;",
    "#39;",
    "&#128;",
    "&#x",
    ";",
    "&hellip;",
    "&nbsp;",
    "&shy;",
    ESC,
    ESC + "[",
    ESC + "[31m",
    ESC + "]",
    "\u0007",
    ESC + "\\",
    ESC + "(",
    "31m",
    "[",
    "m",
    "â",
    "â€",
    "€",
    "™",
    "œ",
    "\u009d",
    "Â",
    "Ã",
    "\u00a0",
    "ð",
    "ï",
    "Ÿ˜‚",
    "ðŸ˜‚",
    "Ã¢â‚¬â„¢",
    "â€™",
    "𝐠",
    "𝓸",
    "𝔬",
    "ℍ",
    "ｇ",
    "Ⓖ",
    "⒢",
    "🅖",
    "ﬁ",
    "ﬄ",
    "①",
    "e\u0301",
    "\u0301",
    "\u0323",
    "\u0300".repeat(40),
    "\u1100",
    "\u1161",
    "\u11a8",
    "\uac00",
    "\u212b",
    "\u0344",
    "\u00ad",
    "\u200b",
    "\u200d",
    "\ufeff",
    "😂",
    "👩",
    "🏽",
    "🎉",
    "👎",
    "❤\ufe0f",
    "\ud83d",
    "\ude02",
    "<",
    ">",
    "<b",
    "<b>",
    "</b>",
    "<br/>",
    "<a href=",
    "<i hate>",
    "x=y",
    "/",
    "<3",
    "good",
    "don",
    "t",
    "DON",
    "n",
    "a",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    " ",
    "\n",
    ".",
    "!",
    ":",
    "-",
    "0"
  };

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int pieces = 1 + random.nextInt(16);
    for (int i = 0; i < pieces; i++) {
      int kind = random.nextInt(16);
      if (kind == 0) {
        text.append((char) random.nextInt(0x10000));
      } else if (kind == 1) {
        text.appendCodePoint(random.nextInt(0x110000));
      } else {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      if (random.nextInt(4) == 0) {
        text.append(' ');
      }
    }
    return text.toString();
  }

  @Test
  void shouldReadTheKeptPartOfAnyTextAsItsTokens() {
    Random random = new Random(21);
    for (int i = 0; i < 60_000; i++) {
      String text = text(random);
      int maxTokens = 1 + random.nextInt(12);
      Encoding whole = TestTokenizers.NORMALIZING.encode(text, maxTokens);
      assertThat(whole.end()).isBetween(0, Math.min(text.length(), maxTokens * 64));
      assertThat(whole.ids().length).isLessThanOrEqualTo(maxTokens);
      Encoding kept = TestTokenizers.NORMALIZING.encode(text.substring(0, whole.end()), maxTokens);
      if (!Arrays.equals(kept.ids(), whole.ids()) || kept.truncated()) {
        assertThat(TestTokenizers.tokens(TestTokenizers.NORMALIZING, kept))
            .as("%s at %d tokens, %d chars", escaped(text), maxTokens, whole.end())
            .isEqualTo(TestTokenizers.tokens(TestTokenizers.NORMALIZING, whole));
        assertThat(kept.truncated()).as(escaped(text)).isFalse();
      }
    }
  }

  @Test
  void shouldGiveEachTokenItsSpanOfAnyText() {
    Random random = new Random(22);
    for (int i = 0; i < 10_000; i++) {
      Spans.check(TestTokenizers.NORMALIZING, text(random), 1 + random.nextInt(40));
    }
  }

  /**
   * One reading may lay open what a second one would read: &am&#112;; is not &amp;. Without
   * ampersands and backslashes, and unless the text was misread twice, once is enough.
   */
  @Test
  void shouldChangeNothingTheSecondTime() {
    Random random = new Random(23);
    for (int i = 0; i < 30_000; i++) {
      String text = text(random).replaceAll("[&\\\\\u001bÂÃâðï]|[\u0300-\u036f]{16,}", "");
      String once = normalized(text);
      if (!normalized(once).equals(once)) {
        assertThat(escaped(normalized(once))).as(escaped(text)).isEqualTo(escaped(once));
      }
    }
  }

  @Test
  void shouldReadHostileTextInLinearTime() {
    for (String piece : PIECES) {
      String text = piece.repeat(100_000 / piece.length());
      Encoding encoding = TestTokenizers.NORMALIZING.encode(text, 100_000);
      assertThat(encoding.end()).isEqualTo(text.length());
    }
    for (String piece :
        new String[] {"<b x=y ", "<a href=\"", "&amp", "&#", "\\u", "\u0301\u0323", "😂\u200d"}) {
      String text = piece.repeat(100_000 / piece.length());
      assertThat(TestTokenizers.NORMALIZING.encode(text, 100_000).end()).isEqualTo(text.length());
    }
  }

  /** The checksum was computed on JDK 17. Every JDK must compute the same. */
  @Test
  void shouldGiveTheSameTextAndIdsOnEveryJdk() {
    Random random = new Random(24);
    CRC32 checksum = new CRC32();
    for (int i = 0; i < 20_000; i++) {
      String text = text(random);
      for (char c : normalized(text).toCharArray()) {
        checksum.update(c);
        checksum.update(c >>> 8);
      }
      for (int id : TestTokenizers.NORMALIZING.encode(text, 64).ids()) {
        checksum.update(id);
        checksum.update(id >>> 8);
      }
    }
    assertThat(Long.toHexString(checksum.getValue())).isEqualTo("b9dacab1");
  }

  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    for (char c : text.toCharArray()) {
      if (c >= ' ' && c < 0x7f) {
        escaped.append(c);
      } else {
        escaped.append("\\u").append(Integer.toHexString(0x10000 + c).substring(1));
      }
    }
    return escaped.toString();
  }
}
