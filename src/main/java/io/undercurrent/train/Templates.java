package io.undercurrent.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Sentences made from templates: a YAML file with lists of words by slot, lists of templates by
 * class, and pairs of a positive and a negative template. For what data says too rarely, such as
 * double negation. Classes take turns; template and words are drawn with a fixed seed.
 *
 * @param slots words, which may have slots in them
 * @param pairs half of all sentences, where there are any; both of a pair get the same words
 */
record Templates(
    @JsonProperty(required = true) Map<String, List<String>> slots,
    @JsonProperty(required = true) Map<String, List<String>> templates,
    List<List<String>> pairs) {

  private static final String CLASSPATH = "classpath:";
  private static final Pattern SLOT = Pattern.compile("\\{([^{}]*)}");
  private static final String NEGATIVE = ModelConfig.SENTIMENT_LABELS.get(ModelConfig.NEGATIVE);
  private static final String POSITIVE = ModelConfig.SENTIMENT_LABELS.get(ModelConfig.POSITIVE);

  Templates {
    slots = Map.copyOf(slots);
    templates = new TreeMap<>(templates); // in the same order on every JVM
    pairs = pairs == null ? List.of() : List.copyOf(pairs);
    Set<String> sound = new HashSet<>();
    for (String slot : slots.keySet()) {
      requireNoCircle(slot, slots, Set.of(), sound);
    }
    for (List<String> words : slots.values()) {
      for (String word : words) {
        fill(word, slots, new SplittableRandom(0)); // also those that are seldom drawn
      }
    }
    for (Map.Entry<String, List<String>> of : templates.entrySet()) {
      if (!ModelConfig.SENTIMENT_LABELS.contains(of.getKey())) {
        throw new IllegalArgumentException(
            "templates must be of " + ModelConfig.SENTIMENT_LABELS + ", found " + of.getKey());
      }
      if (of.getValue().isEmpty()) {
        throw new IllegalArgumentException(
            "templates of " + of.getKey() + " must be at least one, found none");
      }
      for (String template : of.getValue()) {
        fill(template, slots, new SplittableRandom(0)); // every slot must be known
      }
    }
    for (List<String> pair : pairs) {
      if (pair.size() != 2) {
        throw new IllegalArgumentException(
            "pairs must be of a positive and a negative template, found " + pair);
      }
      for (String template : pair) {
        fill(template, slots, new SplittableRandom(0));
      }
    }
  }

  private static void requireNoCircle(
      String slot, Map<String, List<String>> slots, Set<String> around, Set<String> sound) {
    if (sound.contains(slot)) {
      return;
    }
    if (around.contains(slot)) {
      throw new IllegalArgumentException("slots must not be in themselves, found one in: " + slot);
    }
    Set<String> outer = new HashSet<>(around);
    outer.add(slot);
    for (String word : slots.getOrDefault(slot, List.of())) {
      SLOT.matcher(word)
          .results()
          .forEach(inner -> requireNoCircle(inner.group(1), slots, outer, sound));
    }
    sound.add(slot);
  }

  /**
   * Reads a file of templates.
   *
   * @param file under the data folder, or {@code classpath:} and a resource
   * @throws RecipeException if it is not as it must be
   */
  static Templates read(String file, Path data) {
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
        yaml = Files.readAllBytes(data.resolve(file));
      }
      return new YAMLMapper().readValue(yaml, Templates.class);
    } catch (JsonProcessingException e) {
      String why = e.getCause() == null ? e.getOriginalMessage() : e.getCause().getMessage();
      throw new RecipeException(
          file + ": must be templates, found: " + why.replaceAll("\\s+", " ").strip(), e);
    } catch (IOException e) {
      throw new RecipeException(file + ": cannot be read: " + e, e);
    }
  }

  /** {@code n} sentences with their labels, the same ones every time. */
  List<Item> sentences(int n) {
    SplittableRandom random = new SplittableRandom(n);
    List<String> classes = List.copyOf(templates.keySet());
    List<Item> sentences = new ArrayList<>();
    while (sentences.size() < n) {
      for (String label : classes) {
        add(sentences, label, draw(templates.get(label), random), random);
      }
      if (!pairs.isEmpty()) {
        List<String> pair = pairs.get(random.nextInt(pairs.size()));
        long words = random.nextLong();
        add(sentences, POSITIVE, pair.get(0), new SplittableRandom(words));
        add(sentences, NEGATIVE, pair.get(1), new SplittableRandom(words));
      }
    }
    return List.copyOf(sentences.subList(0, n));
  }

  private void add(List<Item> to, String label, String template, SplittableRandom random) {
    byte index = (byte) ModelConfig.SENTIMENT_LABELS.indexOf(label);
    to.add(new Item(fill(template, slots, random), index));
  }

  private static String draw(List<String> list, SplittableRandom random) {
    return list.get(random.nextInt(list.size()));
  }

  private static String fill(
      String template, Map<String, List<String>> slots, SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int at = 0;
    for (int open = template.indexOf('{'); open >= 0; open = template.indexOf('{', at)) {
      int close = template.indexOf('}', open);
      List<String> words = close < 0 ? null : slots.get(template.substring(open + 1, close));
      if (words == null || words.isEmpty()) {
        throw new IllegalArgumentException(
            "slots must have words for every {slot}, found none for one in: " + template);
      }
      text.append(template, at, open).append(fill(draw(words, random), slots, random));
      at = close + 1;
    }
    return text.append(template, at, template.length()).toString();
  }
}
