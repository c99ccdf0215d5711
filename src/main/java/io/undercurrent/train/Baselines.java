package io.undercurrent.train;

import io.undercurrent.model.Labels;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** The baselines: the most frequent class, and naive Bayes over the tokens of the model. */
final class Baselines {

  private final Labels labels;
  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final List<NaiveBayes.Setting> general; // trained on all sources
  private final Map<String, List<Example>> bySource = new LinkedHashMap<>();

  /** Reads the recipe's training sources and trains naive Bayes on them. */
  Baselines(Recipe recipe, Path data, Tokenizer tokenizer, Consumer<String> says) {
    labels = recipe.labels();
    this.tokenizer = tokenizer;
    maxTokens = recipe.training().maxTokens();
    List<Example> all = new ArrayList<>();
    for (Recipe.Source source : recipe.train()) {
      says.accept("reading " + source.file() + " for naive Bayes");
      List<Example> examples = examples(Corpus.read(source, labels, data));
      bySource.computeIfAbsent(source.name(), name -> new ArrayList<>()).addAll(examples);
      all.addAll(examples);
    }
    says.accept("training naive Bayes");
    general = NaiveBayes.settings(all, labels.size());
  }

  /** The better of two naive Bayes: trained on the sources of the same name, and on all. */
  Scores naiveBayes(Corpus dev, boolean[] used) {
    String metric = dev.source().metric();
    List<Example> records = examples(dev);
    Scores best = NaiveBayes.tuned(general, records, labels, used, metric);
    List<Example> same = bySource.get(dev.source().name());
    if (same != null) {
      List<NaiveBayes.Setting> settings = NaiveBayes.settings(same, labels.size());
      Scores inDomain = NaiveBayes.tuned(settings, records, labels, used, metric);
      best = inDomain.by(metric) > best.by(metric) ? inDomain : best;
    }
    return best;
  }

  /** The score of always choosing the most frequent class. */
  double majority(Corpus dev, boolean[] used) {
    double[] counts = new double[labels.size()];
    List<Example> labelled = examples(dev).stream().filter(record -> record.label() >= 0).toList();
    labelled.forEach(record -> counts[record.label()]++);
    Scores scores = new Scores(labels, used);
    labelled.forEach(record -> scores.add(record.label(), counts));
    return scores.by(dev.source().metric());
  }

  /**
   * The results on suites: each of the setting that gets most pairs or sentences right; null for
   * labels that the suites do not have.
   */
  Evaluation.SuiteBaseline suites() {
    if (!labels.areSentiment()) {
      return null;
    }
    return new Evaluation.SuiteBaseline(
        best(NegationSuite::of, NegationSuite.Category::rightPairs),
        best(BehaviourSuite::of, BehaviourSuite.Family::right));
  }

  /**
   * The results of the best setting.
   *
   * @param right of the last result, which is that of all
   */
  private <T> List<T> best(Function<Classifier, List<T>> suite, ToIntFunction<T> right) {
    return general.stream()
        .map(setting -> suite.apply(turns -> setting.scores(lastTurn(turns))))
        .max(Comparator.comparingInt(list -> right.applyAsInt(list.get(list.size() - 1))))
        .orElseThrow();
  }

  private int[] lastTurn(List<String> turns) {
    return tokenizer.encode(turns.get(turns.size() - 1), maxTokens).ids();
  }

  private List<Example> examples(Corpus corpus) {
    List<Example> examples = new ArrayList<>();
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        Encoding encoding = tokenizer.encode(item.text(), maxTokens);
        examples.add(new Example(encoding.ids(), corpus.scored(item)));
      }
    }
    return examples;
  }
}
