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
import java.util.stream.Stream;

/**
 * The records of one source, as text.
 *
 * @param conversations records that follow one another; most are of one record
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
      List<Item> made = Templates.read(source.file(), data).sentences(source.records());
      return new Corpus(source, alone(source, made));
    }
    Path file = data.resolve(source.file());
    if (!Files.isRegularFile(file)) {
      throw new RecipeException(
          file + ": must be the data of source " + source.name() + ", found no such file");
    }
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      Corpus corpus =
          source.format().equals("tsv") ? tsv(source, file, lines) : lines(source, lines);
      if (corpus.conversations.isEmpty()) {
        throw new RecipeException(file + ": must have at least one record, found none");
      }
      corpus = corpus.fold();
      return source.mask() == null ? corpus : corpus.masked(names(source, file));
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
              + ": its fold must hold conversations, found none of "
              + conversations.size());
    }
    return new Corpus(source, held);
  }

  /** What each class's loss is multiplied by: 1, or the inverse of its share where balanced. */
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

  /** Every line a conversation of its own, or all one, as the format says. */
  private static Corpus lines(Recipe.Source source, BufferedReader lines) throws IOException {
    List<Item> items = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      items.add(new Item(line, Chunk.UNLABELLED));
    }
    if (source.format().equals("book") && !items.isEmpty()) {
      return new Corpus(source, List.of(new Conversation(source.name(), items)));
    }
    return new Corpus(source, alone(source, items));
  }

  private static List<Conversation> alone(Recipe.Source source, List<Item> items) {
    List<Conversation> conversations = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      conversations.add(new Conversation(source.name() + ":" + (i + 1), List.of(items.get(i))));
    }
    return conversations;
  }

  private static Corpus tsv(Recipe.Source source, Path file, BufferedReader lines)
      throws IOException {
    String first = lines.readLine();
    if (first == null) {
      throw new RecipeException(file + ": must start with a header line, found an empty file");
    }
    List<String> header = Arrays.asList(first.split("\t", -1));
    int[] texts = source.text().stream().mapToInt(c -> column(file, header, c)).toArray();
    int label = source.label() == null ? -1 : column(file, header, source.label());
    int group = source.conversation() == null ? -1 : column(file, header, source.conversation());
    int document = source.document() == null ? -1 : column(file, header, source.document());

    List<Conversation> conversations = new ArrayList<>();
    String previousGroup = null;
    int row = 1;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      row++;
      String[] cells = line.split("\t", -1);
      if (cells.length != header.size()) {
        throw new RecipeException(
            file
                + ": row "
                + row
                + ": must have "
                + header.size()
                + " columns, found "
                + cells.length);
      }
      byte labelled = label < 0 ? Chunk.UNLABELLED : label(source, file, row, cells[label]);
      if (group < 0 || !cells[group].equals(previousGroup)) {
        String name =
            source.name()
                + ":"
                + (document >= 0 ? cells[document] : group >= 0 ? cells[group] : row);
        conversations.add(new Conversation(name, new ArrayList<>()));
        previousGroup = group < 0 ? null : cells[group];
      }
      List<Item> items = conversations.get(conversations.size() - 1).items;
      for (int i = 0; i < texts.length; i++) {
        boolean last = i == texts.length - 1;
        items.add(new Item(cells[texts[i]], last ? labelled : Chunk.UNLABELLED));
      }
    }
    return new Corpus(source, conversations);
  }

  private static Set<String> names(Recipe.Source source, Path file) throws IOException {
    try (Stream<String> rows = Files.lines(file)) {
      int[] column = {-1};
      Set<String> names = new HashSet<>();
      rows.forEach(
          row -> {
            List<String> cells = Arrays.asList(row.split("\t", -1));
            if (column[0] < 0) {
              column[0] = column(file, cells, source.mask());
            } else {
              names.add(cells.get(column[0]).toLowerCase(Locale.ROOT));
            }
          });
      names.remove(""); // stands in every text, between two spaces
      return names;
    }
  }

  /** The same texts with every nickname, alone or before punctuation, turned into a mention. */
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

  private static int column(Path file, List<String> header, String name) {
    int column = header.indexOf(name);
    if (column < 0) {
      throw new RecipeException(file + ": must have a column " + name + ", found " + header);
    }
    return column;
  }

  private static byte label(Recipe.Source source, Path file, int row, String value) {
    String label = source.labels().get(value);
    if (label != null) {
      return (byte) ModelConfig.SENTIMENT_LABELS.indexOf(label);
    }
    if (source.unlabelled().contains(value)) {
      return Chunk.UNLABELLED;
    }
    throw new RecipeException(
        file
            + ": row "
            + row
            + ": label must be one of "
            + source.labels().keySet().stream().sorted().toList()
            + " or unlabelled "
            + source.unlabelled()
            + ", found "
            + value);
  }
}
