package io.undercurrent.train;

import io.undercurrent.model.CellType;
import io.undercurrent.model.Labels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.text.ByteTokenizer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * All that decides a training run except its data, as {@code config/train/*.yaml} says it. {@link
 * RecipeKeys} defines each key with its default and its meaning; the records here have the same
 * names in camel case. The same recipe, data, machine, JDK and number of threads give the same
 * checkpoint. Immutable.
 *
 * @param init null for random weights
 * @param labels the classes of the sentiment head; null for {@link Labels#SENTIMENT}
 * @param model null for the network of {@code init}
 * @param vocabulary null for the vocabulary of {@code init}
 * @param pretraining null for none: language modelling on much text without labels (Dai and Le
 *     2015; Howard and Ruder 2018)
 * @param dev null to hold out every {@value #HELD_OUT}th conversation of the training sources
 */
public record Recipe(
    String name,
    long seed,
    String init,
    Labels labels,
    Network model,
    Vocabulary vocabulary,
    Stage pretraining,
    Training training,
    List<Source> train,
    List<Source> dev,
    boolean calibrate) {

  /** Not a multiple of 2 or 3: where two or three labels take turns in a file, all are held out. */
  private static final int HELD_OUT = 7;

  public Recipe {
    labels = labels == null ? Labels.SENTIMENT : labels;
    if (dev == null) {
      dev =
          train.stream()
              .filter(Source::isDivisible)
              .map(s -> s.with(new Fold(HELD_OUT, 0, null)))
              .toList();
      train =
          train.stream()
              .map(s -> s.isDivisible() ? s.with(new Fold(HELD_OUT, null, 0)) : s)
              .toList();
    }
    train = List.copyOf(train);
    dev = List.copyOf(dev);
  }

  /**
   * Reads a recipe.
   *
   * @throws RecipeException if the file cannot be read or a value in it is not valid; it has all
   *     errors, one a line
   */
  public static Recipe read(Path file) {
    return read(file, Map.of());
  }

  /**
   * Reads a recipe with some values changed.
   *
   * @param changes YAML values by dotted key: {@code model.kind} to {@code gru}
   * @throws RecipeException if the file cannot be read or a value in it is not valid; it has all
   *     errors, one a line
   */
  public static Recipe read(Path file, Map<String, String> changes) {
    return RecipeReader.read(file, changes);
  }

  /** One part of a run: what it reads and how it learns. */
  public record Stage(Training training, List<Source> train) {

    public Stage {
      train = List.copyOf(train);
    }
  }

  /** The next-token head as an adaptive softmax. */
  public record NextToken(List<Integer> cutoffs, int divValue) {

    /** Fits vocabularies of words; smaller ones have fewer clusters. */
    private static final NextToken DEFAULT = new NextToken(List.of(1502, 5000), 4);

    private static final NextToken FULL = new NextToken(List.of(), 4);
  }

  /** Attention over a key's past records. */
  public record Attention(int records, int size) {}

  /** The continuous cache. */
  public record Cache(int tokens, float theta, float lambda) {}

  /**
   * The shape of the network.
   *
   * @param nextToken null for the default
   * @param attention null for none
   * @param cache null for none
   */
  public record Network(
      String kind,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      int window,
      String pooling,
      NextToken nextToken,
      boolean tieWeights,
      Attention attention,
      Cache cache) {

    public Network {
      if (nextToken == null) {
        boolean clusters = !tieWeights && hiddenSize >= 16; // the second has H / 4 / 4 inputs
        nextToken = clusters ? NextToken.DEFAULT : NextToken.FULL;
      }
    }
  }

  /**
   * Which tokens the model knows.
   *
   * @param size null for the default of the type
   * @param minDocuments null for the default
   * @param sources null for none
   * @param uncounted null for none
   */
  public record Vocabulary(
      String type,
      Integer size,
      Integer minDocuments,
      List<Source> sources,
      List<String> uncounted) {

    private static final int SIZE = 16_000;
    private static final int MIN_DOCUMENTS = 2;

    public Vocabulary {
      if (size == null) {
        size = type.equals(RecipeKeys.BYTES) ? ByteTokenizer.SIZE : SIZE;
      }
      minDocuments = minDocuments == null ? MIN_DOCUMENTS : minDocuments;
      sources = sources == null ? List.of() : List.copyOf(sources);
      uncounted = uncounted == null ? List.of() : List.copyOf(uncounted);
    }

    boolean isOfTokens() {
      return type.equals(RecipeKeys.WHITESPACE);
    }

    boolean isOfBytes() {
      return type.equals(RecipeKeys.BYTES);
    }
  }

  /**
   * How it learns. Averaging is that of Polyak and Juditsky 1992 with the trigger of Merity et al.
   * 2018; weight dropout that of Wan et al. 2013 and Merity et al. 2018.
   */
  public record Training(
      int epochs,
      int patience,
      int batchSize,
      int bptt,
      float learningRate,
      float clipGradNorm,
      float dropoutEmbedding,
      float dropoutOutput,
      float dropoutFeatures,
      double freshShare,
      float sentimentWeight,
      float nextTokenWeight,
      double nextTokenShare,
      int maxTokens,
      String optimizer,
      String schedule,
      float weightDecay,
      int averaging,
      float dropoutWords,
      float weightDropout) {}

  /**
   * A share of a source's conversations, counted from 0: every {@code of}th, or all others.
   *
   * @param only the remainder modulo {@code of} of those that are kept, or null
   * @param except the remainder of those that are left out, or null
   */
  public record Fold(int of, Integer only, Integer except) {

    boolean holds(int conversation) {
      return only != null ? conversation % of == only : conversation % of != except;
    }
  }

  /**
   * A file of records under the data folder. Every argument but {@code file} and the flags may be
   * null for its default.
   *
   * @param format also {@value Snapshot#FORMAT}, that of a {@link Snapshot}
   * @param labels the recipe's label that each of the file's stands for, in the order of the
   *     file's, since a stopped run knows its recipe by its text; empty where each stands for
   *     itself
   * @param fold null for all conversations
   * @param probabilities the columns with a teacher's probabilities, by the recipe's labels, all of
   *     them; null for none
   * @param softWeight null for the default
   * @param where the value that a column must have, by column, in the order of the columns
   */
  public record Source(
      String name,
      String file,
      String format,
      List<String> text,
      String label,
      Map<String, String> labels,
      List<String> unlabelled,
      String conversation,
      String document,
      String mask,
      boolean cased,
      boolean balanced,
      Fold fold,
      Integer records,
      String metric,
      boolean selects,
      boolean ends,
      Map<String, String> probabilities,
      float temperature,
      Float softWeight,
      float weight,
      int repeat,
      double share,
      Map<String, String> where,
      boolean nextTokens) {

    private static final int RECORDS = 10_000;

    public Source {
      name = name == null ? stem(Path.of(file)) : name;
      format = format == null ? formatOf(file) : format;
      text = text == null ? List.of("text") : List.copyOf(text);
      label = label == null && labels != null ? "label" : label;
      labels = Collections.unmodifiableMap(new TreeMap<>(labels == null ? Map.of() : labels));
      unlabelled = unlabelled == null ? List.of() : List.copyOf(unlabelled);
      probabilities =
          probabilities == null ? null : Collections.unmodifiableMap(new TreeMap<>(probabilities));
      where = Collections.unmodifiableMap(new TreeMap<>(where == null ? Map.of() : where));
      records = records == null ? RECORDS : records;
      softWeight = softWeight == null ? (label == null ? 1f : 0.5f) : softWeight;
      metric =
          metric == null
              ? (isLabelled(format, label, probabilities) ? "accuracy" : RecipeKeys.BITS_PER_TOKEN)
              : metric;
    }

    /** A source without soft labels that is read once per epoch. */
    Source(
        String name,
        String file,
        String format,
        List<String> text,
        String label,
        Map<String, String> labels,
        List<String> unlabelled,
        String conversation,
        String document,
        String mask,
        boolean cased,
        boolean balanced,
        Fold fold,
        Integer records,
        String metric,
        boolean ends) {
      this(
          name,
          file,
          format,
          text,
          label,
          labels,
          unlabelled,
          conversation,
          document,
          mask,
          cased,
          balanced,
          fold,
          records,
          metric,
          true,
          ends,
          null,
          1f,
          null,
          1f,
          1,
          1,
          null,
          true);
    }

    private static boolean isLabelled(
        String format, String label, Map<String, String> probabilities) {
      return label != null || probabilities != null || format.equals(RecipeKeys.TEMPLATES);
    }

    /** The format that a file's ending stands for. */
    static String formatOf(String file) {
      String name = file.toLowerCase(Locale.ROOT);
      return name.endsWith(".jsonl")
          ? "jsonl"
          : name.endsWith(".txt") ? "lines" : name.endsWith(".yaml") ? RecipeKeys.TEMPLATES : "tsv";
    }

    /** Whether conversations can be held out of a source for dev. */
    static boolean isDivisible(String format, boolean isFold) {
      return !isFold && !format.equals(RecipeKeys.BOOK) && !format.equals(RecipeKeys.TEMPLATES);
    }

    private boolean isDivisible() {
      return isDivisible(format, fold != null);
    }

    /** Whether its rows have named values. */
    boolean hasColumns() {
      return List.of("tsv", "jsonl", Snapshot.FORMAT).contains(format);
    }

    /** Whether any of its records can have a sentiment. */
    boolean isLabelled() {
      return isLabelled(format, label, probabilities);
    }

    /** Whether it is scored by surprise, not by sentiment. */
    boolean byBits() {
      return metric.equals(RecipeKeys.BITS_PER_TOKEN);
    }

    /**
     * Whether only the order of its records is scored: its labels are then no classes that the
     * model is meant to name.
     */
    boolean byOrder() {
      return metric.equals(RecipeKeys.AUROC);
    }

    private Source with(Fold other) {
      return new Source(
          name,
          file,
          format,
          text,
          label,
          labels,
          unlabelled,
          conversation,
          document,
          mask,
          cased,
          balanced,
          other,
          records,
          metric,
          selects,
          ends,
          probabilities,
          temperature,
          softWeight,
          weight,
          repeat,
          share,
          where,
          nextTokens);
    }
  }

  /** A file's name without its ending. */
  static String stem(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
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
    return new Recipe(
        name, seed, init, labels, model, counted, pretraining, training, train, dev, calibrate);
  }

  /** The parts of a run, in order. */
  List<Stage> stages() {
    Stage main = new Stage(training, train);
    return pretraining == null ? List.of(main) : List.of(pretraining, main);
  }

  /**
   * The network's configuration.
   *
   * @param vocabSize V; clusters of tokens past it are left out
   * @throws IllegalArgumentException if the network's values do not fit one another
   */
  ModelConfig config(int vocabSize) {
    List<Integer> cutoffs =
        model.nextToken.cutoffs.stream().filter(cutoff -> cutoff < vocabSize).toList();
    return new ModelConfig(
        name,
        CellType.of(model.kind),
        vocabSize,
        model.embeddingSize,
        model.hiddenSize,
        model.numLayers,
        model.window,
        Pooling.valueOf(model.pooling.toUpperCase(Locale.ROOT)),
        new ModelConfig.NextToken(cutoffs, model.nextToken.divValue, model.tieWeights),
        model.attention == null
            ? ModelConfig.Attention.NONE
            : new ModelConfig.Attention(model.attention.records, model.attention.size),
        model.cache == null
            ? ModelConfig.Cache.NONE
            : new ModelConfig.Cache(model.cache.tokens, model.cache.theta, model.cache.lambda),
        1f,
        labels);
  }
}
