package io.undercurrent.train;

import io.undercurrent.model.ModelConfig;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The baselines: the most frequent class, and naive Bayes over the tokens of the model. */
final class Baselines {

  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final List<NaiveBayes.Setting> general; // trained on all sources
  private final Map<String, List<Example>> bySource = new LinkedHashMap<>();

  /** Reads the recipe's training sources and trains naive Bayes on them. */
  Baselines(Recipe recipe, Path data, Tokenizer tokenizer, Consumer<String> says) {
    this.tokenizer = tokenizer;
    maxTokens = recipe.training().maxTokens();
    List<Example> all = new ArrayList<>();
    for (Recipe.Source source : recipe.train()) {
      says.accept("reading " + source.file() + " for naive Bayes");
      List<Example> examples = examples(Corpus.read(source, data));
      bySource.computeIfAbsent(source.name(), name -> new ArrayList<>()).addAll(examples);
      all.addAll(examples);
    }
    says.accept("training naive Bayes");
    general = NaiveBayes.settings(all);
  }

  /** The better of two naive Bayes: trained on the sources of the same name, and on all. */
  Scores naiveBayes(Corpus dev, boolean[] used) {
    String metric = dev.source().metric();
    List<Example> records = examples(dev);
    Scores best = NaiveBayes.tuned(general, records, used, metric);
    List<Example> same = bySource.get(dev.source().name());
    if (same != null) {
      Scores inDomain = NaiveBayes.tuned(NaiveBayes.settings(same), records, used, metric);
      best = inDomain.by(metric) > best.by(metric) ? inDomain : best;
    }
    return best;
  }

  /** The score of always choosing the most frequent class. */
  double majority(Corpus dev, boolean[] used) {
    double[] counts = new double[ModelConfig.SENTIMENT_LABELS.size()];
    List<Example> labelled = examples(dev).stream().filter(record -> record.label() >= 0).toList();
    labelled.forEach(record -> counts[record.label()]++);
    Scores scores = new Scores(used);
    labelled.forEach(record -> scores.add(record.label(), counts));
    return scores.by(dev.source().metric());
  }

  /** The result on the negation suite of the naive Bayes setting that gets most pairs right. */
  List<NegationSuite.Category> negation() {
    return general.stream()
        .map(s -> NegationSuite.of(text -> s.scores(tokenizer.encode(text, maxTokens).ids())))
        .max((a, b) -> Integer.compare(all(a).rightPairs(), all(b).rightPairs()))
        .orElseThrow();
  }

  private static NegationSuite.Category all(List<NegationSuite.Category> categories) {
    return categories.get(categories.size() - 1);
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
