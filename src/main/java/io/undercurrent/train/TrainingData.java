package io.undercurrent.train;

import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.VocabularyBuilder;
import io.undercurrent.text.WhitespaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The training sources of all stages of a recipe: reads each once, counts words for a vocabulary,
 * and encodes texts. Used by one thread.
 */
final class TrainingData {

  private final Recipe recipe;
  private final Path data;
  private final Path run;
  private final Progress progress;
  private final Map<Recipe.Source, Corpus> read = new HashMap<>();

  /**
   * @param data the folder of the sources' files
   * @param run the run's folder, where a {@link Snapshot} is
   */
  TrainingData(Recipe recipe, Path data, Path run, Progress progress) {
    this.recipe = recipe;
    this.data = data;
    this.run = run;
    this.progress = progress;
    for (Recipe.Stage stage : recipe.stages()) {
      stage.train().forEach(this::corpus);
    }
  }

  private Corpus corpus(Recipe.Source source) {
    return read.computeIfAbsent(
        source,
        s -> {
          progress.says("reading " + s.file());
          return Corpus.read(s, recipe.labels(), s.format().equals(Snapshot.FORMAT) ? run : data);
        });
  }

  /** A tokenizer with a new vocabulary, counted in the recipe's sources. */
  Tokenizer tokenizer() {
    Recipe.Vocabulary wanted = recipe.vocabulary();
    if (wanted.isOfTokens()) {
      return WhitespaceTokenizer.count(texts(), wanted.size());
    }
    VocabularyBuilder vocabulary = new VocabularyBuilder();
    for (Recipe.Source source : wanted.sources()) {
      progress.says("counting words in " + source.file());
      count(Corpus.read(source, recipe.labels(), data), vocabulary);
    }
    progress.says("counting words of the training sources");
    List<Recipe.Source> counted = new ArrayList<>();
    for (Recipe.Stage stage : recipe.stages()) {
      for (Recipe.Source source : stage.train()) {
        boolean before = counted.stream().anyMatch(c -> c.file().equals(source.file()));
        if (!before && !wanted.uncounted().contains(source.name())) {
          count(corpus(source), vocabulary);
          counted.add(source);
        }
      }
    }
    Tokenizer tokenizer =
        vocabulary
            .tokenizer(new VocabularyBuilder.Settings(wanted.size(), wanted.minDocuments()))
            .withSpelling();
    progress.says("vocabulary of " + tokenizer.size() + " tokens");
    return tokenizer;
  }

  private Stream<String> texts() {
    return recipe.stages().stream()
        .flatMap(stage -> stage.train().stream())
        .distinct()
        .flatMap(source -> corpus(source).conversations().stream())
        .flatMap(conversation -> conversation.items().stream())
        .map(Corpus.Item::text);
  }

  private static void count(Corpus corpus, VocabularyBuilder vocabulary) {
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        vocabulary.add(conversation.document(), item.text(), corpus.source().cased());
      }
    }
  }

  /**
   * The conversations of a stage as token ids. Leaves out records without tokens, and {@link
   * SuiteTexts}, which models are measured with.
   *
   * <p>If a source lacks a class that another source has, the labels of its records are not
   * compared with that class. For example, a source of positive and negative reviews says nothing
   * about neutral. Soft labels are about all classes.
   */
  TrainingSet encode(Recipe.Stage stage, Tokenizer tokenizer) {
    List<TrainingSet.Part> parts = new ArrayList<>();
    long all = 0;
    long tokens = 0;
    long unknown = 0;
    int leftOut = 0;
    SuiteTexts suites = new SuiteTexts(recipe.labels());
    long known = 0; // classes that occur in any source, one bit each
    for (Recipe.Source source : stage.train()) {
      Corpus corpus = corpus(source);
      known |= corpus.hasSoftLabels() ? LabelUse.ALL_CLASSES : corpus.classes();
    }
    if (known == 0 && stage.training().sentimentWeight() > 0) {
      progress.says("no training source has labels: sentiment is not learnt");
    }
    for (Recipe.Source source : stage.train()) {
      Corpus corpus = corpus(source);
      float[] weights = corpus.classWeights();
      LabelUse use =
          new LabelUse(
              corpus.classes() | ~known,
              source.temperature(),
              source.softWeight(),
              source.nextTokens());
      List<Example[]> conversations = new ArrayList<>();
      for (Corpus.Conversation conversation : corpus.conversations()) {
        List<Example> records = new ArrayList<>();
        for (int i = 0; i < conversation.items().size(); i++) {
          Corpus.Item item = conversation.items().get(i);
          if (suites.has(conversation.items(), i)) {
            leftOut++;
            continue;
          }
          Encoding encoding = tokenizer.encode(item.text(), stage.training().maxTokens());
          if (encoding.ids().length > 0) {
            records.add(
                new Example(
                    encoding.ids(),
                    item.label(),
                    corpus.weight(item, weights),
                    use.soft(item.probabilities()),
                    use));
            tokens += encoding.ids().length;
            unknown += encoding.unknown();
          }
        }
        if (!records.isEmpty()) {
          conversations.add(records.toArray(Example[]::new));
        }
      }
      all += conversations.size();
      parts.add(new TrainingSet.Part(conversations, source.repeat(), source.share()));
    }
    if (leftOut > 0) {
      progress.says("left out " + leftOut + " records that are sentences of the suites");
    }
    if (tokens == 0) {
      throw new RecipeException("train sources must have at least one token, found none");
    }
    progress.says(
        String.format(
            "%,d conversations, %,d tokens, %.1f %% unknown",
            all, tokens, 100.0 * unknown / tokens));
    return new TrainingSet(parts);
  }
}
