package io.undercurrent.train;

import io.undercurrent.model.Labels;
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
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The records of one source, as text. Immutable.
 *
 * @param labels of the recipe
 * @param conversations in the order of the file; often of one record each
 */
record Corpus(Recipe.Source source, Labels labels, List<Conversation> conversations) {

  /**
   * A text with its labels.
   *
   * @param label the index of its class, or {@link Chunk#UNLABELLED}
   * @param probabilities of all classes, as a teacher gave them, with a sum of 1; null for none
   */
  record Item(String text, byte label, float[] probabilities) {

    Item(String text, byte label) {
      this(text, label, null);
    }

    /** The index of its class, by the teacher if it has no label; or {@link Chunk#UNLABELLED}. */
    byte likeliest() {
      if (label >= 0 || probabilities == null) {
        return label;
      }
      byte best = 0;
      for (byte k = 1; k < probabilities.length; k++) {
        best = probabilities[k] > probabilities[best] ? k : best;
      }
      return best;
    }
  }

  /** How far a sum of probabilities may be from 1; the last digits are for rounding. */
  private static final double SUM_TOLERANCE = 0.02 + 1e-9;

  /** Records in order, by one document or author. */
  record Conversation(String document, List<Item> items) {}

  /**
   * Reads a source.
   *
   * @throws RecipeException if the file or a row is not as the recipe says
   */
  static Corpus read(Recipe.Source source, Labels labels, Path data) {
    if (source.format().equals("templates")) {
      Templates templates = Templates.read(source.file(), labels, data);
      return new Corpus(
          source, labels, numbered(source, templates.conversations(source.records())));
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
              ? rows(source, labels, Rows.of(source, file, lines), names)
              : lines(source, labels, lines);
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
    return new Corpus(source, labels, held);
  }

  /**
   * The class that a record is scored by, or {@link Chunk#UNLABELLED}: its label. In a source
   * without labels it is the class that the teacher finds likeliest.
   */
  byte scored(Item item) {
    return source.label() == null ? item.likeliest() : item.label;
  }

  /** The chars of all texts together. */
  long length() {
    return conversations.stream()
        .flatMap(conversation -> conversation.items.stream())
        .mapToLong(item -> item.text.length())
        .sum();
  }

  /** Whether any of its records has a soft label. */
  boolean hasSoftLabels() {
    return conversations.stream()
        .flatMap(conversation -> conversation.items.stream())
        .anyMatch(item -> item.probabilities != null);
  }

  /** The classes that occur in its records' labels, one bit each. */
  long classes() {
    long classes = 0;
    for (Conversation conversation : conversations) {
      for (Item item : conversation.items) {
        classes |= item.label < 0 ? 0 : 1L << item.label;
      }
    }
    return classes;
  }

  /**
   * The factor of each class's loss: 1, or for a balanced source the inverse of the class's share,
   * such that the mean over records is 1. A record without a label counts for each class as much as
   * its probability.
   */
  float[] classWeights() {
    float[] weights = new float[labels.size()];
    Arrays.fill(weights, 1f);
    if (!source.balanced()) {
      return weights;
    }
    double[] counts = new double[weights.length];
    for (Conversation conversation : conversations) {
      for (Item item : conversation.items) {
        for (int k = 0; k < counts.length; k++) {
          counts[k] += part(item, k);
        }
      }
    }
    double classes = Arrays.stream(counts).filter(n -> n > 0).count();
    double all = Arrays.stream(counts).sum();
    for (int k = 0; k < weights.length; k++) {
      if (counts[k] > 0) {
        weights[k] = (float) (all / (classes * counts[k]));
      }
    }
    return weights;
  }

  /** How much a record belongs to a class: 0 to 1. */
  private static float part(Item item, int k) {
    if (item.label >= 0) {
      return item.label == k ? 1f : 0f;
    }
    return item.probabilities == null ? 0f : item.probabilities[k];
  }

  /**
   * The factor of a record's loss.
   *
   * @param classWeights of {@link #classWeights}
   */
  float weight(Item item, float[] classWeights) {
    if (!source.balanced()) {
      return source.weight();
    }
    float weight = 0;
    for (int k = 0; k < classWeights.length; k++) {
      weight += part(item, k) * classWeights[k];
    }
    return source.weight() * weight;
  }

  /** Each line is a conversation of its own; all lines of a book are one conversation. */
  private static Corpus lines(Recipe.Source source, Labels labels, BufferedReader lines)
      throws IOException {
    List<Item> items = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      items.add(new Item(line, Chunk.UNLABELLED));
    }
    if (source.format().equals("book") && !items.isEmpty()) {
      return new Corpus(source, labels, List.of(new Conversation(source.name(), items)));
    }
    return new Corpus(source, labels, numbered(source, items.stream().map(List::of).toList()));
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
  private static Corpus rows(Recipe.Source source, Labels labels, Rows rows, Set<String> names)
      throws IOException {
    List<Conversation> conversations = new ArrayList<>();
    String previousGroup = null;
    for (Rows.Row row = rows.next(); row != null; row = rows.next()) {
      if (!holds(source.where(), row)) {
        continue;
      }
      byte labelled =
          source.label() == null
              ? Chunk.UNLABELLED
              : label(source, labels, row.location(), row.value(source.label()));
      float[] probabilities =
          source.probabilities() == null ? null : probabilities(source, labels, row);
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
        items.add(
            new Item(
                row.value(source.text().get(i)),
                last ? labelled : Chunk.UNLABELLED,
                last ? probabilities : null));
      }
      if (source.mask() != null) {
        names.add(row.value(source.mask()).toLowerCase(Locale.ROOT));
      }
    }
    names.remove(""); // would match between any two spaces
    return new Corpus(source, labels, conversations);
  }

  private static boolean holds(Map<String, String> where, Rows.Row row) {
    return where.entrySet().stream()
        .allMatch(column -> column.getValue().equals(row.value(column.getKey())));
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
        items.add(new Item(text.toString(), item.label, item.probabilities));
      }
      masked.add(new Conversation(conversation.document, items));
    }
    return new Corpus(source, labels, masked);
  }

  /**
   * The class probabilities of a row, divided by their sum; null if all are empty.
   *
   * @throws RecipeException if they are not probabilities
   */
  private static float[] probabilities(Recipe.Source source, Labels labels, Rows.Row row) {
    List<String> columns = labels.names().stream().map(source.probabilities()::get).toList();
    if (columns.stream().allMatch(column -> row.value(column).isBlank())) {
      return null;
    }
    double[] values = new double[columns.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = probability(row, columns.get(k), columns);
    }
    double sum = Arrays.stream(values).sum();
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new RecipeException(
          "%s: columns %s must have a sum of 1 (at most 0.02 more or less), found %s"
              .formatted(
                  row.location(),
                  String.join(", ", columns),
                  Rows.shortened(String.join(" + ", columns.stream().map(row::value).toList()))));
    }
    float[] probabilities = new float[values.length];
    for (int k = 0; k < values.length; k++) {
      probabilities[k] = (float) (values[k] / sum);
    }
    return probabilities;
  }

  private static double probability(Rows.Row row, String column, List<String> columns) {
    String value = row.value(column);
    try {
      double probability = Double.parseDouble(value);
      if (probability >= 0 && probability <= 1) {
        return probability;
      }
    } catch (NumberFormatException e) {
      // the message below says so
    }
    throw new RecipeException(
        "%s: column %s must be a number from 0 to 1, or all of %s empty, found %s"
            .formatted(
                row.location(),
                column,
                String.join(", ", columns),
                value.isBlank() ? "none" : Rows.shortened(value)));
  }

  /**
   * The index of the class that a label stands for, or {@link Chunk#UNLABELLED}.
   *
   * @param labels of the recipe
   * @param location starts the error message
   * @throws RecipeException if the source does not know the label
   */
  static byte label(Recipe.Source source, Labels labels, String location, String value) {
    boolean same = source.labels().isEmpty(); // each label stands for itself
    String label = same ? value : source.labels().get(value);
    if (label != null && labels.indexOf(label) >= 0) {
      return (byte) labels.indexOf(label);
    }
    if (source.unlabelled().contains(value)) {
      return Chunk.UNLABELLED;
    }
    List<String> known = new ArrayList<>(same ? labels.names() : source.labels().keySet());
    known.addAll(source.unlabelled());
    throw new RecipeException(
        location
            + ": label must be one of "
            + String.join(", ", known)
            + ", found "
            + Rows.shortened(value));
  }
}
