package io.undercurrent.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.model.Labels;
import io.undercurrent.train.Corpus.Conversation;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTest {

  private static final byte NEGATIVE = 0;
  private static final byte NEUTRAL = 1;
  private static final byte POSITIVE = 2;

  private static final String RECIPE =
      """
      name: tiny
      seed: 1
      model: {kind: lstm, embedding_size: 8, hidden_size: 16, num_layers: 1, pooling: concat}
      vocabulary: {size: 200, min_documents: 1, uncounted: [a]}
      training: {epochs: 1, patience: 1, batch_size: 4, bptt: 10, learning_rate: 0.01, clip_grad_norm: 1.0,
        dropout_embedding: 0.1, dropout_output: 0.1, dropout_features: 0.1, fresh_share: 0.5,
        sentiment_weight: 1.0, next_token_weight: 0.5, next_token_share: 0.5, max_tokens: 64}
      train: [{name: a, file: a.tsv, label: mood, cased: false}]
      dev: [{name: a, file: dev.tsv, label: mood, labels: {"0": negative}}]
      """;
  private static final String STARS =
      RECIPE.replace(
          "label: mood, cased",
          "label: mood, labels: {\"1\": negative, \"5\": positive}, unlabelled: [none], cased");

  @TempDir private Path folder;

  @Test
  void shouldKeepTheRecordsOfAKeyTogetherInTheirOrder() throws IOException {
    Snapshot snapshot = snapshot(RECIPE, "text", "label");
    add(
        snapshot,
        "ann",
        "{\"text\": \"a\\n\\\"é\\\" \uD83D\uDE00 \\ud83d\", \"label\": \"negative\"}",
        0);
    add(snapshot, "ben", "{\"text\": \"b\", \"label\": \"positive\", \"more\": [{}]}", 1);
    add(snapshot, null, "{\"text\": \"c\", \"label\": \"neutral\"}", 2);
    add(snapshot, null, "{\"text\": \"d\", \"label\": \"neutral\"}", 3);
    add(snapshot, "ann", "{\"text\": \"e\", \"label\": \"positive\"}", 9);

    assertThat(snapshot.records()).isEqualTo(5);
    assertThat(snapshot.conversations()).isEqualTo(4);
    assertThat(kept(snapshot))
        .containsExactly(
            new Conversation(
                "moods:0",
                List.of(
                    new Item("a\n\"é\" \uD83D\uDE00 \ud83d", NEGATIVE), new Item("e", POSITIVE))),
            new Conversation("moods:1", List.of(new Item("b", POSITIVE))),
            new Conversation("moods:2", List.of(new Item("c", NEUTRAL))),
            new Conversation("moods:3", List.of(new Item("d", NEUTRAL))));
    assertThat(Files.readAllLines(folder.resolve("run/topic.jsonl")))
        .hasSize(5)
        .element(1)
        .isEqualTo(
            "{\"conversation\":0,\"text\":\"e\",\"label\":\"positive\",\"partition\":4,\"offset\":9}");
  }

  @Test
  void shouldReadLabelsAsTheFirstTrainingSourceDoes() throws IOException {
    Snapshot snapshot = snapshot(STARS, "body", "stars");
    add(snapshot, "k", "{\"body\": \"a\", \"stars\": 1}", 0);
    add(snapshot, "k", "{\"body\": \"b\", \"stars\": \"none\"}", 1);

    assertThat(kept(snapshot))
        .containsExactly(
            new Conversation(
                "moods:0", List.of(new Item("a", NEGATIVE), new Item("b", Chunk.UNLABELLED))));
    assertThat(snapshot.recipe().train()).extracting(Recipe.Source::cased).containsExactly(false);
    assertThat(snapshot.recipe().vocabulary().uncounted()).isEmpty();
    assertThat(snapshot.recipe().dev()).extracting(Recipe.Source::name).containsExactly("a");
  }

  @Test
  void shouldSayWhichRecordCannotBeUsed() throws IOException {
    Snapshot snapshot = snapshot(STARS, "body", "stars");

    assertThatThrownBy(() -> add(snapshot, "k", "good", 17))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith("moods-4@17: must be a JSON object, found: ");
    assertThatThrownBy(() -> add(snapshot, "k", "{\"text\": \"a\", \"stars\": 1}", 18))
        .hasMessage("moods-4@18: must have a field body, found [stars, text]");
    assertThatThrownBy(() -> add(snapshot, "k", "{\"body\": \"a\", \"stars\": 3}", 19))
        .hasMessage("moods-4@19: label must be one of 1, 5, none, found 3");
    assertThatThrownBy(() -> snapshot.add(null, new byte[] {'"', (byte) 0xff, '"'}, 4, 20))
        .hasMessage("moods-4@20: must be UTF-8, found other bytes");
    assertThat(snapshot.records()).isZero();
    assertThat(snapshot.conversations()).isZero();
  }

  @Test
  void shouldBeNeededUntilTheRunHasTheRecords() throws IOException {
    Path run = folder.resolve("run");
    Snapshot snapshot = snapshot(RECIPE, "text", "label");
    assertThat(snapshot.isNeeded(run, 2)).isTrue();
    new RunFolder(run, snapshot.recipe(), 2).claim(); // stopped before anything was written
    assertThat(snapshot.isNeeded(run, 2)).isTrue();

    add(snapshot, "k", "{\"text\": \"a\", \"label\": \"positive\"}", 0);
    snapshot.write(run, 2);

    assertThat(snapshot(RECIPE, "text", "label").isNeeded(run, 2)).isFalse();
    assertThatThrownBy(() -> snapshot(STARS, "text", "label").isNeeded(run, 2))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("must be a run of this recipe");
    Recipe recipe = Recipe.read(folder.resolve("recipe.yaml"));
    assertThatThrownBy(() -> new Snapshot(recipe, "others", "text", "label").isNeeded(run, 2))
        .hasMessageContaining("must be a run of this recipe");
  }

  private Snapshot snapshot(String recipe, String textField, String labelField) throws IOException {
    Path file = Files.writeString(folder.resolve("recipe.yaml"), recipe);
    return new Snapshot(Recipe.read(file), "moods", textField, labelField);
  }

  private static void add(Snapshot snapshot, String key, String value, long offset) {
    snapshot.add(key == null ? null : key.getBytes(UTF_8), value.getBytes(UTF_8), 4, offset);
  }

  /** What a run reads. */
  private List<Conversation> kept(Snapshot snapshot) throws IOException {
    Path run = folder.resolve("run");
    snapshot.write(run, 2);
    return Corpus.read(snapshot.recipe().train().get(0), Labels.SENTIMENT, run).conversations();
  }
}
