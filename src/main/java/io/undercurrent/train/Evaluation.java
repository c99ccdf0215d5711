package io.undercurrent.train;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Observer;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Scores a model on dev sources, each beside the majority class and a tuned naive Bayes. */
public final class Evaluation {

  /** In how many equal shares of a record its sentiment is looked at. */
  public static final int SHARES = 10;

  /** Which records share a state. */
  public enum StateUse {
    /** Those of a conversation; each of the others starts from the initial state. */
    CONVERSATION("carried within conversations"),
    /** None: every record starts from the initial state. */
    FRESH("fresh for every record"),
    /** All of a source, in the order of its file, as if they had one key. */
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

  /** Told of what takes long, on the thread that evaluates. */
  public interface Listener {

    /** Something is done that has no measure. */
    void says(String line);

    /** Records of a source are read: {@code done} of {@code all} so far. */
    void read(String source, long done, long all);
  }

  /**
   * The scores of one dev source.
   *
   * @param model null for a source that is judged by bits per token, as are all but {@code
   *     language}
   * @param calibration null where only the score was asked for
   * @param accuracyByShare accuracy after each tenth of a record's tokens, rounded up; {@link
   *     #SHARES} values, the receiver's own; null where only the score was asked for
   * @param language null where it was not asked for
   * @param majority what always choosing the most frequent class scores
   * @param naiveBayes the better of naive Bayes trained on the sources of the same name, and on all
   */
  public record Result(
      Recipe.Source source,
      Scores model,
      Calibration calibration,
      double[] accuracyByShare,
      LanguageScores language,
      double majority,
      Scores naiveBayes) {

    public String name() {
      return source.name();
    }

    public String metric() {
      return source.metric();
    }

    /** Whether it is judged by {@link #bitsPerToken}: then there are no baselines. */
    public boolean byBits() {
      return source.byBits();
    }

    /** The score by the source's own metric, the higher the better: bits count below zero. */
    public double score() {
      return byBits() ? -bitsPerToken() : model.by(metric());
    }

    /** Naive Bayes by the same metric; NaN where there is none. */
    public double naiveBayesScore() {
      return naiveBayes == null ? Double.NaN : naiveBayes.by(metric());
    }

    /** Mean surprise over all tokens; NaN where it was not asked for. */
    public double bitsPerToken() {
      return language == null ? Double.NaN : language.bitsPerToken();
    }

    /** As the source counts it. */
    public double perplexity() {
      return language.perplexity(source.ends());
    }

    private Result beside(double majority, Scores naiveBayes) {
      return new Result(
          source, model, calibration, accuracyByShare, language, majority, naiveBayes);
    }
  }

  /**
   * Everything about a model.
   *
   * @param negation what the model gets of the negation suite
   * @param naiveBayesNegation what naive Bayes gets of it, or null where none was trained
   * @param reference how its outputs are spread over the labelled sources; without records where
   *     there are none
   */
  public record Report(
      List<Result> results,
      Reference reference,
      List<NegationSuite.Category> negation,
      List<NegationSuite.Category> naiveBayesNegation) {}

  private final Recipe recipe;
  private final List<Corpus> dev;

  /**
   * Reads the recipe's dev sources from the data folder.
   *
   * @throws RecipeException if one of them has no labelled record and is not judged by bits per
   *     token, or no text at all: its score would be no number
   */
  public Evaluation(Recipe recipe, Path data) {
    this.recipe = recipe;
    dev = recipe.dev().stream().map(source -> Corpus.read(source, data)).toList();
    for (Corpus corpus : dev) {
      boolean labelled =
          !Arrays.equals(used(corpus), new boolean[ModelConfig.SENTIMENT_LABELS.size()]);
      if (!corpus.source().byBits() && !labelled) {
        throw new RecipeException(
            "dev source " + corpus.source().name() + " must have labelled records, found none");
      }
      if (corpus.conversations().stream()
          .flatMap(conversation -> conversation.items().stream())
          .allMatch(item -> item.text().isBlank())) {
        throw new RecipeException(
            "dev source " + corpus.source().name() + " must have at least one text, found none");
      }
    }
  }

  /** Every dev source and the negation suite, beside baselines trained on the recipe's sources. */
  public Report report(Model model, Path data, StateUse use, Listener listener) {
    List<Result> results = new ArrayList<>();
    Reference reference = new Reference();
    for (Corpus corpus : dev) {
      results.add(new Reader(model, corpus, true, reference).read(use, listener));
    }
    listener.says("reading the negation suite");
    List<NegationSuite.Category> negation = NegationSuite.of(model);
    if (results.stream().allMatch(Result::byBits)) {
      return new Report(results, reference, negation, null);
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
                .beside(baselines.majority(corpus, used), baselines.naiveBayes(corpus, used)));
      }
    }
    return new Report(results, reference, negation, baselines.negation());
  }

  /**
   * Every dev source, its scores alone.
   *
   * @param languageModel whether surprise is measured too; it takes most of the time
   */
  List<Result> of(Model model, boolean languageModel) {
    return dev.stream()
        .map(corpus -> new Reader(model, corpus, languageModel, null))
        .map(reader -> reader.read(StateUse.CONVERSATION, null))
        .toList();
  }

  /**
   * What early stopping goes by: the mean of the sources' scores; of those with labels alone where
   * there are any, since bits have another scale.
   */
  static double mean(List<Result> results) {
    boolean bits = results.stream().allMatch(Result::byBits);
    return results.stream()
        .filter(result -> bits || !result.byBits())
        .mapToDouble(Result::score)
        .average()
        .orElse(0);
  }

  /** Reads one source, and looks on as it does. */
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
    private final List<float[]> felt = new ArrayList<>(); // after each token of the record

    /**
     * @param reference counts each labelled record; null where each token need not be looked at
     */
    Reader(Model model, Corpus corpus, boolean languageModel, Reference reference) {
      boolean inFull = reference != null;
      this.corpus = corpus;
      this.reference = reference;
      initial = model.initialState();
      int maxTokens = recipe.training().maxTokens();
      inference = new Inference(model, maxTokens, 0, languageModel, inFull ? this : null);
      used = used(corpus);
      labelled = !corpus.source().byBits();
      scores = new Scores(used);
      calibration = inFull ? new Calibration(used) : null;
      Arrays.setAll(byShare, share -> new Scores(used));
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
      boolean inFull = labelled && calibration != null;
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
      felt.clear();
      Reading reading = inference.read(item.text(), state, memory);
      if (language != null) {
        language.add(reading);
      }
      if (!labelled || item.label() < 0) {
        return;
      }
      double[] probabilities = doubles(reading.probabilities());
      scores.add(item.label(), probabilities);
      if (reference != null) {
        reference.add(reading);
        calibration.add(item.label(), probabilities);
        for (int share = 1; share <= SHARES; share++) {
          int tokens = (reading.tokens() * share + SHARES - 1) / SHARES;
          float[] then = tokens == 0 ? null : felt.get(tokens - 1);
          byShare[share - 1].add(item.label(), doubles(then));
        }
      }
    }

    @Override
    public void felt(int position, float[] probabilities) {
      felt.add(probabilities);
    }

    @Override
    public void expected(int token, double logProbability, Ranking ranking) {
      language.add(token, logProbability, ranking);
    }
  }

  /** Zeros for a record without tokens. */
  static double[] doubles(float[] probabilities) {
    double[] doubles = new double[ModelConfig.SENTIMENT_LABELS.size()];
    for (int k = 0; probabilities != null && k < doubles.length; k++) {
      doubles[k] = probabilities[k];
    }
    return doubles;
  }

  /** The classes that a record of the source has: the others are not to choose from. */
  private static boolean[] used(Corpus corpus) {
    boolean[] used = new boolean[ModelConfig.SENTIMENT_LABELS.size()];
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        if (item.label() >= 0) {
          used[item.label()] = true;
        }
      }
    }
    return used;
  }
}
