package io.undercurrent.train;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Scores a model on dev sources, each beside the majority class and a tuned naive Bayes. */
public final class Evaluation {

  /**
   * The scores of one dev source.
   *
   * @param bitsPerToken mean surprise over all tokens; perplexity is two to its power
   * @param majority what always choosing the most frequent class scores
   * @param naiveBayes the better of naive Bayes trained on the sources of the same name, and on
   *     all; null where there is none
   */
  public record Result(
      String source,
      String metric,
      Scores model,
      double bitsPerToken,
      double unknownShare,
      double majority,
      Scores naiveBayes) {

    /** Whether it is judged by {@link #bitsPerToken}: then there are no baselines. */
    public boolean byBits() {
      return metric.equals(Recipe.Source.BITS_PER_TOKEN);
    }

    /** The score by the source's own metric, the higher the better: bits count below zero. */
    public double score() {
      return byBits() ? -bitsPerToken : model.by(metric);
    }

    /** Naive Bayes by the same metric; NaN where there is none. */
    public double naiveBayesScore() {
      return naiveBayes == null ? Double.NaN : naiveBayes.by(metric);
    }
  }

  private final Recipe recipe;
  private final List<Corpus> dev;

  /**
   * Reads the recipe's dev sources from the data folder.
   *
   * @throws RecipeException if one of them has no labelled record and is not judged by bits per
   *     token: its score would be no number
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

  /** Every dev source with baselines; trains the baselines on the recipe's training sources. */
  public List<Result> withBaselines(Model model, Path data) {
    List<Example> all = new ArrayList<>();
    List<List<Example>> bySource = new ArrayList<>();
    for (Recipe.Source source : recipe.train()) {
      List<Example> examples = examples(Corpus.read(source, data), model.tokenizer());
      bySource.add(examples);
      all.addAll(examples);
    }
    List<Result> results = new ArrayList<>();
    for (Corpus corpus : dev) {
      if (corpus.source().byBits()) {
        results.add(score(model, corpus, true));
        continue;
      }
      List<Example> records = examples(corpus, model.tokenizer());
      boolean[] used = used(corpus);
      String metric = corpus.source().metric();
      List<Example> same = new ArrayList<>();
      for (int i = 0; i < bySource.size(); i++) {
        if (recipe.train().get(i).name().equals(corpus.source().name())) {
          same.addAll(bySource.get(i));
        }
      }
      Scores bayes = NaiveBayes.tuned(all, records, used, metric);
      if (!same.isEmpty()) {
        Scores inDomain = NaiveBayes.tuned(same, records, used, metric);
        bayes = inDomain.by(metric) > bayes.by(metric) ? inDomain : bayes;
      }
      Result plain = score(model, corpus, true);
      results.add(
          new Result(
              plain.source,
              metric,
              plain.model,
              plain.bitsPerToken,
              plain.unknownShare,
              majority(records, used, metric),
              bayes));
    }
    return results;
  }

  /**
   * Every dev source, without baselines.
   *
   * @param languageModel whether surprise is measured too; it takes most of the time
   */
  List<Result> of(Model model, boolean languageModel) {
    return dev.stream().map(corpus -> score(model, corpus, languageModel)).toList();
  }

  /** The mean of the sources' scores: what early stopping goes by. */
  static double mean(List<Result> results) {
    return results.stream().mapToDouble(Result::score).average().orElse(0);
  }

  private Result score(Model model, Corpus corpus, boolean languageModel) {
    Inference inference = new Inference(model, recipe.training().maxTokens(), 0, languageModel);
    HiddenState initial = model.initialState();
    Scores scores = new Scores(used(corpus));
    double bits = 0;
    long tokens = 0;
    long unknown = 0;
    for (Corpus.Conversation conversation : corpus.conversations()) {
      HiddenState state = initial.copy();
      Memory memory = inference.memory();
      for (Corpus.Item item : conversation.items()) {
        Reading reading = inference.read(item.text(), state, memory);
        tokens += reading.tokens();
        unknown += reading.unknown();
        bits += reading.tokens() == 0 ? 0 : reading.surpriseBits() * reading.tokens();
        if (item.label() >= 0) {
          scores.add(item.label(), probabilities(reading));
        }
      }
    }
    String name = corpus.source().name();
    String metric = corpus.source().metric();
    return new Result(
        name, metric, scores, bits / tokens, (double) unknown / tokens, Double.NaN, null);
  }

  private static double[] probabilities(Reading reading) {
    double[] probabilities = new double[ModelConfig.SENTIMENT_LABELS.size()];
    for (int k = 0; reading.probabilities() != null && k < probabilities.length; k++) {
      probabilities[k] = reading.probabilities()[k];
    }
    return probabilities;
  }

  private List<Example> examples(Corpus corpus, Tokenizer tokenizer) {
    List<Example> examples = new ArrayList<>();
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        Encoding encoding = tokenizer.encode(item.text(), recipe.training().maxTokens());
        examples.add(new Example(encoding.ids(), item.label()));
      }
    }
    return examples;
  }

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

  /** What choosing the most frequent class every time scores. */
  private static double majority(List<Example> records, boolean[] used, String metric) {
    double[] counts = new double[ModelConfig.SENTIMENT_LABELS.size()];
    List<Example> labelled = records.stream().filter(record -> record.label() >= 0).toList();
    labelled.forEach(record -> counts[record.label()]++);
    Scores scores = new Scores(used);
    labelled.forEach(record -> scores.add(record.label(), counts));
    return scores.by(metric);
  }
}
