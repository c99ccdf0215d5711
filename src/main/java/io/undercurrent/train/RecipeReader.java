package io.undercurrent.train;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.io.SmallFile;
import io.undercurrent.model.Labels;
import io.undercurrent.text.VocabularyBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a recipe: the YAML file, the changes of {@code --set}, the check of every key by {@link
 * RecipeKeys}, the rules about several keys at once. All errors are reported together.
 */
final class RecipeReader {

  /** Fills the records; whatever fails here is a mistake of ours. */
  private static final JsonMapper RECORDS =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private RecipeErrors errors = new RecipeErrors(List.of());
  private Labels labels; // of the recipe; null where they are not valid

  private RecipeReader() {}

  /**
   * Reads a file.
   *
   * @param changes YAML values by dotted key
   * @throws RecipeException with all errors
   */
  static Recipe read(Path file, Map<String, String> changes) {
    RecipeReader reader = new RecipeReader();
    Recipe recipe = reader.recipe(file, changes);
    reader.errors.throwIfAny(file);
    return recipe;
  }

  /** Null where there are errors. */
  private Recipe recipe(Path file, Map<String, String> changes) {
    YamlValue tree = YamlValue.read(text(file), null, errors);
    if (!errors.isEmpty()) {
      return null;
    }
    if (tree == null || !tree.isMapping()) {
      errors.add("", "must be a YAML mapping, found " + (tree == null ? "nothing" : tree.found()));
      return null;
    }
    changes.forEach((key, value) -> change(tree, key, value));
    if (!errors.isEmpty()) {
      return null;
    }
    List<String> parts =
        tree.mapping().containsKey("init")
            ? List.of("training")
            : List.of("model", "vocabulary", "training");
    for (String part : parts) {
      tree.mapping().putIfAbsent(part, YamlValue.emptyMapping(tree.location()));
    }
    YamlValue pretraining = tree.mapping().get("pretraining");
    if (pretraining != null && pretraining.isMapping()) {
      pretraining.mapping().putIfAbsent("training", YamlValue.emptyMapping(pretraining.location()));
    }
    tree.mapping().putIfAbsent("name", new YamlValue(tree.location(), Recipe.stem(file)));
    List<RecipeKey> keys = RecipeKeys.all(labelNames(tree.mapping().get("labels")));
    errors = new RecipeErrors(RecipeKeys.paths(keys)); // there were none
    Map<String, Object> values = RecipeKey.readAll(keys, "", tree, errors);
    labels = labels(tree, values);
    values.remove("valences"); // are in the labels
    values.put("labels", labels);
    rules(tree, values);
    if (!errors.isEmpty()) {
      return null;
    }
    Recipe recipe = RECORDS.convertValue(values, Recipe.class);
    if (recipe.model() != null) {
      checkNetwork(tree.mapping().get("model"), recipe);
    }
    return recipe;
  }

  private static String text(Path file) {
    try {
      byte[] bytes = SmallFile.read(file);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new RecipeException(file + ": must be UTF-8, found other bytes", e);
    } catch (SmallFile.TooLargeException e) {
      throw new RecipeException(file + ": " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new RecipeException(file + ": must be a recipe, found no such file", e);
    } catch (IOException e) {
      throw new RecipeException(file + ": must be a readable file, found: " + e, e);
    }
  }

  private void change(YamlValue tree, String key, String yaml) {
    String location = "--set " + key;
    YamlValue in = tree;
    String[] names = key.split("\\.", -1);
    for (int i = 0; i < names.length - 1; i++) {
      in = in.mapping().computeIfAbsent(names[i], name -> YamlValue.emptyMapping(location));
      if (!in.isMapping()) {
        errors.add(location, names[i] + " must be a mapping, found " + in.found());
        return;
      }
    }
    YamlValue value = YamlValue.read(yaml, location, errors);
    in.mapping()
        .put(names[names.length - 1], value == null ? new YamlValue(location, null) : value);
  }

  /** The names that sources may use: those that were given, also if one of them is not valid. */
  private static List<String> labelNames(YamlValue labels) {
    List<String> names =
        labels == null || !labels.isList()
            ? List.of()
            : labels.list().stream()
                .filter(name -> name.isScalar() && !name.text().isBlank())
                .map(YamlValue::text)
                .distinct()
                .toList();
    return names.isEmpty() ? Labels.SENTIMENT.names() : names;
  }

  /** The labels with their valences; null where they are not valid. */
  private Labels labels(YamlValue tree, Map<String, Object> values) {
    if (!tree.mapping().containsKey("labels")) {
      absent("", tree.mapping(), "valences", "labels is not given");
      return Labels.SENTIMENT;
    }
    if (!(values.get("labels") instanceof List<?> names) || names.contains(null)) {
      return null; // reported already
    }
    List<String> texts = names.stream().map(String.class::cast).toList();
    String location = tree.mapping().get("labels").location();
    try {
      Labels labels = Labels.of(texts, null);
      if (!tree.mapping().containsKey("valences")) {
        return labels;
      }
      location = tree.mapping().get("valences").location();
      if (values.get("valences") instanceof List<?> valences && !valences.contains(null)) {
        return Labels.of(texts, valences.stream().map(v -> ((Double) v).floatValue()).toList());
      }
    } catch (IllegalArgumentException e) {
      errors.add(location, e.getMessage());
    }
    return null; // reported already
  }

  private void rules(YamlValue tree, Map<String, Object> values) {
    YamlValue vocabulary = tree.mapping().get("vocabulary");
    if (tree.mapping().containsKey("init") && vocabulary != null) {
      errors.add(
          vocabulary.location(),
          "vocabulary must be left out where init is given, whose vocabulary is used");
    }
    List<String> trained = new ArrayList<>();
    eachSource("train", tree, trained);
    eachSource("dev", tree, new ArrayList<>());
    selecting(tree.mapping().containsKey("dev") ? "dev" : "train", tree);
    YamlValue pretraining = tree.mapping().get("pretraining");
    if (pretraining != null && pretraining.isMapping()) {
      eachSource("pretraining.train", pretraining, trained);
    }
    if (vocabulary != null && vocabulary.isMapping() && values.get("vocabulary") != null) {
      eachSource("vocabulary.sources", vocabulary, new ArrayList<>());
      vocabulary(vocabulary, map(values.get("vocabulary")), trained);
    }
    if (!tree.mapping().containsKey("dev")) {
      divisible(tree.mapping().get("train"));
    }
  }

  /** Checks the sources of a list and adds their names. */
  private void eachSource(String path, YamlValue in, List<String> names) {
    YamlValue list = in.mapping().get(path.substring(path.lastIndexOf('.') + 1));
    if (list == null || !list.isList()) {
      return;
    }
    for (int i = 0; i < list.list().size(); i++) {
      YamlValue source = list.list().get(i);
      if (source.isMapping()) {
        source(path + "[" + i + "].", source, names);
      }
    }
  }

  private void source(String path, YamlValue source, List<String> names) {
    Map<String, YamlValue> given = source.mapping();
    String file = scalar(source, "file");
    String name = scalar(source, "name");
    if (name != null || file != null) {
      names.add(name != null ? name : Recipe.stem(Path.of(file)));
    }
    String format = scalar(source, "format");
    if (format == null) {
      format = file == null ? "tsv" : Recipe.Source.formatOf(file);
    }
    if (List.of("lines", RecipeKeys.BOOK, RecipeKeys.TEMPLATES).contains(format)) {
      for (String column :
          List.of(
              "text",
              "label",
              "labels",
              "unlabelled",
              "conversation",
              "document",
              "where",
              "mask",
              "probabilities")) {
        absent(path, given, column, "format is " + format);
      }
    }
    differing(path + "probabilities", given.get("probabilities"));
    if (RecipeKeys.AUROC.equals(scalar(source, "metric"))) {
      ranking(path, given.get("metric"));
    }
    if (path.contains("train[")) {
      learning(path, given, format);
    } else {
      for (String key : List.of("temperature", "soft_weight", "weight", "repeat", "share")) {
        absent(path, given, key, "the source is not trained on");
      }
    }
    if (!format.equals(RecipeKeys.TEMPLATES)) {
      absent(path, given, "records", "format is " + format);
    } else {
      absent(path, given, "fold", "format is " + format);
    }
    YamlValue fold = given.get("fold");
    if (fold != null && fold.isMapping()) {
      fold(path + "fold", fold);
    }
  }

  /** The labels must have an order from bad to good for a metric that is about it. */
  private void ranking(String path, YamlValue metric) {
    if (labels != null
        && !(labels.valences().stream().anyMatch(valence -> valence < 0)
            && labels.valences().stream().anyMatch(valence -> valence > 0))) {
      errors.add(
          metric.location(),
          path
              + "metric must be another one where valences are not both below and above 0, found "
              + metric.found());
    }
  }

  /** The keys that say how a training source is learnt. */
  private void learning(String path, Map<String, YamlValue> given, String format) {
    if (!given.containsKey("probabilities")) {
      absent(path, given, "temperature", "probabilities is not given");
      absent(path, given, "soft_weight", "probabilities is not given");
    }
    if (given.containsKey("share")) {
      absent(path, given, "repeat", "share is given");
    }
    if (format.equals(RecipeKeys.BOOK)) {
      absent(path, given, "share", "format is " + format);
    }
  }

  /** Checks that no two of the values are the same column. */
  private void differing(String path, YamlValue columns) {
    Set<String> seen = new HashSet<>();
    if (columns != null && columns.isMapping()) {
      columns
          .mapping()
          .forEach(
              (key, column) -> {
                if (column.isScalar() && !seen.add(column.text())) {
                  errors.add(
                      column.location(),
                      path + "." + key + " must be a column of its own, found " + column.found());
                }
              });
    }
  }

  private void absent(String path, Map<String, YamlValue> given, String key, String where) {
    YamlValue value = given.get(key);
    if (value != null) {
      errors.add(
          value.location(),
          path + key + " must be left out where " + where + ", found " + value.found());
    }
  }

  private void fold(String path, YamlValue fold) {
    String only = scalar(fold, "only");
    String except = scalar(fold, "except");
    if ((only == null) == (except == null)) {
      errors.add(
          fold.location(),
          path + " must have either only or except, found " + (only == null ? "neither" : "both"));
    } else if (fold.mapping().containsKey("of")) {
      String key = only != null ? "only" : "except";
      Object of =
          KeyType.integer(2, 1_000_000)
              .read("", fold.mapping().get("of"), new RecipeErrors(List.of()));
      if (of != null) {
        KeyType.integer(0, (Long) of - 1).read(path + "." + key, fold.mapping().get(key), errors);
      }
    }
  }

  private void vocabulary(YamlValue vocabulary, Map<String, Object> values, List<String> trained) {
    Object type = values.get("type");
    if (type == null) {
      return; // reported already
    }
    if (!RecipeKeys.WORDS.equals(type)) {
      for (String key : List.of("min_documents", "sources", "uncounted")) {
        absent("vocabulary.", vocabulary.mapping(), key, "type is " + type);
      }
      if (RecipeKeys.BYTES.equals(type)) {
        absent("vocabulary.", vocabulary.mapping(), "size", "type is " + type);
      }
      return;
    }
    if (values.get("size") instanceof Long size && size < VocabularyBuilder.minSize()) {
      errors.add(
          vocabulary.mapping().get("size").location(),
          "vocabulary.size must be at least "
              + VocabularyBuilder.minSize()
              + " (what every vocabulary of words holds), found "
              + size);
    }
    if (values.get("uncounted") instanceof List<?> uncounted) {
      for (Object name : uncounted) {
        if (name != null && !trained.contains(name)) {
          errors.add(
              vocabulary.mapping().get("uncounted").location(),
              "vocabulary.uncounted must name training sources "
                  + String.join(", ", trained)
                  + ", found "
                  + name);
        }
      }
    }
  }

  /** Without dev sources, each training source must be one that can be divided. */
  private void divisible(YamlValue train) {
    if (train == null || !train.isList()) {
      return;
    }
    boolean any = false;
    for (YamlValue source : train.list()) {
      if (source.isMapping() && scalar(source, "file") != null) {
        String format = scalar(source, "format");
        format = format == null ? Recipe.Source.formatOf(scalar(source, "file")) : format;
        any |= Recipe.Source.isDivisible(format, source.mapping().containsKey("fold"));
      } else {
        return; // reported already
      }
    }
    if (!any && !train.list().isEmpty()) {
      errors.add(
          train.location(),
          "dev must be given where every training source is a book, made from templates or a fold,"
              + " found none");
    }
  }

  /**
   * At least one dev source must choose the epoch.
   *
   * @param key of the list of the dev sources
   */
  private void selecting(String key, YamlValue tree) {
    YamlValue sources = tree.mapping().get(key);
    if (sources == null || !sources.isList() || sources.list().isEmpty()) {
      return;
    }
    for (YamlValue source : sources.list()) {
      if (!source.isMapping() || !"false".equals(scalar(source, "selects"))) {
        return;
      }
    }
    errors.add(
        sources.location(),
        key + " must have a source with selects: true, which is the default, found none");
  }

  /** The network's own rules, which need the whole of it. */
  private void checkNetwork(YamlValue model, Recipe recipe) {
    try {
      recipe.config(recipe.vocabulary() == null ? 1 << 20 : recipe.vocabulary().size());
    } catch (IllegalArgumentException e) {
      errors.add(model.location(), "model." + e.getMessage());
    }
  }

  private static String scalar(YamlValue mapping, String key) {
    YamlValue value = mapping.mapping().get(key);
    return value != null && value.isScalar() && !value.text().isBlank() ? value.text() : null;
  }

  @SuppressWarnings("unchecked") // what a mapping's type reads
  private static Map<String, Object> map(Object values) {
    return (Map<String, Object>) values;
  }
}
