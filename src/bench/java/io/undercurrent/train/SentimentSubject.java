package io.undercurrent.train;

import java.util.List;

/** What {@link SentimentBenchmark} measures. For one thread. */
interface SentimentSubject {

  /** A subject with one classifier for all sets. */
  static SentimentSubject of(String name, Classifier classifier) {
    return new SentimentSubject() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Classifier classifier(String set) {
        return classifier;
      }
    };
  }

  String name();

  /** The classifier for the texts of a dev set. */
  Classifier classifier(String set);

  /** The score of a dev set by its metric, from 0 to 1; each record is read alone. */
  default double score(Corpus dev) {
    Classifier classifier = classifier(dev.source().name());
    boolean[] used = Evaluation.used(dev);
    Scores scores = new Scores(dev.labels(), used);
    for (Corpus.Conversation conversation : dev.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        if (item.label() >= 0) {
          scores.add(item.label(), classifier.scores(List.of(item.text())));
        }
      }
    }
    return scores.by(dev.source().metric());
  }
}
