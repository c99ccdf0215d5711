package io.undercurrent.train;

import io.undercurrent.model.ModelConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The records of one source, as text. Immutable.
 *
 * @param conversations in the order of the file; often of one record each
 */
record Corpus(Recipe.Source source, List<Conversation> conversations) {

  /** A text and the index of its class, or {@link Chunk#UNLABELLED}. */
  record Item(String text, byte label) {}

  /** Records in order, by one document or author. */
  record Conversation(String document, List<Item> items) {}

  /**
   * Reads a source.
   *
   * @throws RecipeException if the file or a row is not as the recipe says
   */
  static Corpus read(Recipe.Source source, Path data) {
    if (source.format().equals("templates")) {
      return new Corpus(
          source,
          numbered(source, Templates.read(source.file(), data).conversations(source.records())));
    }
    Path file = data.resolve(source.file());
    if (!Files.isRegularFile(file)) {
      throw new RecipeException(
          file + ": must be the data of source " + source.name() + ", found no such file");
    }
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      Set<String> names = new HashSet<>();
      Corpus corpus =
          source.hasColumns()
              ? rows(source, Rows.of(source, file, lines), names)
              : lines(source, lines);
      if (corpus.conversations.isEmpty()) {
        throw new RecipeException(file + ": must have at least one record, found none");
      }
      corpus = corpus.fold();
      return source.mask() == null ? corpus : corpus.masked(names);
    } catch (CharacterCodingException e) {
      throw new RecipeException(file + ": must be UTF-8, found other bytes", e);
    } catch (IOException e) {
      throw new RecipeException(file + ": cannot be read: " + e, e);
    }
  }

  private Corpus fold() {
    Recipe.Fold fold = source.fold();
    if (fold == null) {
      return this;
    }
    List<Conversation> held =
        IntStream.range(0, conversations.size())
            .filter(fold::holds)
            .mapToObj(conversations::get)
            .toList();
    if (held.isEmpty()) {
      throw new RecipeException(
          "source "
              + source.name()
              + " must have conversations in its fold, found none of "
              + conversations.size());
    }
    return new Corpus(source, held);
  }

  /** The classes that occur in its records, one bit each. */
  int classes() {
    int classes = 0;
    for (Conversation conversation : conversations) {
      for (Item item : conversation.items) {
        classes |= item.label < 0 ? 0 : 1 << item.label;
      }
    }
    return classes;
  }

  /**
   * The factor of each class's loss: 1, or for a balanced source the inverse of the class's share,
   * such that the mean over records is 1.
   */
  float[] classWeights() {
    float[] weights = new float[ModelConfig.SENTIMENT_LABELS.size()];
    Arrays.fill(weights, 1f);
    if (!source.balanced()) {
      return weights;
    }
    int[] counts = new int[weights.length];
    for (Conversation conversation : conversations) {
      for (Item item : conversation.items) {
        if (item.label >= 0) {
          counts[item.label]++;
        }
      }
    }
    long classes = Arrays.stream(counts).filter(n -> n > 0).count();
    int all = Arrays.stream(counts).sum();
    for (int k = 0; k < weights.length; k++) {
      if (counts[k] > 0) {
        weights[k] = (float) all / (classes * counts[k]);
      }
    }
    return weights;
  }

  /** Each line is a conversation of its own; all lines of a book are one conversation. */
  private static Corpus lines(Recipe.Source source, BufferedReader lines) throws IOException {
    List<Item> items = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      items.add(new Item(line, Chunk.UNLABELLED));
    }
    if (source.format().equals("book") && !items.isEmpty()) {
      return new Corpus(source, List.of(new Conversation(source.name(), items)));
    }
    return new Corpus(source, numbered(source, items.stream().map(List::of).toList()));
  }

  private static List<Conversation> numbered(Recipe.Source source, List<List<Item>> groups) {
    List<Conversation> conversations = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      conversations.add(new Conversation(source.name() + ":" + (i + 1), groups.get(i)));
    }
    return conversations;
  }

  /**
   * Groups neighbouring rows of one conversation.
   *
   * @param names out: the nicknames of all rows, in lower case
   */
  private static Corpus rows(Recipe.Source source, Rows rows, Set<String> names)
      throws IOException {
    List<Conversation> conversations = new ArrayList<>();
    String previousGroup = null;
    for (Rows.Row row = rows.next(); row != null; row = rows.next()) {
      byte labelled =
          source.label() == null
              ? Chunk.UNLABELLED
              : label(source, row.location(), row.value(source.label()));
      String group = source.conversation() == null ? null : row.value(source.conversation());
      if (group == null || !group.equals(previousGroup)) {
        String document = source.document() == null ? group : row.value(source.document());
        String name = source.name() + ":" + (document == null ? row.line() : document);
        conversations.add(new Conversation(name, new ArrayList<>()));
        previousGroup = group;
      }
      List<Item> items = conversations.get(conversations.size() - 1).items;
      for (int i = 0; i < source.text().size(); i++) {
        boolean last = i == source.text().size() - 1;
        items.add(new Item(row.value(source.text().get(i)), last ? labelled : Chunk.UNLABELLED));
      }
      if (source.mask() != null) {
        names.add(row.value(source.mask()).toLowerCase(Locale.ROOT));
      }
    }
    names.remove(""); // would match between any two spaces
    return new Corpus(source, conversations);
  }

  /** Replaces every nickname that is a word, punctuation after it aside, by a mention. */
  private Corpus masked(Set<String> names) {
    List<Conversation> masked = new ArrayList<>();
    for (Conversation conversation : conversations) {
      List<Item> items = new ArrayList<>();
      for (Item item : conversation.items) {
        StringBuilder text = new StringBuilder();
        for (String word : item.text.split(" ")) {
          int end = word.length();
          while (end > 0 && ":,.;!?".indexOf(word.charAt(end - 1)) >= 0) {
            end--;
          }
          boolean name = names.contains(word.substring(0, end).toLowerCase(Locale.ROOT));
          text.append(name ? "@user" + word.substring(end) : word).append(' ');
        }
        items.add(new Item(text.toString(), item.label));
      }
      masked.add(new Conversation(conversation.document, items));
    }
    return new Corpus(source, masked);
  }

  /**
   * The index of the class that a label stands for, or {@link Chunk#UNLABELLED}.
   *
   * @param location starts the error message
   * @throws RecipeException if the source does not know the label
   */
  static byte label(Recipe.Source source, String location, String value) {
    String label = source.labels().get(value);
    if (label != null) {
      return (byte) ModelConfig.SENTIMENT_LABELS.indexOf(label);
    }
    if (source.unlabelled().contains(value)) {
      return Chunk.UNLABELLED;
    }
    List<String> known = new ArrayList<>(source.labels().keySet());
    known.addAll(source.unlabelled());
    throw new RecipeException(
        location
            + ": label must be one of "
            + String.join(", ", known)
            + ", found "
            + Rows.shortened(value));
  }
}
