package io.undercurrent.train;

import io.undercurrent.io.OneLine;
import io.undercurrent.io.SmallFile;
import io.undercurrent.model.Labels;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Sentences and conversations made from templates, for patterns that are rare in data, such as
 * double negation. A YAML file has lists of words for slots, lists of templates for classes, and
 * pairs of a positive and a negative template. The classes take turns; templates and words are
 * drawn with a fixed seed. Immutable.
 *
 * <p>A template with {@code ||} between its turns makes a conversation. The class is that of its
 * last turn; the turns before it have no label.
 *
 * @param labels the classes that there may be templates for
 * @param slots words by slot; a word may contain slots, and turns
 * @param templates by class
 * @param pairs both templates of a pair get the same words; one pair follows each turn of the
 *     classes, if there are any. Only with the labels negative and positive
 * @param shares how many sentences of a class are made in its turn; 1 for a class that is not named
 * @param styles each conversation is written in one of them, drawn at random; none for as in the
 *     file
 */
record Templates(
    Labels labels,
    Map<String, List<String>> slots,
    Map<String, List<String>> templates,
    List<List<String>> pairs,
    Map<String, Long> shares,
    List<TextStyle> styles) {

  private static final String CLASSPATH = "classpath:";
  private static final Pattern TURNS = Pattern.compile("\\|\\|");

  /** Slots that are filled for one text, with those in words. */
  private static final int MAX_SLOTS = 1_000;

  /** Of a text. */
  private static final int MAX_CHARS = 10_000;

  /** Slots in one another, the outermost included. */
  private static final int MAX_DEPTH = 100;

  private static final KeyType TEXTS =
      new KeyType.ListOf("list of text", "a list of texts", 0, false, KeyType.ANY_TEXT);

  private static final List<RecipeKey> KEYS =
      List.of(
          RecipeKey.required("slots", new KeyType.MapOf(TEXTS), "Words by slot."),
          RecipeKey.required(
              "templates", new KeyType.MapOf(KeyType.texts(1)), "Templates by class."),
          RecipeKey.of(
              "pairs",
              new KeyType.ListOf("list of pairs", "a list of pairs", 0, false, TEXTS),
              List.of(),
              "Pairs of a positive and a negative template."),
          RecipeKey.of(
              "shares",
              new KeyType.MapOf(KeyType.integer(1, 100)),
              Map.of(),
              "Sentences of a class in its turn."),
          RecipeKey.of(
              "styles",
              new KeyType.ListOf(
                  "list of words",
                  "a list of styles",
                  0,
                  false,
                  KeyType.oneOf("written", "sentence", "bare", "typo")),
              List.of(),
              "How sentences are written."));

  Templates {
    slots = Map.copyOf(slots);
    templates = Collections.unmodifiableMap(new TreeMap<>(templates)); // one order in every JVM
    pairs = List.copyOf(pairs);
    shares = Map.copyOf(shares);
    styles = List.copyOf(styles);
    Map<String, Integer> depths = new HashMap<>();
    for (String slot : slots.keySet()) {
      depth(slot, slots, Set.of(), depths);
    }
    for (String label : templates.keySet()) {
      if (labels.indexOf(label) < 0) {
        throw new IllegalArgumentException(
            "templates must be for " + String.join(", ", labels.names()) + ", found " + label);
      }
    }
    for (String label : shares.keySet()) {
      if (!templates.containsKey(label)) {
        throw new IllegalArgumentException(
            "shares must be for classes with templates, found " + label);
      }
    }
    for (String label : List.of(Labels.POSITIVE, Labels.NEGATIVE)) {
      if (!pairs.isEmpty() && labels.indexOf(label) < 0) {
        throw new IllegalArgumentException(
            "pairs must be left out where no label is %s, found %d pairs and labels %s"
                .formatted(label, pairs.size(), String.join(", ", labels.names())));
      }
    }
    for (List<String> pair : pairs) {
      if (pair.size() != 2) {
        throw new IllegalArgumentException(
            "pairs must be a positive and a negative template, found " + pair);
      }
    }
    Map<String, List<String>> words = slots;
    SplittableRandom random = new SplittableRandom(0);
    slots.values().stream() // also rarely drawn ones
        .flatMap(List::stream)
        .forEach(word -> fill(word, words, random));
    Stream.of(templates.values(), pairs)
        .flatMap(Collection::stream)
        .flatMap(List::stream)
        .forEach(template -> turns(template, fill(template, words, random)));
  }

  /**
   * How many slots are in one another, from this one.
   *
   * @param outer the slots that this one is in
   * @param depths of the slots that were looked at before
   * @throws IllegalArgumentException if a slot contains itself, or too many are in one another
   */
  private static int depth(
      String slot,
      Map<String, List<String>> slots,
      Set<String> outer,
      Map<String, Integer> depths) {
    Integer known = depths.get(slot);
    if (known != null) {
      return known;
    }
    if (outer.contains(slot)) {
      throw new IllegalArgumentException("slots must not contain themselves, found " + slot);
    }
    Set<String> path = new HashSet<>(outer);
    path.add(slot);
    int depth = 1;
    if (path.size() <= MAX_DEPTH) {
      for (String word : slots.getOrDefault(slot, List.of())) {
        for (String inner : slotsIn(word)) {
          depth = Math.max(depth, 1 + depth(inner, slots, path, depths));
        }
      }
    }
    if (path.size() > MAX_DEPTH || depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "at most %d slots must be in one another, found more".formatted(MAX_DEPTH));
    }
    depths.put(slot, depth);
    return depth;
  }

  /** The names of the slots in a template, as {@link #fill} finds them. */
  private static List<String> slotsIn(String template) {
    List<String> names = new ArrayList<>();
    int open = template.indexOf('{');
    while (open >= 0) {
      int close = template.indexOf('}', open);
      if (close < 0) {
        break; // refused where it is filled
      }
      names.add(template.substring(open + 1, close));
      open = template.indexOf('{', close);
    }
    return names;
  }

  /**
   * Reads a file of templates.
   *
   * @param file under the data folder, or {@code classpath:} and a resource
   * @param labels of the recipe
   * @throws RecipeException if it cannot be read or is not valid
   */
  static Templates read(String file, Labels labels, Path data) {
    try {
      byte[] yaml;
      if (file.startsWith(CLASSPATH)) {
        String resource = "/" + file.substring(CLASSPATH.length());
        try (InputStream in = Templates.class.getResourceAsStream(resource)) {
          if (in == null) {
            throw new RecipeException(file + ": must be on the class path, found nothing there");
          }
          yaml = in.readAllBytes();
        }
      } else {
        yaml = SmallFile.read(data.resolve(file));
      }
      return of(file, labels, new String(yaml, StandardCharsets.UTF_8));
    } catch (SmallFile.TooLargeException e) {
      throw new RecipeException(file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new RecipeException(file + ": cannot be read: " + e, e);
    }
  }

  @SuppressWarnings("unchecked") // the types of KEYS
  private static Templates of(String file, Labels labels, String yaml) {
    RecipeErrors errors = new RecipeErrors(List.of());
    YamlValue tree = YamlValue.read(yaml, null, errors);
    errors.throwIfAny(file);
    if (tree == null || !tree.isMapping()) {
      throw new RecipeException(
          file + ": must be a YAML mapping, found " + (tree == null ? "nothing" : tree.found()));
    }
    Map<String, Object> values = RecipeKey.readAll(KEYS, "", tree, errors);
    errors.throwIfAny(file);
    try {
      return new Templates(
          labels,
          (Map<String, List<String>>) values.get("slots"),
          (Map<String, List<String>>) values.get("templates"),
          (List<List<String>>) values.get("pairs"),
          (Map<String, Long>) values.get("shares"),
          ((List<String>) values.get("styles"))
              .stream().map(style -> TextStyle.valueOf(style.toUpperCase(Locale.ROOT))).toList());
    } catch (IllegalArgumentException e) {
      throw new RecipeException(file + ": " + OneLine.of(e.getMessage()), e);
    }
  }

  /** {@code n} conversations, most often of one record each; the same for every call. */
  List<List<Item>> conversations(int n) {
    SplittableRandom random = new SplittableRandom(n);
    List<String> classes = List.copyOf(templates.keySet());
    List<List<Item>> made = new ArrayList<>();
    while (made.size() < n) {
      for (String label : classes) {
        for (long i = shares.getOrDefault(label, 1L); i > 0; i--) {
          made.add(conversation(label, draw(templates.get(label), random), random));
        }
      }
      if (!pairs.isEmpty()) {
        List<String> pair = draw(pairs, random);
        long words = random.nextLong();
        made.add(conversation(Labels.POSITIVE, pair.get(0), new SplittableRandom(words)));
        made.add(conversation(Labels.NEGATIVE, pair.get(1), new SplittableRandom(words)));
      }
    }
    return List.copyOf(made.subList(0, n));
  }

  private List<Item> conversation(String label, String template, SplittableRandom random) {
    byte index = (byte) labels.indexOf(label);
    TextStyle style = styles.isEmpty() ? TextStyle.WRITTEN : draw(styles, random);
    List<String> turns = turns(template, fill(template, slots, random));
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      boolean last = i == turns.size() - 1;
      items.add(new Item(style.apply(turns.get(i), random), last ? index : Chunk.UNLABELLED));
    }
    return List.copyOf(items);
  }

  private static List<String> turns(String template, String filled) {
    List<String> turns = TURNS.splitAsStream(filled + " ").map(String::trim).toList();
    if (turns.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException(
          "every turn of a conversation must have text, found an empty one in: " + template);
    }
    return turns;
  }

  private static <T> T draw(List<T> list, SplittableRandom random) {
    return list.get(random.nextInt(list.size()));
  }

  /**
   * Puts words into a template's slots.
   *
   * @throws IllegalArgumentException if a slot has no words, or the slots in the words would make
   *     the text huge
   */
  private static String fill(
      String template, Map<String, List<String>> slots, SplittableRandom random) {
    return new Filling(slots, random).fill(template);
  }

  /** One text. Slots in words multiply: ten slots of ten slots each, and so on. */
  private static final class Filling {
    private final Map<String, List<String>> slots;
    private final SplittableRandom random;
    private int filled;

    Filling(Map<String, List<String>> slots, SplittableRandom random) {
      this.slots = slots;
      this.random = random;
    }

    String fill(String template) {
      StringBuilder text = new StringBuilder();
      int at = 0;
      for (int open = template.indexOf('{'); open >= 0; open = template.indexOf('{', at)) {
        int close = template.indexOf('}', open);
        List<String> words = close < 0 ? null : slots.get(template.substring(open + 1, close));
        if (words == null || words.isEmpty()) {
          throw new IllegalArgumentException(
              "every {slot} must have words, found none for a slot in: " + template);
        }
        if (++filled > MAX_SLOTS) {
          throw new IllegalArgumentException(
              "a template must have at most %,d slots, with those in its words, found more in: %s"
                  .formatted(MAX_SLOTS, template));
        }
        append(template, at, open, text);
        String word = fill(draw(words, random));
        append(word, 0, word.length(), text);
        at = close + 1;
      }
      append(template, at, template.length(), text);
      return text.toString();
    }

    private static void append(String part, int from, int to, StringBuilder text) {
      if (text.length() + to - from > MAX_CHARS) {
        throw new IllegalArgumentException(
            "a template must make at most %,d characters, found more with: %s"
                .formatted(MAX_CHARS, part));
      }
      text.append(part, from, to);
    }
  }
}
