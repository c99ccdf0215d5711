package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.undercurrent.model.Labels;
import io.undercurrent.text.ByteTokenizer;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplatesTest {

  private static final String NEGATION = "classpath:io/undercurrent/train/negation-templates.yaml";

  @TempDir private Path data;

  @Test
  void shouldFillSlotsAndTakeClassesInTurn() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"),
        """
        slots: {x: [a, b], y: [c]}
        templates: {positive: ["{x}-{y}"], negative: ["not {x}{x}", "plain"]}
        """);

    List<Item> items = sentences("t.yaml", 400);

    assertThat(items).isEqualTo(sentences("t.yaml", 400));
    HashSet<String> negative = new HashSet<>();
    HashSet<String> positive = new HashSet<>();
    for (int i = 0; i < items.size(); i++) {
      assertThat(items.get(i).label()).isEqualTo((byte) (i % 2 == 0 ? 0 : 2));
      (i % 2 == 0 ? negative : positive).add(items.get(i).text());
    }
    assertThat(positive).containsExactlyInAnyOrder("a-c", "b-c");
    assertThat(negative).containsExactlyInAnyOrder("not aa", "not ab", "not ba", "not bb", "plain");
  }

  @Test
  void shouldGiveBothOfAPairTheSameWordsAndFillSlotsInSlots() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"),
        """
        slots: {x: ["{y} {y}"], y: [a, b]}
        templates: {}
        pairs: [["so {x}", "not so {x}"]]
        """);

    List<Item> items = sentences("t.yaml", 200);

    HashSet<String> positive = new HashSet<>();
    for (int i = 0; i < items.size(); i += 2) {
      positive.add(items.get(i).text());
      assertThat(items.get(i).label()).isEqualTo((byte) 2);
      assertThat(items.get(i + 1)).isEqualTo(new Item("not " + items.get(i).text(), (byte) 0));
    }
    assertThat(positive).containsExactlyInAnyOrder("so a a", "so a b", "so b a", "so b b");
  }

  @Test
  void shouldLabelOnlyTheLastTurnOfAConversation() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"),
        """
        slots: {x: [a, "b || c"]}
        templates: {positive: ["{x} || yes"], negative: ["no"]}
        """);

    List<List<Item>> made = Templates.read("t.yaml", Labels.SENTIMENT, data).conversations(200);

    byte none = Chunk.UNLABELLED;
    Item yes = new Item("yes", (byte) 2);
    assertThat(new HashSet<>(made))
        .containsExactlyInAnyOrder(
            List.of(new Item("no", (byte) 0)),
            List.of(new Item("a", none), yes),
            List.of(new Item("b", none), new Item("c", none), yes));
  }

  @Test
  void shouldReadTheEarlierTurnsBeforeTheLabelledOne() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"), "{slots: {}, templates: {positive: [\"was it good? || yes\"]}}");
    Files.writeString(
        data.resolve("recipe.yaml"),
        """
        vocabulary: {type: bytes}
        train: [{name: t, file: t.yaml, records: 3}]
        dev: [{name: t, file: t.yaml, records: 1}]
        """);

    List<Corpus.Conversation> conversations =
        Corpus.read(
                Recipe.read(data.resolve("recipe.yaml")).stages().get(0).train().get(0),
                Labels.SENTIMENT,
                data)
            .conversations();

    assertThat(conversations)
        .extracting(Corpus.Conversation::document)
        .containsExactly("t:1", "t:2", "t:3");
    assertThat(conversations.get(2).items())
        .containsExactly(new Item("was it good?", Chunk.UNLABELLED), new Item("yes", (byte) 2));
  }

  @Test
  void shouldMakeAsManySentencesOfAClassAsItsShare() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"),
        """
        slots: {}
        templates: {positive: [a], neutral: [b], negative: [c]}
        shares: {neutral: 2}
        """);

    assertThat(sentences("t.yaml", 8))
        .extracting(Item::text)
        .containsExactly("c", "b", "b", "a", "c", "b", "b", "a");
  }

  @Test
  void shouldWriteAllTurnsInOneStyle() throws IOException {
    Files.writeString(
        data.resolve("t.yaml"),
        """
        slots: {}
        templates: {positive: ["it's so, i say || and so am i"]}
        styles: [sentence, bare]
        """);

    HashSet<List<String>> texts = new HashSet<>();
    for (List<Item> items : Templates.read("t.yaml", Labels.SENTIMENT, data).conversations(50)) {
      texts.add(items.stream().map(Item::text).toList());
    }

    assertThat(texts)
        .containsExactlyInAnyOrder(
            List.of("It's so, I say.", "And so am I."), List.of("its so i say", "and so am i"));
  }

  /** Ten slots of ten slots each, nine times: a file of 700 bytes for a text of 10^9 words. */
  @ParameterizedTest
  @CsvSource({
    "9, 10, a, 'a template must have at most 1,000 slots, with those in its words, found more in: '",
    "1, 500, long, 'a template must make at most 10,000 characters, found more with: long'",
    "100, 1, a, 'at most 100 slots must be in one another, found more'"
  })
  void shouldRefuseSlotsThatMakeAHugeText(int depth, int times, String word, String message)
      throws IOException {
    StringBuilder yaml = new StringBuilder("templates: {positive: ['{s0}']}\nslots:\n");
    for (int i = 0; i < depth; i++) {
      yaml.append("  s%d: ['%s']\n".formatted(i, "{s%d}".formatted(i + 1).repeat(times)));
    }
    yaml.append(
        "  s%d: ['%s']\n".formatted(depth, word.equals("long") ? "long ".repeat(99) : word));
    Files.writeString(data.resolve("t.yaml"), yaml);

    assertThatThrownBy(() -> Templates.read("t.yaml", Labels.SENTIMENT, data))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith("t.yaml: " + message);
  }

  @ParameterizedTest
  @CsvSource({
    "'slots: {}, templates: {positive: [\"{x}\"]}', 'every {slot} must have words'",
    "'slots: {x: []}, templates: {positive: [\"{x}\"]}', 'every {slot} must have words'",
    "'slots: {x: [a]}, templates: {positive: [\"{x\"]}', 'every {slot} must have words'",
    "'slots: {}, templates: {good: [a]}', 'templates must be for'",
    "'slots: {}, templates: {positive: []}', 'templates.positive must be a text, or a list of at least one'",
    "'slots: {}', 'templates must be given, found none'",
    "'slots: {x: [\"a {y}\"], y: [\"{x}\"]}, templates: {}', 'slots must not contain themselves'",
    "'slots: {x: [a, \"{x}\"]}, templates: {}', 'slots must not contain themselves, found x'",
    "'slots: {\"a{x\": [\"{a{x}\"]}, templates: {}', 'slots must not contain themselves, found a{x'",
    "'slots: {x: [a, \"{y}\"]}, templates: {}', 'every {slot} must have words'",
    "'slots: {}, templates: {}, pairs: [[a]]', 'pairs must be a positive and a negative'",
    "'slots: {}, templates: {}, pairs: [[a, \"{b}\"]]', 'every {slot} must have words'",
    "'slots: {}, templates: {}, more: 1', 'more is not a known key; known here: slots, templates, pairs, shares, styles'",
    "'slots: {}, templates: {positive: [\"a || \"]}', 'every turn of a conversation must have text'",
    "'slots: {x: [\"|| a\"]}, templates: {positive: [\"{x}\"]}', 'found an empty one in: {x}'",
    "'slots: {}, templates: {positive: [a]}, shares: {neutral: 2}', 'shares must be for classes with templates'",
    "'slots: {}, templates: {positive: [a]}, shares: {positive: 0}', 'shares.positive must be 1 to 100'",
    "'slots: {}, templates: {positive: [a]}, styles: [loud]', 'styles[0] must be written, sentence, bare or typo'"
  })
  void shouldSayWhatIsWrongWithAFile(String yaml, String message) throws IOException {
    Files.writeString(data.resolve("t.yaml"), "{" + yaml + "}");
    assertThat(catchThrowable(() -> Templates.read("t.yaml", Labels.SENTIMENT, data)))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith("t.yaml: ")
        .hasMessageContaining(message);
  }

  @Test
  void shouldMakeSentencesOfTheRecipesLabels() throws IOException {
    Labels intents = Labels.unscored(List.of("book", "cancel"));
    Files.writeString(
        data.resolve("t.yaml"), "{slots: {}, templates: {cancel: [stop], book: [go]}}");

    assertThat(Templates.read("t.yaml", intents, data).conversations(2))
        .containsExactly(List.of(new Item("go", (byte) 0)), List.of(new Item("stop", (byte) 1)));
  }

  @ParameterizedTest
  @CsvSource({
    "'slots: {}, templates: {positive: [a]}', 'templates must be for book, cancel, found positive'",
    "'slots: {}, templates: {book: [a]}, pairs: [[a, b]]', 'pairs must be left out where no label is positive, found 1 pairs and labels book, cancel'"
  })
  void shouldRefuseTemplatesOfOtherLabelsThanTheRecipes(String yaml, String message)
      throws IOException {
    Files.writeString(data.resolve("t.yaml"), "{" + yaml + "}");
    Labels intents = Labels.unscored(List.of("book", "cancel"));

    assertThat(catchThrowable(() -> Templates.read("t.yaml", intents, data)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("t.yaml: " + message);
  }

  /** Each slot has the next one twice: a short file for 2^60 words, or empty words. */
  @ParameterizedTest
  @ValueSource(strings = {"word", ""})
  void shouldRefuseSlotsThatMakeTooMuch(String last) throws IOException {
    String slots =
        IntStream.range(0, 60)
            .mapToObj(i -> "s%d: ['{s%d}{s%d}']".formatted(i, i + 1, i + 1))
            .collect(Collectors.joining(", "));
    Files.writeString(
        data.resolve("t.yaml"),
        "{slots: {%s, s60: ['%s']}, templates: {positive: ['{s0}']}}".formatted(slots, last));

    assertThat(catchThrowable(() -> Templates.read("t.yaml", Labels.SENTIMENT, data)))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith("t.yaml: a template must ");
  }

  @Test
  void shouldRefuseSlotsThatAreNestedTooDeeply() throws IOException {
    String slots =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "s%d: ['{s%d}']".formatted(i, i + 1))
            .collect(Collectors.joining(", "));
    Files.writeString(
        data.resolve("t.yaml"),
        "{slots: {%s, s20000: [a]}, templates: {positive: ['{s0}']}}".formatted(slots));

    assertThat(catchThrowable(() -> Templates.read("t.yaml", Labels.SENTIMENT, data)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("t.yaml: at most 100 slots must be in one another, found more");
  }

  @Test
  void shouldRefuseAFileThatIsTooLarge() throws IOException {
    Files.writeString(data.resolve("t.yaml"), "slots: " + "a".repeat(1 << 20));
    assertThat(catchThrowable(() -> Templates.read("t.yaml", Labels.SENTIMENT, data)))
        .isInstanceOf(RecipeException.class)
        .hasMessage("t.yaml: must have at most 1,048,576 bytes, found more");
  }

  @Test
  void shouldReadTheTemplatesThatShip() {
    List<Item> items = sentences(NEGATION, 1000);
    assertThat(items).extracting(Item::text).noneMatch(text -> text.matches(".*[{}].*"));
    assertThat(new HashSet<>(items)).hasSizeGreaterThan(900);
  }

  /** Whatever a source holds: what measures is left out. */
  @Test
  void shouldNotTrainOnAnySentenceOfTheNegationSuite() throws IOException {
    String measured = NegationSuite.pairs().get(0).positive();
    Files.writeString(
        data.resolve("train.txt"), measured.toUpperCase(Locale.ROOT) + " !!\n" + measured + "x\n");
    Recipe recipe = recipe();
    List<String> said = new ArrayList<>();

    List<Example[]> conversations =
        new TrainingData(recipe, data, data, saying(said))
            .encode(recipe.stages().get(0), new ByteTokenizer())
            .ofEpoch(1, 1);

    assertThat(conversations).hasSize(1);
    assertThat(conversations.get(0)[0].tokens()).hasSize(measured.length() + 1);
    assertThat(said).contains("left out 1 records that are sentences of the suites");
  }

  private List<Item> sentences(String file, int n) {
    List<Item> sentences = new ArrayList<>();
    for (List<Item> items : Templates.read(file, Labels.SENTIMENT, data).conversations(n)) {
      assertThat(items).hasSize(1);
      sentences.addAll(items);
    }
    return sentences;
  }

  private Recipe recipe() throws IOException {
    Path file = data.resolve("recipe.yaml");
    Files.writeString(
        file,
        """
        name: t
        seed: 1
        model: {kind: lstm, embedding_size: 2, hidden_size: 2, num_layers: 1, pooling: last}
        vocabulary: {type: bytes}
        training: {epochs: 1, patience: 1, batch_size: 2, bptt: 2, learning_rate: 0.1,
          clip_grad_norm: 1, dropout_embedding: 0, dropout_output: 0, dropout_features: 0,
          fresh_share: 0, sentiment_weight: 1, next_token_weight: 1, next_token_share: 1,
          max_tokens: 999}
        train: [{name: t, file: train.txt, format: lines}]
        dev: [{name: t, file: train.txt, format: lines}]
        """);
    return Recipe.read(file);
  }

  private static Progress saying(List<String> said) {
    return new Progress() {
      @Override
      public void says(String line) {
        said.add(line);
      }

      @Override
      public void chunk(int e, long done, long all, double s, double n, double g) {}

      @Override
      public void epoch(int epoch, List<Evaluation.Result> results, boolean best) {}
    };
  }
}
