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
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Sentences made from templates: a YAML file with lists of words by slot, and lists of templates by
 * class. For what data says too rarely, such as double negation. Classes take turns; template and
 * words are drawn with a fixed seed.
 */
record Templates(
    @JsonProperty(required = true) Map<String, List<String>> slots,
    @JsonProperty(required = true) Map<String, List<String>> templates) {

  private static final String CLASSPATH = "classpath:";

  Templates {
    slots = Map.copyOf(slots);
    templates = new TreeMap<>(templates); // in the same order on every JVM
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
    for (int i = 0; i < n; i++) {
      String label = classes.get(i % classes.size());
      String template = draw(templates.get(label), random);
      sentences.add(
          new Item(
              fill(template, slots, random), (byte) ModelConfig.SENTIMENT_LABELS.indexOf(label)));
    }
    return sentences;
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
      text.append(template, at, open).append(draw(words, random));
      at = close + 1;
    }
    return text.append(template, at, template.length()).toString();
  }
}
