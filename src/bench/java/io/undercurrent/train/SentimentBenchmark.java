package io.undercurrent.train;

import de.bwaldvogel.liblinear.Linear;
import io.undercurrent.bench.Alternation;
import io.undercurrent.bench.HeadCase;
import io.undercurrent.bench.Report;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Compares {@code en-chat} with what else classifies a message on a JVM: embeddings of a small
 * transformer through ONNX Runtime with a logistic regression on top, and VADER, a lexicon with
 * rules. Measures accuracy on the labelled dev sets of a recipe, the suites, and the time for a
 * message of the demo. Writes {@code target/bench/sentiment.json} and {@code .md}.
 *
 * <p>{@code -Dbench.data} is the folder of the data sets. The logistic regression is trained on
 * {@code -Dbench.train} records (10,000 by default) of the training set that belongs to the dev
 * set, so each dev set has a classifier of its own. The other two have one for all.
 */
final class SentimentBenchmark {

  private static final String RECIPE = "config/train/en-chat.yaml";
  private static final int TRAIN =
      Alternation.QUICK ? 100 : Integer.getInteger("bench.train", 10_000);
  private static final int NEXT_TOKENS = 5;

  /** Messages that are read in a call, the same for all subjects. */
  private static final int MESSAGES = 50;

  /** A training source with whole sentences, beside the phrases of the source {@code sst2}. */
  private static final String SENTENCES = "sst-sentences";

  /** The set whose classifier reads the suites, where each set has its own. */
  private static final String GENERAL = "tweets";

  /**
   * One line of {@code sentiment.json}; scores in percent.
   *
   * @param scores by dev set, by the set's metric
   * @param negationPairs pairs with both sentences right
   * @param behaviourFailures sentences with another label than theirs
   * @param usPerRecord microseconds for a message of the demo, one at a time
   */
  record Line(
      String subject,
      Map<String, Double> scores,
      double negationPairs,
      double behaviourFailures,
      double usPerRecord) {}

  private SentimentBenchmark() {}

  public static void main(String[] args) throws IOException {
    String folder = System.getProperty("bench.data");
    if (folder == null || folder.isBlank()) {
      throw new IllegalArgumentException(
          "-Dbench.data must be the folder of data sets, found none");
    }
    Linear.disableDebugOutput();
    Path data = Path.of(folder);
    Recipe recipe = Recipe.read(Path.of(RECIPE));
    List<Corpus> dev =
        recipe.dev().stream()
            .filter(source -> !source.byBits() && source.selects())
            .map(source -> Corpus.read(source, recipe.labels(), data))
            .toList();
    Map<Recipe.Source, List<Corpus.Item>> train = new LinkedHashMap<>();
    for (Corpus corpus : dev) {
      train.put(corpus.source(), examples(recipe, corpus, data));
    }
    List<SentimentSubject> subjects = new ArrayList<>();
    Model model = Checkpoint.load(Checkpoint.DEFAULT);
    subjects.add(SentimentSubject.of(model.name(), Classifier.of(model, NEXT_TOKENS, true)));
    subjects.add(SentimentSubject.of(model.name() + ", only sentiment", Classifier.of(model)));
    for (Embeddings embeddings : Embeddings.all()) {
      subjects.add(embeddings.trained(train));
    }
    subjects.add(Vader.subject());

    List<String> messages = HeadCase.demo().subList(0, MESSAGES);
    List<Alternation.Result> times =
        Alternation.of(5_000, 5, 1_000)
            .measure(subjects.stream().map(subject -> reader(subject, messages)).toList());
    Report report = new Report("sentiment", "Classifying a message");
    List<String> columns = new ArrayList<>(List.of("subject"));
    dev.forEach(corpus -> columns.add(corpus.source().name() + ", " + corpus.source().metric()));
    columns.addAll(List.of("negation pairs", "behaviour failures", "us/record"));
    report.columns(columns.toArray(String[]::new));
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < subjects.size(); i++) {
      Line line = line(subjects.get(i), dev, times.get(i).nanos() / 1e3 / MESSAGES);
      lines.add(line);
      List<Object> row = new ArrayList<>(List.of(line.subject));
      line.scores.values().forEach(score -> row.add("%.1f".formatted(score)));
      row.add("%.1f".formatted(line.negationPairs));
      row.add("%.1f".formatted(line.behaviourFailures));
      row.add(line.usPerRecord);
      report.row(row.toArray());
    }
    report.note(
        "One thread each, in turn, one message at a time, from text to label, over the demo's first"
            + " %d messages. en-chat also computes surprise and %d next words in its first row."
                .formatted(MESSAGES, NEXT_TOKENS)
            + " Embeddings: a logistic regression for each set, trained on up to %,d records of its"
                .formatted(TRAIN)
            + " training set; its cost is chosen by cross-validation. The suites are read by that"
            + " of "
            + GENERAL
            + ". en-chat has seen more: all training sets, soft labels, templates of the suites'"
            + " kinds, and these dev sets when its epoch was chosen.");
    report.write(lines);
  }

  private static Line line(SentimentSubject subject, List<Corpus> dev, double usPerRecord) {
    Map<String, Double> scores = new LinkedHashMap<>();
    for (Corpus corpus : dev) {
      String name = corpus.source().name();
      System.out.printf("%s on %s%n", subject.name(), name);
      scores.put(name, 100 * subject.score(corpus));
    }
    Classifier classifier = subject.classifier(GENERAL);
    List<NegationSuite.Category> negation = NegationSuite.of(classifier);
    List<BehaviourSuite.Family> behaviour = BehaviourSuite.of(classifier);
    NegationSuite.Category pairs = negation.get(negation.size() - 1);
    BehaviourSuite.Family all = behaviour.get(behaviour.size() - 1);
    return new Line(
        subject.name(),
        scores,
        100.0 * pairs.rightPairs() / pairs.pairs(),
        100 * (1 - all.accuracy()),
        usPerRecord);
  }

  /** Reads all messages with the classifier of {@link #GENERAL}. */
  private static Runnable reader(SentimentSubject subject, List<String> messages) {
    Classifier classifier = subject.classifier(GENERAL);
    return () -> messages.forEach(message -> classifier.scores(List.of(message)));
  }

  /** The labelled records of the training sources of a name, at most {@link #TRAIN}, at random. */
  private static List<Corpus.Item> examples(Recipe recipe, Corpus dev, Path data) {
    String name = dev.source().name();
    boolean[] used = Evaluation.used(dev);
    List<Corpus.Item> all = new ArrayList<>();
    for (Recipe.Source source : recipe.train()) {
      if (source.name().equals(name) || name.equals("sst2") && source.name().equals(SENTENCES)) {
        Corpus.read(source, recipe.labels(), data).conversations().stream()
            .flatMap(conversation -> conversation.items().stream())
            .filter(item -> item.label() >= 0 && used[item.label()])
            .forEach(all::add);
      }
    }
    Collections.shuffle(all, new Random(1));
    return List.copyOf(all.subList(0, Math.min(TRAIN, all.size())));
  }
}
