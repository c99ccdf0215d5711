package io.undercurrent.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.model.ModelConfig;
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
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The labelled records of a topic as a recipe's training source, kept by the run in its folder
 * ({@code topic.jsonl}): a run that goes on learns from the same records, whatever the topic holds
 * by then. The records of a key are one conversation, in the order they were added; one without a
 * key is a conversation of its own. Keys themselves are not kept: they may name persons.
 *
 * <pre>{"conversation":0,"text":"late again","label":"negative","partition":0,"offset":17}</pre>
 *
 * <p>Holds all records in memory until they are written. Not thread safe.
 */
public final class Snapshot {

  /** Of the source: JSON lines in the run's folder. */
  static final String FORMAT = "topic";

  static final String FILE = "topic.jsonl";

  private static final String TEXT = "text";
  private static final String LABEL = "label";
  private static final String CONVERSATION = "conversation";

  /** Escapes keep half of a surrogate pair, which JSON may hold and UTF-8 may not. */
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
   * @param recipe its first training source lends the topic its {@code labels} (where it has any;
   *     otherwise the classes stand for themselves), {@code unlabelled}, {@code cased} and {@code
   *     balanced}
   * @param textField the field of a record's value that is its text, a string
   * @param labelField the field that is its label: a string, number or boolean
   */
  public Snapshot(Recipe recipe, String topic, String textField, String labelField) {
    Recipe.Source first = recipe.train().get(0);
    Map<String, String> classes =
        ModelConfig.SENTIMENT_LABELS.stream()
            .collect(Collectors.toMap(Function.identity(), Function.identity()));
    source =
        new Recipe.Source(
            topic,
            FILE,
            FORMAT,
            List.of(TEXT),
            LABEL,
            first.labels().isEmpty() ? classes : first.labels(),
            first.unlabelled(),
            CONVERSATION,
            null,
            null,
            first.cased(),
            first.balanced(),
            null,
            null,
            null,
            null);
    this.recipe = recipe.withTrain(List.of(source));
    this.textField = textField;
    this.labelField = labelField;
    columns = new Rows.Columns(Set.of(textField, labelField), Set.of(textField));
  }

  /** The recipe with the topic in the place of its training sources. */
  public Recipe recipe() {
    return recipe;
  }

  /**
   * Whether a run has still to be given the records: it is new, or was stopped before it had them.
   *
   * @throws RecipeException if the folder holds a run of another recipe or topic
   */
  public boolean isWanted(Path run, int threads) throws IOException {
    RunFolder folder = new RunFolder(run, recipe, threads);
    return !folder.isClaimed()
        || folder.position().equals(RunFolder.Position.START) && !Files.exists(run.resolve(FILE));
  }

  /**
   * Adds a record.
   *
   * @param key or null
   * @param value a JSON object in UTF-8
   * @throws RecipeException if the value is not as it must be; names topic, partition and offset
   */
  public void add(byte[] key, byte[] value, int partition, long offset) {
    String place = source.name() + "-" + partition + "@" + offset;
    Map<String, String> values = JsonRows.values(decoded(value, place), place, columns);
    Item item = new Item(values.get(textField), values.get(labelField), partition, offset);
    Corpus.label(source, place, item.label);
    conversation(key).add(item);
    records++;
  }

  private static String decoded(byte[] value, String place) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
    } catch (CharacterCodingException e) {
      throw new RecipeException(place + ": must be UTF-8, found other bytes", e);
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

  /** Gives the records to the run, all or none of them. */
  public void write(Path run, int threads) throws IOException {
    new RunFolder(run, recipe, threads).claim(); // so that they are not found by another recipe
    AtomicFile.replace(run.resolve(FILE), this::writeRecords);
  }

  private void writeRecords(Path file) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(Files.newBufferedWriter(file))) {
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
