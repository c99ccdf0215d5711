package io.undercurrent.train;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Observer;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Scores a model on dev sources, each beside the majority class and a tuned naive Bayes. */
public final class Evaluation {

  /** The number of equal parts of a record after which its sentiment is scored. */
  public static final int SHARES = 10;

  /** Which records share a state. */
  public enum StateUse {
    /** The records of one conversation. */
    CONVERSATION("carried within conversations"),
    /** None: each record starts from the initial state. */
    FRESH("fresh for every record"),
    /** All records of a source in the order of its file, as if they had one key. */
    ONE_KEY("carried through each set, as under one key");

    private final String words;

    StateUse(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  /** Receives progress, on the thread that evaluates. */
  public interface Listener {

    /** Receives a message about work whose length is unknown. */
    void says(String line);

    /** Reports that {@code done} of {@code all} records of a source are read. */
    void read(String source, long done, long all);
  }

  /**
   * The scores of one dev source.
   *
   * @param model null for a source that is scored by bits per token
   * @param calibration null if not computed, or without {@code model}
   * @param accuracyByShare accuracy after each tenth of a record's tokens, rounded up; {@link
   *     #SHARES} values, not shared; null if not computed, or without {@code model}
   * @param language null if not computed
   * @param majority score of always choosing the most frequent class; NaN if not computed
   * @param naiveBayes the better of two naive Bayes: trained on the sources of the same name, and
   *     on all; null if not computed
   * @param kneserNey the scores of the n-gram model, at the same positions as {@code language};
   *     null if not computed
   */
  public record Result(
      Recipe.Source source,
      Scores model,
      Calibration calibration,
      double[] accuracyByShare,
      LanguageScores language,
      double majority,
      Scores naiveBayes,
      LanguageScores kneserNey) {

    /** Without the n-gram model. */
    Result(
        Recipe.Source source,
        Scores model,
        Calibration calibration,
        double[] accuracyByShare,
        LanguageScores language,
        double majority,
        Scores naiveBayes) {
      this(source, model, calibration, accuracyByShare, language, majority, naiveBayes, null);
    }

    public String name() {
      return source.name();
    }

    public String metric() {
      return source.metric();
    }

    /** Whether it is scored by {@link #bitsPerToken}; then there are no baselines. */
    public boolean byBits() {
      return source.byBits();
    }

    /** Whether only the order of its records is scored. */
    public boolean byOrder() {
      return source.byOrder();
    }

    /** The score by the source's metric; higher is better, so bits per token are negated. */
    public double score() {
      return byBits() ? -bitsPerToken() : model.by(metric());
    }

    /** The score of naive Bayes by the same metric; NaN without one. */
    public double naiveBayesScore() {
      return naiveBayes == null ? Double.NaN : naiveBayes.by(metric());
    }

    /** Mean surprise over all tokens; NaN if not computed. */
    public double bitsPerToken() {
      return language == null ? Double.NaN : language.bitsPerToken();
    }

    /** Perplexity, with or without ends of records as the source says. */
    public double perplexity() {
      return language.perplexity(source.ends());
    }

    private Result withBaselines(double majority, Scores naiveBayes) {
      return new Result(
          source, model, calibration, accuracyByShare, language, majority, naiveBayes, kneserNey);
    }

    private Result withKneserNey(LanguageScores scores) {
      return new Result(
          source, model, calibration, accuracyByShare, language, majority, naiveBayes, scores);
    }
  }

  /**
   * All results of a model.
   *
   * @param reference distribution of its outputs over the labelled sources; without records if
   *     there are none
   * @param suites the model's results on the suites
   * @param naiveBayes those of naive Bayes on some of them; null if none was trained
   */
  public record Report(
      List<Result> results, Reference reference, Suites suites, SuiteBaseline naiveBayes) {

    /** For a model without dev sources. */
    public static Report ofSuites(Model model) {
      return new Report(List.of(), new Reference(model.config().labels()), Suites.of(model), null);
    }
  }

  /** The results of naive Bayes, each with the setting that is best on that suite. */
  public record SuiteBaseline(
      List<NegationSuite.Category> negation, List<BehaviourSuite.Family> behaviour) {}

  private final Recipe recipe;
  private final Labels labels;
  private final List<Corpus> dev;

  /**
   * Reads the recipe's dev sources from the data folder.
   *
   * @throws RecipeException if a source has no text, or has no labelled record and is not scored by
   *     bits per token: its score would be NaN
   */
  public Evaluation(Recipe recipe, Path data) {
    this.recipe = recipe;
    labels = recipe.labels();
    dev = recipe.dev().stream().map(source -> Corpus.read(source, labels, data)).toList();
    for (Corpus corpus : dev) {
      boolean[] used = used(corpus);
      boolean labelled = !Arrays.equals(used, new boolean[labels.size()]);
      if (!corpus.source().byBits() && !labelled) {
        throw new RecipeException(
            "dev source " + corpus.source().name() + " must have labelled records, found none");
      }
      if (corpus.source().byOrder()) {
        requireBothSigns(corpus.source(), used);
      }
      if (corpus.conversations().stream()
          .flatMap(conversation -> conversation.items().stream())
          .allMatch(item -> item.text().isBlank())) {
        throw new RecipeException(
            "dev source " + corpus.source().name() + " must have at least one text, found none");
      }
    }
  }

  /** Requires records of labels below and above a valence of 0, which auroc tells apart. */
  private void requireBothSigns(Recipe.Source source, boolean[] used) {
    List<String> below = new ArrayList<>();
    List<String> above = new ArrayList<>();
    boolean anyBelow = false;
    boolean anyAbove = false;
    for (int k = 0; k < used.length; k++) {
      float valence = labels.valences().get(k);
      if (valence < 0) {
        below.add(labels.name(k));
        anyBelow |= used[k];
      } else if (valence > 0) {
        above.add(labels.name(k));
        anyAbove |= used[k];
      }
    }
    if (!anyBelow || !anyAbove) {
      String negative = String.join(" or ", below);
      String positive = String.join(" or ", above);
      throw new RecipeException(
          "dev source %s must have records labelled %s and records labelled %s for metric auroc, found none labelled %s"
              .formatted(source.name(), negative, positive, anyBelow ? positive : negative));
    }
  }

  /**
   * Requires the model to have the recipe's labels, unless no source is about labels.
   *
   * @throws RecipeException if it has others
   */
  private void requireLabels(Model model) {
    Labels found = model.config().labels();
    if (!found.equals(labels) && dev.stream().anyMatch(corpus -> !corpus.source().byBits())) {
      throw new RecipeException(
          "labels of the model must be those of the recipe, %s, found %s in %s"
              .formatted(labels, found, model.name()));
    }
  }

  /** As the other method, without the n-gram model. */
  Report report(Model model, Path data, StateUse use, Listener listener) {
    return report(model, data, use, false, listener);
  }

  /**
   * Scores every dev source and the suites, and trains and scores the baselines.
   *
   * @param kneserNey whether an n-gram model is one of them, which takes more time and memory
   * @throws RecipeException if the model has other labels than the recipe
   */
  public Report report(Model model, Path data, StateUse use, boolean kneserNey, Listener listener) {
    requireLabels(model);
    List<Result> results = new ArrayList<>();
    Reference reference = new Reference(labels);
    for (Corpus corpus : dev) {
      results.add(new Reader(model, corpus, true, reference).read(use, listener));
    }
    if (kneserNey) {
      NgramBaseline ngrams = new NgramBaseline(recipe, data, model.tokenizer(), listener);
      for (int i = 0; i < results.size(); i++) {
        results.set(i, results.get(i).withKneserNey(ngrams.scores(dev.get(i), use, listener)));
      }
    }
    listener.says("reading the suites");
    Suites suites = Suites.of(model);
    if (results.stream().allMatch(Result::byBits)) {
      return new Report(results, reference, suites, null);
    }
    Baselines baselines =
        new Baselines(recipe, data, model.tokenizer(), line -> listener.says(line));
    for (int i = 0; i < results.size(); i++) {
      Corpus corpus = dev.get(i);
      if (!corpus.source().byBits()) {
        listener.says("naive Bayes on " + corpus.source().name());
        boolean[] used = used(corpus);
        results.set(
            i,
            results
                .get(i)
                .withBaselines(
                    baselines.majority(corpus, used), baselines.naiveBayes(corpus, used)));
      }
    }
    return new Report(results, reference, suites, baselines.suites());
  }

  /**
   * Scores every dev source, without baselines, calibration and accuracy by share.
   *
   * @param languageModel whether surprise is measured too, which takes most of the time
   */
  List<Result> of(Model model, boolean languageModel) {
    return dev.stream().map(corpus -> of(model, corpus, languageModel)).toList();
  }

  /** The same results; each source is read by one of the workers, the longest sources first. */
  List<Result> of(Model model, boolean languageModel, Workers workers) {
    List<Integer> order =
        IntStream.range(0, dev.size())
            .boxed()
            .sorted(Comparator.comparingLong((Integer i) -> dev.get(i).length()).reversed())
            .toList();
    Result[] results = new Result[dev.size()];
    AtomicInteger next = new AtomicInteger();
    workers.each(
        w -> {
          for (int i = next.getAndIncrement(); i < results.length; i = next.getAndIncrement()) {
            int source = order.get(i);
            results[source] = of(model, dev.get(source), languageModel);
          }
        });
    return List.of(results);
  }

  private Result of(Model model, Corpus corpus, boolean languageModel) {
    return new Reader(model, corpus, languageModel, null).read(StateUse.CONVERSATION, null);
  }

  /**
   * The calibration of each source whose labels are probabilities to fit: those that select the
   * epoch, without those that are scored by bits or only by the order of their scores.
   *
   * @param model with a temperature of 1
   * @return in the recipe's order
   */
  Map<Recipe.Source, Calibration> calibrations(Model model) {
    Map<Recipe.Source, Calibration> calibrations = new LinkedHashMap<>();
    for (Corpus corpus : dev) {
      Recipe.Source source = corpus.source();
      if (source.selects() && !source.byBits() && !source.byOrder()) {
        Calibration calibration = new Calibration(used(corpus));
        Reader reader = new Reader(model, corpus, false, null, calibration);
        reader.read(StateUse.CONVERSATION, null);
        calibrations.put(source, calibration);
      }
    }
    return calibrations;
  }

  /**
   * The score of early stopping, over the sources that select: the mean over the labelled ones, or
   * over all if none is labelled, since bits have another scale.
   */
  static double mean(List<Result> results) {
    List<Result> selecting = results.stream().filter(r -> r.source().selects()).toList();
    boolean bits = selecting.stream().allMatch(Result::byBits);
    return selecting.stream()
        .filter(result -> bits || !result.byBits())
        .mapToDouble(Result::score)
        .average()
        .orElse(0);
  }

  /** Scores one source. As an observer it receives what the model computes for each token. */
  private final class Reader implements Observer {

    private final Corpus corpus;
    private final HiddenState initial;
    private final Inference inference;
    private final boolean[] used;
    private final boolean labelled;
    private final Scores scores;
    private final Calibration calibration;
    private final Reference reference;
    private final Scores[] byShare = new Scores[SHARES];
    private final LanguageScores language;
    private final List<float[]> sentiments = new ArrayList<>(); // after each token of the record

    /**
     * @param reference counts each labelled record; null to compute the scores only
     */
    Reader(Model model, Corpus corpus, boolean languageModel, Reference reference) {
      this(
          model,
          corpus,
          languageModel,
          reference,
          reference == null ? null : new Calibration(used(corpus)));
    }

    private Reader(
        Model model,
        Corpus corpus,
        boolean languageModel,
        Reference reference,
        Calibration calibration) {
      boolean inFull = reference != null;
      this.calibration = calibration;
      this.corpus = corpus;
      this.reference = reference;
      initial = model.initialState();
      int maxTokens = recipe.training().maxTokens();
      inference = new Inference(model, maxTokens, 0, languageModel, inFull ? this : null);
      used = used(corpus);
      labelled = !corpus.source().byBits();
      scores = new Scores(labels, used);
      Arrays.setAll(byShare, share -> new Scores(labels, used));
      language = languageModel ? new LanguageScores(model.tokenizer()) : null;
    }

    Result read(StateUse use, Listener listener) {
      long all = corpus.conversations().stream().mapToLong(c -> c.items().size()).sum();
      long done = 0;
      HiddenState state = initial.copy();
      Memory memory = inference.memory();
      for (Corpus.Conversation conversation : corpus.conversations()) {
        if (use == StateUse.CONVERSATION) {
          state = initial.copy();
          memory = inference.memory();
        }
        for (Corpus.Item item : conversation.items()) {
          if (use == StateUse.FRESH) {
            state = initial.copy();
            memory = inference.memory();
          }
          record(item, state, memory);
          if (listener != null) {
            listener.read(corpus.source().name(), ++done, all);
          }
        }
      }
      boolean inFull = labelled && reference != null;
      return new Result(
          corpus.source(),
          labelled ? scores : null,
          inFull ? calibration : null,
          inFull ? Arrays.stream(byShare).mapToDouble(Scores::accuracy).toArray() : null,
          language,
          Double.NaN,
          null);
    }

    private void record(Corpus.Item item, HiddenState state, Memory memory) {
      sentiments.clear();
      Reading reading = inference.read(item.text(), state, memory);
      if (language != null) {
        language.add(reading);
      }
      int label = corpus.scored(item);
      if (!labelled || label < 0) {
        return;
      }
      double[] probabilities = doubles(reading.probabilities(), labels.size());
      scores.add(label, probabilities);
      if (calibration != null) {
        calibration.add(label, probabilities);
      }
      if (reference != null) {
        reference.add(reading);
        for (int share = 1; share <= SHARES; share++) {
          int tokens = (reading.tokens() * share + SHARES - 1) / SHARES;
          float[] then = tokens == 0 ? null : sentiments.get(tokens - 1);
          byShare[share - 1].add(label, doubles(then, labels.size()));
        }
      }
    }

    @Override
    public void onSentiment(int position, float[] probabilities) {
      sentiments.add(probabilities);
    }

    @Override
    public void onToken(int token, double logProbability, Ranking ranking) {
      language.add(token, logProbability, ranking);
    }
  }

  /** The probabilities as doubles, (C); zeros for null, which a record without tokens has. */
  static double[] doubles(float[] probabilities, int classes) {
    double[] doubles = new double[classes];
    for (int k = 0; probabilities != null && k < doubles.length; k++) {
      doubles[k] = probabilities[k];
    }
    return doubles;
  }

  /** Whether each class occurs in the source; the others are never predicted. */
  static boolean[] used(Corpus corpus) {
    boolean[] used = new boolean[corpus.labels().size()];
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        int label = corpus.scored(item);
        if (label >= 0) {
          used[label] = true;
        }
      }
    }
    return used;
  }
}
