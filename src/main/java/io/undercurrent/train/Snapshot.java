package io.undercurrent.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.OwnerOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The labelled records of a topic as a recipe's training source. The run keeps them in its folder
 * ({@code topic.jsonl}), so that a stopped run continues with the same records even if the topic
 * has changed. The records of a key are one conversation, in the order they were added; a record
 * without a key is a conversation of its own. Keys are not stored, since they may name persons.
 *
 * <pre>{"conversation":0,"text":"late again","label":"negative","partition":0,"offset":17}</pre>
 *
 * <p>Holds all records in memory until they are written. Not thread safe.
 */
public final class Snapshot {

  /** The format of its source: JSON lines in the run's folder. */
  static final String FORMAT = "topic";

  static final String FILE = "topic.jsonl";

  private static final String TEXT = "text";
  private static final String LABEL = "label";
  private static final String CONVERSATION = "conversation";

  /** Escaped, since JSON can hold half of a surrogate pair and UTF-8 cannot. */
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private record Item(String text, String label, int partition, long offset) {}

  private final Recipe recipe;
  private final Recipe.Source source;
  private final String textField;
  private final String labelField;
  private final Rows.Columns columns;
  private final Map<ByteBuffer, List<Item>> byKey = new HashMap<>();
  private final List<List<Item>> conversations = new ArrayList<>();
  private int records;

  /**
   * @param recipe {@code labels}, {@code unlabelled}, {@code cased} and {@code balanced} of its
   *     first training source apply to the topic
   * @param textField the field of a record's value with its text, a string
   * @param labelField the field with its label: a string, number or boolean
   */
  public Snapshot(Recipe recipe, String topic, String textField, String labelField) {
    Recipe.Source first = recipe.train().get(0);
    source =
        new Recipe.Source(
            topic,
            FILE,
            FORMAT,
            List.of(TEXT),
            LABEL,
            first.labels(),
            first.unlabelled(),
            CONVERSATION,
            null,
            null,
            first.cased(),
            first.balanced(),
            null,
            null,
            null,
            false);
    this.recipe = recipe.withTrain(List.of(source));
    this.textField = textField;
    this.labelField = labelField;
    columns = new Rows.Columns(Set.of(textField, labelField), Set.of(textField));
  }

  /** The recipe with the topic instead of its training sources. */
  public Recipe recipe() {
    return recipe;
  }

  /**
   * Whether the topic has to be read: the run is new, or was stopped before it had the records.
   *
   * @throws RecipeException if the folder holds a run of another recipe or topic
   */
  public boolean isNeeded(Path run, int threads) throws IOException {
    RunFolder folder = new RunFolder(run, recipe, threads);
    return !folder.isClaimed()
        || folder.position().equals(RunFolder.Position.START) && !Files.exists(run.resolve(FILE));
  }

  /**
   * Adds a record.
   *
   * @param key or null
   * @param value a JSON object in UTF-8
   * @throws RecipeException if the value is not valid; the message names topic, partition and
   *     offset
   */
  public void add(byte[] key, byte[] value, int partition, long offset) {
    String location = source.name() + "-" + partition + "@" + offset;
    Map<String, String> values = JsonRows.values(decoded(value, location), location, columns);
    Item item = new Item(values.get(textField), values.get(labelField), partition, offset);
    Corpus.label(source, recipe.labels(), location, item.label);
    conversation(key).add(item);
    records++;
  }

  private static String decoded(byte[] value, String location) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
    } catch (CharacterCodingException e) {
      throw new RecipeException(location + ": must be UTF-8, found other bytes", e);
    }
  }

  private List<Item> conversation(byte[] key) {
    List<Item> known = key == null ? null : byKey.get(ByteBuffer.wrap(key));
    if (known != null) {
      return known;
    }
    List<Item> started = new ArrayList<>();
    conversations.add(started);
    if (key != null) {
      byKey.put(ByteBuffer.wrap(key), started);
    }
    return started;
  }

  public int records() {
    return records;
  }

  public int conversations() {
    return conversations.size();
  }

  /** Writes all records into the run's folder, or none if it fails. */
  public void write(Path run, int threads) throws IOException {
    new RunFolder(run, recipe, threads).claim(); // first, so that no other recipe uses them
    AtomicFile.replace(run.resolve(FILE), this::writeRecords);
  }

  private void writeRecords(Path file) throws IOException {
    try (JsonGenerator json =
        JSON.createGenerator(Files.newBufferedWriter(OwnerOnly.emptyFile(file)))) {
      json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
      for (int i = 0; i < conversations.size(); i++) {
        for (Item item : conversations.get(i)) {
          json.writeStartObject();
          json.writeNumberField(CONVERSATION, i);
          json.writeStringField(TEXT, item.text);
          json.writeStringField(LABEL, item.label);
          json.writeNumberField("partition", item.partition);
          json.writeNumberField("offset", item.offset);
          json.writeEndObject();
        }
      }
      json.writeRaw('\n');
    }
  }
}
