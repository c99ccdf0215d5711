package io.undercurrent.train;

import io.undercurrent.inference.Reading;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.train.Evaluation.StateUse;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The baseline for next tokens: {@link KneserNey} over the model's tokens, trained on the texts of
 * all stages of a recipe whose next tokens are learnt. Its context begins anew where the model's
 * state does.
 */
final class NgramBaseline {

  private static final int ORDER = 5;

  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final KneserNey ngrams;

  /** What decides the texts of a source; sources that agree in all of it are counted once. */
  private record Texts(
      String file,
      String format,
      List<String> columns,
      String conversation,
      String mask,
      Recipe.Fold fold,
      int records) {

    static Texts of(Recipe.Source s) {
      return new Texts(
          s.file(), s.format(), s.text(), s.conversation(), s.mask(), s.fold(), s.records());
    }
  }

  /**
   * Reads the recipe's training sources and counts n-grams. As in training, the sentences of the
   * suites are left out.
   *
   * @throws RecipeException if the sources have no token
   */
  NgramBaseline(Recipe recipe, Path data, Tokenizer tokenizer, Evaluation.Listener listener) {
    this.tokenizer = tokenizer;
    maxTokens = recipe.training().maxTokens();
    NgramText text = new NgramText(ORDER - 1, tokenizer.endOfRecord());
    SuiteTexts suites = new SuiteTexts(recipe.labels());
    Set<Texts> read = new HashSet<>();
    for (Recipe.Stage stage : recipe.stages()) {
      for (Recipe.Source source : stage.train()) {
        if (source.nextTokens() && read.add(Texts.of(source))) {
          listener.says("reading " + source.file() + " for Kneser-Ney");
          Corpus corpus = Corpus.read(source, recipe.labels(), data);
          for (Corpus.Conversation conversation : corpus.conversations()) {
            text.begin();
            for (int i = 0; i < conversation.items().size(); i++) {
              if (!suites.has(conversation.items(), i)) {
                String record = conversation.items().get(i).text();
                text.add(tokenizer.encode(record, stage.training().maxTokens()).ids());
              }
            }
          }
        }
      }
    }
    if (text.count() == 0) {
      throw new RecipeException("train sources must have at least one token, found none");
    }
    listener.says(String.format("Kneser-Ney: counting in %,d tokens", text.count()));
    ngrams = new KneserNey(text, tokenizer.size(), ORDER, listener::says);
  }

  /** Scores the tokens of a dev source, as the model reads them. */
  LanguageScores scores(Corpus dev, StateUse use, Evaluation.Listener listener) {
    LanguageScores scores = new LanguageScores(tokenizer);
    KneserNey.Context context = ngrams.context(tokenizer.endOfRecord());
    long all = dev.conversations().stream().mapToLong(c -> c.items().size()).sum();
    long done = 0;
    for (Corpus.Conversation conversation : dev.conversations()) {
      if (use == StateUse.CONVERSATION) {
        context.begin();
      }
      for (Corpus.Item item : conversation.items()) {
        if (use == StateUse.FRESH) {
          context.begin();
        }
        record(tokenizer.encode(item.text(), maxTokens), context, scores);
        listener.read(dev.source().name(), ++done, all);
      }
    }
    return scores;
  }

  private void record(Encoding encoding, KneserNey.Context context, LanguageScores scores) {
    if (encoding.ids().length == 0) {
      return;
    }
    double bits = 0;
    for (int id : encoding.ids()) {
      bits -= read(id, context, scores) / Reading.LN2;
    }
    read(tokenizer.endOfRecord(), context, scores);
    scores.add(encoding.ids().length, encoding.unknown(), bits);
  }

  /** Scores and reads one token; returns the natural logarithm of its probability. */
  private static double read(int token, KneserNey.Context context, LanguageScores scores) {
    double logProbability = StrictMath.log(context.probability(token));
    scores.add(token, logProbability, context::top);
    context.read(token);
    return logProbability;
  }
}
