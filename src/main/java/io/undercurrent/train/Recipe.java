package io.undercurrent.train;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.undercurrent.model.Kind;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.text.ByteTokenizer;
import io.undercurrent.text.VocabularyBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Everything that decides a training run but the data itself: what {@code config/train/*.yaml}
 * says. The same recipe, data, machine, JDK and number of threads give the same checkpoint.
 *
 * @param init a checkpoint to start from, as {@code --model} takes one: its vocabulary and weights,
 *     and its configuration where there is no {@code model}; of another network those tensors are
 *     taken whose names and shapes agree. Or null for {@code model}, {@code vocabulary} and random
 *     weights
 * @param pretraining what is learnt before the main training, or null: language modelling on much
 *     text without labels (Dai and Le 2015; Howard and Ruder 2018)
 */
public record Recipe(
    @JsonProperty(required = true) String name,
    @JsonProperty(required = true) long seed,
    String init,
    Network model,
    Vocabulary vocabulary,
    Stage pretraining,
    @JsonProperty(required = true) Training training,
    @JsonProperty(required = true) List<Source> train,
    @JsonProperty(required = true) List<Source> dev) {

  /** What a run does before its main training: other sources, learnt in another way. */
  public record Stage(
      @JsonProperty(required = true) Training training,
      @JsonProperty(required = true) List<Source> train) {

    public Stage {
      training.check("pretraining.");
      Recipe.check(!train.isEmpty(), "pretraining.train must name at least one source, found none");
      train = List.copyOf(train);
    }
  }

  /**
   * The next-token head: clusters of rarer tokens.
   *
   * @param cutoffs first token of each cluster; those past the vocabulary are left out
   */
  public record NextToken(
      @JsonProperty(required = true) List<Integer> cutoffs,
      @JsonProperty(value = "div_value", required = true) int divValue) {}

  /** Attention over a key's past records, as in {@code config.json}. */
  public record Attention(
      @JsonProperty(required = true) int records, @JsonProperty(required = true) int size) {}

  /** The continuous cache, as in {@code config.json}. */
  public record Cache(
      @JsonProperty(required = true) int tokens,
      @JsonProperty(required = true) float theta,
      @JsonProperty(required = true) float lambda) {}

  /**
   * The shape of the network, as in {@code config.json}.
   *
   * @param window tokens that an {@code ffnn} sees; 1 where it is not given
   * @param attention over past records; none where it is not given
   * @param cache of next tokens, which training has no part in; none where it is not given
   */
  public record Network(
      @JsonProperty(required = true) String kind,
      @JsonProperty(value = "embedding_size", required = true) int embeddingSize,
      @JsonProperty(value = "hidden_size", required = true) int hiddenSize,
      @JsonProperty(value = "num_layers", required = true) int numLayers,
      Integer window,
      @JsonProperty(required = true) String pooling,
      @JsonProperty("next_token") NextToken nextToken,
      @JsonProperty("tie_weights") Boolean tieWeights,
      Attention attention,
      Cache cache) {

    public Network {
      window = window == null ? 1 : window;
      tieWeights = tieWeights != null && tieWeights;
    }
  }

  /**
   * Which tokens the model knows.
   *
   * @param type {@code words} (the default), counted in the sources; {@code whitespace}, for text
   *     whose tokens stand between spaces already: of what follows only a size; or {@code bytes},
   *     which need no counting and take none of it
   * @param size V at most, markers included
   * @param minDocuments documents (or authors) that must use a word
   * @param sources counted beside the training sources
   * @param uncounted names of training sources that are not counted: phrases cut from one sentence
   *     are not many documents
   */
  public record Vocabulary(
      String type,
      Integer size,
      @JsonProperty("min_documents") Integer minDocuments,
      List<Source> sources,
      List<String> uncounted) {

    private static final String BYTES = "bytes";
    private static final String WHITESPACE = "whitespace";

    public Vocabulary {
      type = type == null ? "words" : type;
      check(
          List.of("words", WHITESPACE, BYTES).contains(type),
          "type must be words, whitespace or bytes, found " + type);
      if (type.equals(BYTES)) {
        absent(type, "size", size);
      }
      if (!type.equals("words")) {
        absent(type, "min_documents", minDocuments);
        absent(type, "sources", sources);
        absent(type, "uncounted", uncounted);
      }
      if (type.equals(WHITESPACE)) {
        check(size != null, "size must be given for whitespace, found none");
        range("size", size, 2, 1 << 20);
      }
      if (type.equals("words")) {
        check(size != null, "size must be given for words, found none");
        check(minDocuments != null, "min_documents must be given for words, found none");
        range("size", size, 1, 1 << 20);
        range("min_documents", minDocuments, 1, VocabularyBuilder.MAX_MIN_DOCUMENTS);
        new VocabularyBuilder.Settings(size, minDocuments); // what every vocabulary holds must fit
      }
      sources = sources == null ? List.of() : List.copyOf(sources);
      uncounted = uncounted == null ? List.of() : List.copyOf(uncounted);
    }

    private static void absent(String type, String key, Object value) {
      check(value == null, key + " must be left out where type is " + type + ", found " + value);
    }

    boolean ofTokens() {
      return type.equals(WHITESPACE);
    }

    boolean ofBytes() {
      return type.equals(BYTES);
    }

    /** V at most. */
    int maxSize() {
      return ofBytes() ? ByteTokenizer.SIZE : size;
    }
  }

  /**
   * How it learns.
   *
   * @param epochs passes over the training sources at most
   * @param patience epochs without a better dev score before it stops
   * @param batchSize B, streams read side by side, over all threads
   * @param bptt T, steps of one chunk
   * @param clipGradNorm the global norm that gradients are scaled down to
   * @param freshShare how often a conversation starts from the initial state, not from a carried
   *     one
   * @param nextTokenShare the share of positions whose next token is learnt in each chunk
   * @param maxTokens tokens read of a record
   * @param optimizer {@code adam} (the default) or {@code sgd}
   * @param schedule of the learning rate: {@code linear}, down to a fiftieth (the default), or
   *     {@code constant}
   * @param weightDecay decoupled: weights shrink by the learning rate times this at each step
   * @param averaging dev scores without a better one after which the parameters that are scored and
   *     kept are the mean over all steps from there on (Polyak and Juditsky 1992; the trigger of
   *     Merity et al. 2018); 0 for never
   * @param dropoutWords probability that a word is left out of a row's input for a whole chunk
   * @param weightDropout probability that a recurrent weight is left out for a whole chunk (Wan et
   *     al. 2013; Merity et al. 2018)
   */
  public record Training(
      @JsonProperty(required = true) int epochs,
      @JsonProperty(required = true) int patience,
      @JsonProperty(value = "batch_size", required = true) int batchSize,
      @JsonProperty(required = true) int bptt,
      @JsonProperty(value = "learning_rate", required = true) float learningRate,
      @JsonProperty(value = "clip_grad_norm", required = true) float clipGradNorm,
      @JsonProperty(value = "dropout_embedding", required = true) float dropoutEmbedding,
      @JsonProperty(value = "dropout_output", required = true) float dropoutOutput,
      @JsonProperty(value = "dropout_features", required = true) float dropoutFeatures,
      @JsonProperty(value = "fresh_share", required = true) double freshShare,
      @JsonProperty(value = "sentiment_weight", required = true) float sentimentWeight,
      @JsonProperty(value = "next_token_weight", required = true) float nextTokenWeight,
      @JsonProperty(value = "next_token_share", required = true) double nextTokenShare,
      @JsonProperty(value = "max_tokens", required = true) int maxTokens,
      String optimizer,
      String schedule,
      @JsonProperty("weight_decay") Float weightDecay,
      Integer averaging,
      @JsonProperty("dropout_words") Float dropoutWords,
      @JsonProperty("weight_dropout") Float weightDropout) {

    public Training {
      optimizer = optimizer == null ? "adam" : optimizer;
      schedule = schedule == null ? "linear" : schedule;
      weightDecay = weightDecay == null ? 0f : weightDecay;
      averaging = averaging == null ? 0 : averaging;
      dropoutWords = dropoutWords == null ? 0f : dropoutWords;
      weightDropout = weightDropout == null ? 0f : weightDropout;
    }

    private void check(String in) {
      String at = in + "training.";
      range(at + "epochs", epochs, 1, 10_000);
      range(at + "patience", patience, 1, 10_000);
      range(at + "batch_size", batchSize, 1, 4096);
      range(at + "bptt", bptt, 1, 4096);
      range(at + "max_tokens", maxTokens, 1, 65_536);
      range(at + "learning_rate", learningRate, 1e-9, 100);
      range(at + "clip_grad_norm", clipGradNorm, 1e-9, 1e9);
      range(at + "dropout_embedding", dropoutEmbedding, 0, 0.95);
      range(at + "dropout_output", dropoutOutput, 0, 0.95);
      range(at + "dropout_features", dropoutFeatures, 0, 0.95);
      range(at + "dropout_words", dropoutWords, 0, 0.95);
      range(at + "weight_dropout", weightDropout, 0, 0.95);
      range(at + "fresh_share", freshShare, 0, 1);
      range(at + "sentiment_weight", sentimentWeight, 0, 1e6);
      range(at + "next_token_weight", nextTokenWeight, 0, 1e6);
      range(at + "next_token_share", nextTokenShare, 0, 1);
      range(at + "weight_decay", weightDecay, 0, 1);
      range(at + "averaging", averaging, 0, 10_000);
      Recipe.check(
          List.of("adam", "sgd").contains(optimizer),
          at + "optimizer must be adam or sgd, found " + optimizer);
      Recipe.check(
          List.of("linear", "constant").contains(schedule),
          at + "schedule must be linear or constant, found " + schedule);
    }
  }

  /**
   * A share of a source's conversations, counted from 0: every {@code of}th, or all others. So a
   * file without a dev split is divided once and for all.
   *
   * @param only conversations n with n mod {@code of} equal to this, or null
   * @param except conversations but these, or null
   */
  public record Fold(@JsonProperty(required = true) int of, Integer only, Integer except) {

    public Fold {
      range("fold.of", of, 2, 1_000_000);
      check(
          (only == null) != (except == null),
          "fold must have either only or except, found " + (only == null ? "neither" : "both"));
      range(only != null ? "fold.only" : "fold.except", only != null ? only : except, 0, of - 1);
    }

    boolean holds(int conversation) {
      return only != null ? conversation % of == only : conversation % of != except;
    }
  }

  /**
   * A file of records under the data folder.
   *
   * @param format {@code tsv} with one header line (the default), or {@code jsonl}: a JSON object a
   *     line, its top-level fields the columns, or {@code lines}: a text a line, or {@code book}:
   *     lines that follow one another, whole, without labels; {@code topic} is a {@link Snapshot}'s
   * @param text the column of the text; several are the turns of one conversation, the last
   *     labelled
   * @param label the column of the label, or null for text without labels
   * @param labels label values and the classes they stand for, in the order of the values: a
   *     stopped run knows its recipe by its text
   * @param unlabelled label values that stand for no class: their text is read, not scored
   * @param conversation the column whose equal neighbours are one conversation, or null
   * @param document the column that tells documents or authors apart, or null: every row is one
   * @param mask a column of nicknames, or null: wherever one stands in a text, a mention is read
   * @param cased whether capital letters mean something in it
   * @param balanced whether each class weighs the same in the loss, however few its records
   * @param records how many sentences are made from templates
   * @param fold a share of the conversations, or null for all
   * @param metric what counts in dev: {@code accuracy} (the default), {@code macro_recall}, {@code
   *     macro_f1}, or {@code bits_per_token} (the default without labels), the only one that needs
   *     no labels
   * @param ends whether perplexity counts ends of records as tokens, as is the custom with PTB
   */
  public record Source(
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) String file,
      String format,
      @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) List<String> text,
      String label,
      Map<String, String> labels,
      List<String> unlabelled,
      String conversation,
      String document,
      String mask,
      Boolean cased,
      Boolean balanced,
      Fold fold,
      Integer records,
      String metric,
      Boolean ends) {

    static final String BITS_PER_TOKEN = "bits_per_token";

    private static final List<String> COLUMNED = List.of("tsv", "jsonl", Snapshot.FORMAT);
    private static final List<String> PLAIN = List.of("lines", "book", "templates");
    private static final List<String> METRICS =
        List.of("accuracy", "macro_recall", "macro_f1", "weighted_f1", BITS_PER_TOKEN);

    public Source {
      format = format == null ? "tsv" : format;
      check(
          COLUMNED.contains(format) || PLAIN.contains(format),
          name + ".format must be tsv, jsonl, lines, book or templates, found " + format);
      if (PLAIN.contains(format)) {
        absent(format, name + ".text", text);
        absent(format, name + ".label", label);
        absent(format, name + ".labels", labels);
        absent(format, name + ".unlabelled", unlabelled);
        absent(format, name + ".conversation", conversation);
        absent(format, name + ".document", document);
        absent(format, name + ".mask", mask);
      }
      if (format.equals("templates")) {
        check(records != null, name + ".records must be given for templates, found none");
        range(name + ".records", records, 1, 10_000_000);
      } else {
        absent(format, name + ".records", records);
      }
      text = text == null ? List.of("text") : List.copyOf(text);
      labels = Collections.unmodifiableMap(labels == null ? Map.of() : new TreeMap<>(labels));
      unlabelled = unlabelled == null ? List.of() : List.copyOf(unlabelled);
      cased = cased == null || cased;
      balanced = balanced != null && balanced;
      metric = metric == null ? (label == null ? BITS_PER_TOKEN : "accuracy") : metric;
      ends = ends != null && ends;
      check(
          METRICS.contains(metric),
          name
              + ".metric must be accuracy, macro_recall, macro_f1, weighted_f1 or bits_per_token, found "
              + metric);
      check(!text.isEmpty(), name + ".text must name a column, found none");
      for (String c : labels.values()) {
        check(
            ModelConfig.SENTIMENT_LABELS.contains(c),
            name + ".labels must map to " + ModelConfig.SENTIMENT_LABELS + ", found " + c);
      }
    }

    private static void absent(String format, String key, Object value) {
      check(
          value == null, key + " must be left out where format is " + format + ", found " + value);
    }

    /** Whether its rows have named values. */
    boolean hasColumns() {
      return COLUMNED.contains(format);
    }

    /** Whether it is scored by surprise, not by sentiment. */
    boolean byBits() {
      return metric.equals(BITS_PER_TOKEN);
    }
  }

  public Recipe {
    training.check("");
    List<String> parts = new ArrayList<>();
    if (init != null) {
      parts.add("init");
    }
    if (model != null) {
      parts.add("model");
    }
    if (vocabulary != null) {
      parts.add("vocabulary");
    }
    check(
        init == null ? model != null && vocabulary != null : vocabulary == null,
        "a recipe must have either init, or model and vocabulary, found "
            + (parts.isEmpty() ? "neither" : String.join(", ", parts)));
    List<Source> all = new ArrayList<>(train);
    if (pretraining != null) {
      all.addAll(pretraining.train);
    }
    if (model != null) {
      config(name, model, vocabulary == null ? 1 << 20 : vocabulary.maxSize());
    }
    for (String uncounted : vocabulary == null ? List.<String>of() : vocabulary.uncounted) {
      check(
          all.stream().anyMatch(source -> source.name.equals(uncounted)),
          "vocabulary.uncounted must name training sources, found " + uncounted);
    }
    check(!train.isEmpty(), "train must name at least one source, found none");
    check(!dev.isEmpty(), "dev must name at least one source, found none");
    train = List.copyOf(train);
    dev = List.copyOf(dev);
  }

  private static void range(String key, double value, double least, double most) {
    check(
        (float) value >= (float) least && (float) value <= (float) most, // most values are floats
        key + " must be " + text(least) + " to " + text(most) + ", found " + text(value));
  }

  private static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e18
        ? Long.toString((long) value)
        : Float.toString((float) value);
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * Reads a recipe.
   *
   * @throws RecipeException if the file cannot be read or a value in it is not as it must be
   */
  public static Recipe read(Path file) {
    return read(file, Map.of());
  }

  /**
   * Reads a recipe with some values changed.
   *
   * @param changes YAML values by dotted key: {@code model.kind} to {@code gru}
   * @throws RecipeException if the file cannot be read or a value in it is not as it must be
   */
  public static Recipe read(Path file, Map<String, String> changes) {
    YAMLMapper yaml =
        YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();
    try {
      JsonNode tree = yaml.readTree(Files.readAllBytes(file));
      if (!tree.isObject()) {
        throw new RecipeException(file + ": must be a YAML mapping, found " + tree.getNodeType());
      }
      for (Map.Entry<String, String> change : changes.entrySet()) {
        change((ObjectNode) tree, change.getKey(), yaml.readTree(change.getValue()));
      }
      requireValues(file + ": ", tree);
      return yaml.treeToValue(tree, Recipe.class);
    } catch (JsonMappingException e) {
      String path =
          e.getPath().stream()
              .map(r -> r.getFieldName() != null ? r.getFieldName() : "[" + r.getIndex() + "]")
              .collect(Collectors.joining("."));
      Throwable cause = e.getCause() instanceof IllegalArgumentException c ? c : e;
      String why =
          cause instanceof JsonProcessingException p ? p.getOriginalMessage() : cause.getMessage();
      throw new RecipeException(
          file + ": " + (path.isEmpty() ? "" : path + ": ") + oneLine(why), e);
    } catch (JsonProcessingException e) {
      throw new RecipeException(
          file + ": must be YAML, found: " + oneLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new RecipeException(file + ": must be a readable recipe, found: " + e, e);
    }
  }

  private static void change(ObjectNode tree, String key, JsonNode value) {
    int dot = key.indexOf('.');
    if (dot < 0) {
      tree.set(key, value);
      return;
    }
    String parent = key.substring(0, dot);
    JsonNode child = tree.path(parent);
    if (!child.isMissingNode() && !child.isObject()) {
      throw new RecipeException(
          "--set " + key + " must name a value inside mappings, found that " + parent + " is none");
    }
    change(
        child.isObject() ? (ObjectNode) child : tree.putObject(parent),
        key.substring(dot + 1),
        value);
  }

  /** What may be missing is left out; a key without a value is a mistake. */
  private static void requireValues(String path, JsonNode tree) {
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      String key = path + field.getKey();
      if (field.getValue().isNull()) {
        throw new RecipeException(key + " must have a value, found none");
      }
      requireValues(key + ".", field.getValue());
    }
    for (int i = 0; tree.isArray() && i < tree.size(); i++) {
      if (tree.get(i).isNull()) {
        throw new RecipeException(path + "[" + i + "] must have a value, found none");
      }
      requireValues(path + "[" + i + "].", tree.get(i));
    }
  }

  /** YAML's errors show the place on lines of their own. */
  private static String oneLine(String text) {
    return text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
  }

  /** The same recipe with other sources in the main training. */
  Recipe withTrain(List<Source> train) {
    Vocabulary counted = vocabulary;
    if (vocabulary != null && !vocabulary.uncounted.isEmpty()) {
      Set<String> names = train.stream().map(Source::name).collect(Collectors.toSet());
      if (pretraining != null) {
        pretraining.train.forEach(source -> names.add(source.name));
      }
      counted =
          new Vocabulary(
              vocabulary.type,
              vocabulary.size,
              vocabulary.minDocuments,
              vocabulary.sources,
              vocabulary.uncounted.stream().filter(names::contains).toList());
    }
    return new Recipe(name, seed, init, model, counted, pretraining, training, train, dev);
  }

  /** What a run does, in order. */
  List<Stage> stages() {
    Stage main = new Stage(training, train);
    return pretraining == null ? List.of(main) : List.of(pretraining, main);
  }

  /** The network's configuration for a vocabulary of the given size. */
  ModelConfig config(int vocabSize) {
    return config(name, model, vocabSize);
  }

  private static ModelConfig config(String name, Network model, int vocabSize) {
    check(
        model.pooling.equals("concat") || model.pooling.equals("last"),
        "model.pooling must be concat or last, found " + model.pooling);
    return new ModelConfig(
        name,
        Kind.of(model.kind),
        vocabSize,
        model.embeddingSize,
        model.hiddenSize,
        model.numLayers,
        model.window,
        Pooling.valueOf(model.pooling.toUpperCase(Locale.ROOT)),
        nextToken(model, vocabSize),
        model.attention == null
            ? ModelConfig.Attention.NONE
            : new ModelConfig.Attention(model.attention.records, model.attention.size),
        model.cache == null
            ? ModelConfig.Cache.NONE
            : new ModelConfig.Cache(model.cache.tokens, model.cache.theta, model.cache.lambda));
  }

  private static ModelConfig.NextToken nextToken(Network model, int vocabSize) {
    if (model.nextToken == null) {
      return new ModelConfig.NextToken(
          List.of(), ModelConfig.NextToken.FULL.divValue(), model.tieWeights);
    }
    List<Integer> cutoffs =
        model.nextToken.cutoffs.stream().filter(cutoff -> cutoff < vocabSize).toList();
    return new ModelConfig.NextToken(cutoffs, model.nextToken.divValue, model.tieWeights);
  }
}
