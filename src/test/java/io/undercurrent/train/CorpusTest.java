package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.undercurrent.model.Labels;
import io.undercurrent.train.Corpus.Conversation;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorpusTest {

  private static final byte NEGATIVE = 0;
  private static final byte POSITIVE = 2;
  private static final Map<String, String> LABELS = Map.of("0", "negative", "1", "positive");

  @TempDir private Path data;

  @Test
  void shouldReadLabelledAndUnlabelledRows() throws IOException {
    write("label\ttext\n1\tfine\n0\tnot  fine \nx\t\n");

    assertThat(
            Corpus.read(source(List.of("text"), null, null, null), Labels.SENTIMENT, data)
                .conversations())
        .containsExactly(
            conversation("s:2", new Item("fine", POSITIVE)),
            conversation("s:3", new Item("not  fine ", NEGATIVE)),
            conversation("s:4", new Item("", Chunk.UNLABELLED)));
  }

  @Test
  void shouldGroupNeighboursOfOneConversation() throws IOException {
    write(
        """
        label\ttext\tthread\tauthor
        1\ta\tx\tann
        0\tb\tx\tben
        1\tc\ty\tann
        0\td\tx\tben
        """);

    assertThat(
            Corpus.read(source(List.of("text"), "thread", null, null), Labels.SENTIMENT, data)
                .conversations())
        .containsExactly(
            conversation("s:x", new Item("a", POSITIVE), new Item("b", NEGATIVE)),
            conversation("s:y", new Item("c", POSITIVE)),
            conversation("s:x", new Item("d", NEGATIVE)));
    assertThat(
            Corpus.read(source(List.of("text"), null, "author", null), Labels.SENTIMENT, data)
                .conversations())
        .extracting(Conversation::document)
        .containsExactly("s:ann", "s:ben", "s:ann", "s:ben");
  }

  @Test
  void shouldReadSeveralColumnsAsTurnsOfWhichTheLastIsLabelled() throws IOException {
    write("turn1\tlabel\tturn2\nhow are you\t1\tfine\nso\t0\tbad\n");

    assertThat(
            Corpus.read(source(List.of("turn1", "turn2"), null, null, null), Labels.SENTIMENT, data)
                .conversations())
        .containsExactly(
            conversation(
                "s:2", new Item("how are you", Chunk.UNLABELLED), new Item("fine", POSITIVE)),
            conversation("s:3", new Item("so", Chunk.UNLABELLED), new Item("bad", NEGATIVE)));
  }

  @Test
  void shouldDivideASourceByItsConversations() throws IOException {
    write("label\ttext\tthread\n1\ta\tx\n1\tb\ty\n1\tc\ty\n1\td\tz\n1\te\tw\n");

    assertThat(texts(new Recipe.Fold(3, 0, null))).containsExactly("a", "e");
    assertThat(texts(new Recipe.Fold(3, null, 0))).containsExactly("b", "c", "d");
    assertThat(catchThrowable(() -> texts(new Recipe.Fold(9, 7, null))))
        .isInstanceOf(RecipeException.class)
        .hasMessage("source s must have conversations in its fold, found none of 4");
  }

  private List<String> texts(Recipe.Fold fold) {
    Recipe.Source whole = source(List.of("text"), "thread", null, null);
    Recipe.Source part =
        new Recipe.Source(
            whole.name(),
            whole.file(),
            whole.format(),
            whole.text(),
            whole.label(),
            whole.labels(),
            whole.unlabelled(),
            whole.conversation(),
            whole.document(),
            whole.mask(),
            whole.cased(),
            whole.balanced(),
            fold,
            whole.records(),
            whole.metric(),
            whole.ends());
    return Corpus.read(part, Labels.SENTIMENT, data).conversations().stream()
        .flatMap(conversation -> conversation.items().stream())
        .map(Item::text)
        .toList();
  }

  @Test
  void shouldReadOnlyTheRowsThatHaveTheValues() throws IOException {
    write("set\tlabel\ttext\na\t1\tx\nb\t0\ty\na\t0\tz\n");
    Path recipe = data.resolve("where.yaml");
    Files.writeString(
        recipe,
        "train:\n"
            + "  - {file: data.tsv, label: label, labels: {\"0\": negative, \"1\": positive},"
            + " where: {set: a}}\n"
            + "dev: [{file: data.tsv}]\n");

    assertThat(
            Corpus.read(Recipe.read(recipe).train().get(0), Labels.SENTIMENT, data).conversations())
        .flatExtracting(Conversation::items)
        .extracting(Item::text)
        .containsExactly("x", "z");
  }

  @Test
  void shouldTurnNicknamesIntoMentions() throws IOException {
    write(
        """
        label\ttext\tnick
        1\tthanks Ann, and Ben?!\tann
        0\tannoyed  by ann: and benches ...\tBEN
        1\t... no  name here\t
        """);

    assertThat(
            Corpus.read(source(List.of("text"), null, null, "nick"), Labels.SENTIMENT, data)
                .conversations())
        .extracting(conversation -> conversation.items().get(0).text().strip())
        .containsExactly(
            "thanks @user, and @user?!", "annoyed  by @user: and benches ...", "... no  name here");
  }

  @Test
  void shouldWeighClassesEquallyIfBalanced() throws IOException {
    write("label\ttext\n1\ta\n1\tb\n1\tc\n0\td\nx\te\n");

    // Three positive and one negative of four: each class has half of the weight.
    Corpus balanced =
        Corpus.read(source(List.of("text"), null, null, null, true), Labels.SENTIMENT, data);
    assertThat(balanced.classWeights()).containsExactly(2f, 1f, 2 / 3f);
    Corpus plain = Corpus.read(source(List.of("text"), null, null, null), Labels.SENTIMENT, data);
    assertThat(plain.classWeights()).containsExactly(1f, 1f, 1f);
  }

  @Test
  void shouldReadPlainLines() throws IOException {
    write("one\t1\n\nthree\n");
    Item[] items = {
      new Item("one\t1", Chunk.UNLABELLED),
      new Item("", Chunk.UNLABELLED),
      new Item("three", Chunk.UNLABELLED)
    };

    assertThat(Corpus.read(plain("lines"), Labels.SENTIMENT, data).conversations())
        .containsExactly(
            conversation("s:1", items[0]),
            conversation("s:2", items[1]),
            conversation("s:3", items[2]));
    assertThat(Corpus.read(plain("book"), Labels.SENTIMENT, data).conversations())
        .containsExactly(conversation("s", items));
  }

  @Test
  void shouldReadJsonLinesAsItReadsColumns() throws IOException {
    write("label\ttext\tthread\tnick\n1\ta Ann\t7\tann\n0\tb\t7\tben\nx\tc ben!\ttrue\tann\n");
    List<Conversation> columns =
        Corpus.read(source(List.of("text"), "thread", null, "nick"), Labels.SENTIMENT, data)
            .conversations();
    write(
        """
        {"text": "a Ann", "label": 1, "thread": 7, "nick": "ann", "more": {"text": [null]}}

        {"nick": "ben", "thread": "7", "label": "0", "text": "\\u0062"}
        \t
        {"text": "c ben!", "label": "x", "thread": true, "nick": "ann"}
        """);
    List<Conversation> fields =
        Corpus.read(json(List.of("text"), "thread", null, "nick"), Labels.SENTIMENT, data)
            .conversations();

    assertThat(fields).isEqualTo(columns).hasSize(2);
    assertThat(fields.get(0).items().get(1)).isEqualTo(new Item("b ", NEGATIVE));
    assertThat(
            Corpus.read(json(List.of("text"), null, null, null), Labels.SENTIMENT, data)
                .conversations())
        .extracting(Conversation::document)
        .containsExactly("s:1", "s:3", "s:5");
    assertThat(
            Corpus.read(
                json(List.of("nick", "text"), null, "thread", null), Labels.SENTIMENT, data))
        .extracting(corpus -> corpus.conversations().get(2))
        .isEqualTo(
            conversation(
                "s:true", new Item("ann", Chunk.UNLABELLED), new Item("c ben!", Chunk.UNLABELLED)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"text\": | must be a JSON object, found: Unexpected end",
        "no JSON | must be a JSON object, found: Unrecognized token 'no'",
        "{\"text\": \"a\", \"text\": \"b\"} | must name field text once, found it twice",
        "{\"m\": {\"a\": 1, \"a\": 1}} | must have a field text, found [m]",
        "[\"text\"] | must be a JSON object, found an array",
        "17 | must be a JSON object, found a number",
        "{\"text\": \"a\", \"label\": 1} {} | must be one JSON object, found more after it",
        "{\"label\": 1, \"mood\": 1} | must have a field text, found [label, mood]",
        "{\"text\": \"a\"} | must have a field label, found [text]",
        "{\"text\": 5, \"label\": 1} | field text must be a string, found a number",
        "{\"text\": null, \"label\": 1} | field text must be a string, found null",
        "{\"text\": \"a\", \"label\": null} | field label must be a string, number or boolean, found null",
        "{\"text\": \"a\", \"label\": [1]} | field label must be a string, number or boolean, found an array",
        "{\"text\": \"a\", \"label\": 1.0} | label must be one of 0, 1, x, found 1.0"
      })
  void shouldSayWhichLineIsNotAnObjectWithTheFields(String line, String message)
      throws IOException {
    write("{\"text\": \"fine\", \"label\": 1}\n\n" + line + "\n");

    String refusal = refusal(json(List.of("text"), null, null, null));
    assertThat(refusal).startsWith(": row 3: " + message).hasLineCount(1);
  }

  @Test
  void shouldRefuseJsonLinesWithoutRecords() throws IOException {
    write("\n \n");
    assertThat(refusal(json(List.of("text"), null, null, null)))
        .isEqualTo(": must have at least one record, found none");
  }

  private static Recipe.Source plain(String format) {
    return new Recipe.Source(
        "s",
        "data.tsv",
        format,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        true,
        false,
        null,
        null,
        null,
        false);
  }

  @Test
  void shouldSayThatTheFileIsMissing() {
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": must be the data of source s, found no such file");
  }

  @Test
  void shouldSayWhichColumnIsMissing() throws IOException {
    write("label\ttext\n1\tfine\n");
    assertThat(refusal(source(List.of("words"), null, null, null)))
        .isEqualTo(": must have a column words, found [label, text]");
    assertThat(refusal(source(List.of("text"), "thread", null, null)))
        .isEqualTo(": must have a column thread, found [label, text]");
    assertThat(refusal(source(List.of("text"), null, "author", null)))
        .isEqualTo(": must have a column author, found [label, text]");
    assertThat(refusal(source(List.of("text"), null, null, "nick")))
        .isEqualTo(": must have a column nick, found [label, text]");
  }

  @Test
  void shouldSayWhichRowHasAnotherNumberOfCells() throws IOException {
    write("label\ttext\n1\tfine\n0\tbad\tworse\n");
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": row 3: must have 2 columns, found 3");
    write("label\ttext\n1\tfine\n\n0\tbad\n");
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": row 3: must have 2 columns, found 1");
  }

  @Test
  void shouldSayWhichRowHasAnUnknownLabel() throws IOException {
    write("label\ttext\n1\tfine\n2\tbad\n");
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": row 3: label must be one of 0, 1, x, found 2");
  }

  @Test
  void shouldRefuseAFileWithoutRecords() throws IOException {
    write("");
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": must start with a header line, found an empty file");
    write("label\ttext\n");
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": must have at least one record, found none");
  }

  @Test
  void shouldRefuseBytesThatAreNotUtf8() throws IOException {
    Files.write(data.resolve("data.tsv"), new byte[] {'t', 'e', 'x', 't', '\n', (byte) 0xff});
    assertThat(refusal(source(List.of("text"), null, null, null)))
        .isEqualTo(": must be UTF-8, found other bytes");
  }

  private String refusal(Recipe.Source source) {
    Throwable thrown = catchThrowable(() -> Corpus.read(source, Labels.SENTIMENT, data));
    assertThat(thrown).isInstanceOf(RecipeException.class);
    String file = data.resolve("data.tsv").toString();
    assertThat(thrown.getMessage()).startsWith(file);
    return thrown.getMessage().substring(file.length());
  }

  private void write(String content) throws IOException {
    Files.writeString(data.resolve("data.tsv"), content);
  }

  private static Recipe.Source source(
      List<String> text, String conversation, String document, String mask) {
    return source(text, conversation, document, mask, false);
  }

  private static Recipe.Source json(
      List<String> text, String conversation, String document, String mask) {
    return source("jsonl", text, conversation, document, mask, false);
  }

  private static Recipe.Source source(
      List<String> text, String conversation, String document, String mask, boolean balanced) {
    return source(null, text, conversation, document, mask, balanced);
  }

  private static Recipe.Source source(
      String format,
      List<String> text,
      String conversation,
      String document,
      String mask,
      boolean balanced) {
    return new Recipe.Source(
        "s",
        "data.tsv",
        format,
        text,
        "label",
        LABELS,
        List.of("x"),
        conversation,
        document,
        mask,
        true,
        balanced,
        null,
        null,
        null,
        false);
  }

  private static Conversation conversation(String document, Item... items) {
    return new Conversation(document, List.of(items));
  }
}
