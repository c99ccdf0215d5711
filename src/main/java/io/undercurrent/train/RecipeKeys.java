package io.undercurrent.train;

import static io.undercurrent.train.KeyType.flag;
import static io.undercurrent.train.KeyType.integer;
import static io.undercurrent.train.KeyType.number;
import static io.undercurrent.train.KeyType.oneOf;
import static io.undercurrent.train.KeyType.text;
import static io.undercurrent.train.RecipeKey.of;
import static io.undercurrent.train.RecipeKey.optional;
import static io.undercurrent.train.RecipeKey.required;

import io.undercurrent.model.Labels;
import io.undercurrent.text.VocabularyBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * The definition of all keys of a recipe: type, default, valid values and meaning. Nothing else
 * says what a key's default is; {@code docs/training.md} has these as a table. Rules about several
 * keys at once are in {@link RecipeReader}.
 */
final class RecipeKeys {

  static final String WORDS = "words";
  static final String WHITESPACE = "whitespace";
  static final String BYTES = "bytes";

  static final String TEMPLATES = "templates";
  static final String BOOK = "book";

  /** A metric that needs no labels. */
  static final String BITS_PER_TOKEN = "bits_per_token";

  /** A metric that needs records of labels with a valence below 0 and above 0. */
  static final String AUROC = "auroc";

  private static final int MAX_SIZE = 8192; // of layers and embeddings

  private static final List<RecipeKey> NEXT_TOKEN =
      List.of(
          required(
              "cutoffs",
              KeyType.integers(1, 1 << 20),
              "The first token of each cluster of rarer tokens, ascending; those past the"
                  + " vocabulary are left out. `[]` for one softmax over all tokens."),
          of(
              "div_value",
              integer(1, MAX_SIZE),
              4L,
              "Each cluster reads fewer values than the one before it, by this factor."));

  private static final List<RecipeKey> ATTENTION =
      List.of(
          required("records", integer(1, 1024), "Past records of a key that are looked at."),
          of("size", integer(1, MAX_SIZE), 64L, "Size of queries and keys."));

  private static final List<RecipeKey> CACHE =
      List.of(
          required("tokens", integer(1, 16_384), "Past tokens of a key that are looked at."),
          of("theta", number(0, 100), 0.3, "How much the likeness of hidden states counts."),
          of("lambda", number(0, 0.999), 0.1, "The cache's share in the probability."));

  private static final List<RecipeKey> MODEL =
      List.of(
          of(
              "kind",
              oneOf("lstm", "gru", "sru", "mingru", "rnn", "ffnn"),
              "lstm",
              "What the layers are."),
          of("embedding_size", integer(1, MAX_SIZE), 128L, "E, values of a token's embedding."),
          of("hidden_size", integer(1, MAX_SIZE), 256L, "H, units of each layer."),
          of("num_layers", integer(1, 16), 1L, "Layers, one above the other."),
          of("window", integer(1, 64), 1L, "Tokens that an `ffnn` reads; 1 for other kinds."),
          of(
              "pooling",
              oneOf("concat", "last"),
              "concat",
              "The hidden states that the sentiment head reads: `last`, or `concat` for the last,"
                  + " the maximum and the mean."),
          optional(
              "next_token",
              new KeyType.Mapping(NEXT_TOKEN),
              "`{cutoffs: [1502, 5000]}`, or one softmax with `tie_weights` or fewer than 16 units",
              "The next-token head as an adaptive softmax."),
          of(
              "tie_weights",
              flag(),
              "false",
              "Whether the next-token head uses the embeddings as its weights; without clusters."),
          optional(
              "attention",
              new KeyType.Mapping(ATTENTION),
              "none",
              "Attention over a key's past records."),
          optional(
              "cache",
              new KeyType.Mapping(CACHE),
              "none",
              "A continuous cache of next tokens; it is not trained."));

  private static final List<RecipeKey> FOLD =
      List.of(
          required("of", integer(2, 1_000_000), "Conversations are counted modulo this number."),
          optional("only", integer(0, 999_999), "none", "Keep conversations with this remainder."),
          optional("except", integer(0, 999_999), "none", "Keep all conversations but these."));

  /** A column for each of the recipe's labels. */
  private static List<RecipeKey> probabilities(List<String> labels) {
    return labels.stream()
        .map(
            label -> required(label, text(), "The column with the probability of `" + label + "`."))
        .toList();
  }

  private static List<RecipeKey> source(List<String> labels) {
    return List.of(
        required("file", text(), "The file, under the folder that `--data` names."),
        optional(
            "name",
            text(),
            "the file's name without its ending",
            "Name in reports; naive Bayes for a dev source learns from training sources of the"
                + " same name."),
        optional(
            "format",
            oneOf("tsv", "jsonl", "lines", BOOK, TEMPLATES),
            "`jsonl` for `.jsonl`, `lines` for `.txt`, `templates` for `.yaml`, otherwise `tsv`",
            "How the file is read; see [Data](#data)."),
        of(
            "text",
            KeyType.texts(1),
            List.of("text"),
            "The column of the text. Several columns are the turns of one conversation, of which"
                + " the last is labelled."),
        optional(
            "label",
            text(),
            "`label` where `labels` is given, otherwise none",
            "The column of the label. Without one and without `probabilities` the text is read, but"
                + " no sentiment is learnt."),
        optional(
            "labels",
            new KeyType.MapOf(oneOf(labels.toArray(String[]::new))),
            "each of the recipe's labels stands for itself",
            "The recipe's label that each label of the file stands for."),
        of(
            "unlabelled",
            KeyType.texts(0),
            List.of(),
            "Labels that stand for no sentiment: the text is read, and not scored."),
        optional(
            "conversation",
            text(),
            "every row is one",
            "The column whose equal neighbours are one conversation."),
        optional(
            "document",
            text(),
            "every conversation is one",
            "The column of document or author, for `vocabulary.min_documents`."),
        optional(
            "where",
            new KeyType.MapOf(text()),
            "all rows",
            "Columns and the value that each must have; other rows are left out."),
        optional(
            "mask", text(), "none", "A column of nicknames; in texts they are read as mentions."),
        of("cased", flag(), "true", "Whether capital letters carry meaning."),
        optional(
            "probabilities",
            new KeyType.Mapping(probabilities(labels)),
            "none",
            "The columns with the probabilities that a teacher gives a record, one for each of the"
                + " recipe's labels; see [Learning from a teacher](#learning-from-a-teacher)."),
        of(
            "temperature",
            number(0.1, 100),
            1.0,
            "T, by which logits are divided before they are compared with the teacher's."),
        optional(
            "soft_weight",
            number(0, 1),
            "0.5, or 1 without `label`",
            "Weight of the teacher's probabilities where a record also has a label; the label has"
                + " the rest."),
        of("weight", number(0, 1e6), 1.0, "Factor of the source's sentiment loss."),
        of("repeat", integer(1, 1000), 1L, "Times that an epoch reads the source."),
        of(
            "share",
            number(0.001, 1),
            1.0,
            "Share of its conversations that an epoch reads, drawn at random; the next epoch reads"
                + " others, until all are read."),
        of(
            "next_tokens",
            flag(),
            "true",
            "Whether the next tokens of its texts are learnt; `false` for fragments and made-up"
                + " sentences, of which only the sentiment is of use."),
        of("balanced", flag(), "false", "Whether each label has the same weight in the loss."),
        optional(
            "fold",
            new KeyType.Mapping(FOLD),
            "all conversations",
            "A share of the conversations, to divide one file into training and dev."),
        optional(
            "records",
            integer(1, 10_000_000),
            "10000 for `templates`",
            "Sentences, or conversations, that are made from templates."),
        optional(
            "metric",
            oneOf("accuracy", "macro_recall", "macro_f1", "weighted_f1", AUROC, BITS_PER_TOKEN),
            "`accuracy`, or `bits_per_token` without `label` and `probabilities`",
            "The score of a dev source. `auroc` is the area under the ROC curve of the score, P(positive) -"
                + " P(negative): how often a record labelled positive has a higher score than one"
                + " labelled negative. With labels of your own these are records of labels with a"
                + " valence above and below 0."),
        of(
            "selects",
            flag(),
            "true",
            "Whether a dev source counts in the choice of the best epoch; otherwise its score is"
                + " only reported."),
        of(
            "ends",
            flag(),
            "false",
            "Whether perplexity counts ends of records as tokens, as is usual for the Penn"
                + " Treebank."));
  }

  private static List<RecipeKey> vocabulary(List<RecipeKey> source) {
    return List.of(
        of(
            "type",
            oneOf(WORDS, WHITESPACE, BYTES),
            WORDS,
            "`words` of the training sources; `whitespace` for text that is split already;"
                + " `bytes` for any text, without counting."),
        optional(
            "size",
            integer(2, 1 << 20),
            "16000; with `bytes` it is fixed",
            "V, tokens at most, markers included."),
        optional(
            "min_documents",
            integer(1, VocabularyBuilder.MAX_MIN_DOCUMENTS),
            "2; only for `words`",
            "Documents or authors that must use a word."),
        optional(
            "sources",
            KeyType.mappings(0, source),
            "none; only for `words`",
            "Sources whose words are counted beside those of the training sources."),
        optional(
            "uncounted",
            KeyType.texts(0),
            "none; only for `words`",
            "Names of training sources whose words are not counted."));
  }

  static final List<RecipeKey> TRAINING =
      List.of(
          of("epochs", integer(1, 10_000), 10L, "Passes over the training sources at most."),
          of(
              "patience",
              integer(1, 10_000),
              3L,
              "Epochs without a better dev score after which training stops."),
          of(
              "batch_size",
              integer(1, 4096),
              16L,
              "B, streams that are read side by side; a multiple of `--threads`."),
          of("bptt", integer(1, 4096), 40L, "T, steps of one chunk."),
          of("optimizer", oneOf("adam", "sgd"), "adam", "How gradients change the parameters."),
          of("learning_rate", number(1e-9, 100), 0.002, "The learning rate of the first step."),
          of(
              "schedule",
              oneOf("linear", "constant"),
              "linear",
              "Whether the learning rate falls, to a fiftieth at the last epoch."),
          of(
              "clip_grad_norm",
              number(1e-9, 1e9),
              1.0,
              "Gradients with a larger global norm are scaled down to it."),
          of(
              "weight_decay",
              number(0, 1),
              0.0,
              "Weights shrink by this times the learning rate at each step."),
          of(
              "averaging",
              integer(0, 10_000),
              0L,
              "Epochs without a better dev score after which the mean of the parameters is scored"
                  + " and kept; 0 for never."),
          of("dropout_words", number(0, 0.95), 0.0, "Share of words that are left out."),
          of("dropout_embedding", number(0, 0.95), 0.3, "Share of embedding values left out."),
          of("dropout_output", number(0, 0.95), 0.3, "Share of each layer's outputs left out."),
          of("dropout_features", number(0, 0.95), 0.2, "Share of the sentiment head's inputs."),
          of("weight_dropout", number(0, 0.95), 0.0, "Share of recurrent weights left out."),
          of(
              "fresh_share",
              number(0, 1),
              0.5,
              "Share of conversations that start from the initial state; the others inherit an"
                  + " unrelated conversation's."),
          of("sentiment_weight", number(0, 1e6), 1.0, "Weight of the sentiment loss."),
          of("next_token_weight", number(0, 1e6), 0.5, "Weight of the next-token loss."),
          of(
              "next_token_share",
              number(0, 1),
              0.5,
              "Share of positions whose next token is learnt."),
          of("max_tokens", integer(1, 65_536), 512L, "Tokens that are read of a record."));

  private static List<RecipeKey> pretraining(List<RecipeKey> source) {
    return List.of(
        optional(
            "training",
            new KeyType.Mapping(TRAINING),
            "the defaults of `training`",
            "The keys of `training`; `patience` has no effect."),
        required("train", KeyType.mappings(1, source), "Sources, as in `train`."));
  }

  /** The keys of a recipe with the labels of sentiment, as the documentation has them. */
  static final List<RecipeKey> ALL = all(Labels.SENTIMENT.names());

  /**
   * The keys of a recipe.
   *
   * @param labels the recipe's, which its sources name
   */
  static List<RecipeKey> all(List<String> labels) {
    List<RecipeKey> source = source(labels);
    return List.of(
        optional(
            "name",
            text(),
            "the recipe's file name without its ending",
            "Name of the model in enriched records, and of the run's folder."),
        of(
            "seed",
            integer(Long.MIN_VALUE, Long.MAX_VALUE),
            1L,
            "The same seed, data, machine, JDK and threads give the same model."),
        optional(
            "init",
            text(),
            "random weights",
            "A checkpoint to start from, `classpath:en-chat` or a folder: its vocabulary, and its"
                + " weights where names and shapes agree."),
        optional(
            "labels",
            new KeyType.ListOf("list of text", "a list of 2 to 64 names", 0, false, text()),
            "`[negative, neutral, positive]`",
            "The classes of the sentiment head, 2 to 64; see [Labels of your"
                + " own](#labels-of-your-own)."),
        optional(
            "valences",
            new KeyType.ListOf(
                "list of numbers", "a list of numbers from -1 to 1", 0, false, number(-1, 1)),
            "`[-1, 0, 1]` for negative, neutral and positive, otherwise none",
            "What each of `labels` counts for the score, from -1 to 1, in the same order; `[]` for no"
                + " score. Only with `labels`."),
        required("train", KeyType.mappings(1, source), "The training sources."),
        optional(
            "dev",
            KeyType.mappings(1, source),
            "every seventh conversation of each training source, which is then not trained on",
            "The sources that scores are measured on. Training keeps the epoch with the best"
                + " score."),
        of(
            "calibrate",
            flag(),
            "true",
            "Whether the temperature of the sentiment head is fitted on the dev sources at the end;"
                + " see [Calibration](#calibration)."),
        optional(
            "model",
            new KeyType.Mapping(MODEL),
            "the defaults below, or the network of `init`",
            "The network."),
        optional(
            "vocabulary",
            new KeyType.Mapping(vocabulary(source)),
            "the defaults below; must be left out with `init`",
            "The tokens that the model knows."),
        optional("training", new KeyType.Mapping(TRAINING), "the defaults below", "How it learns."),
        optional(
            "pretraining",
            new KeyType.Mapping(pretraining(source)),
            "none",
            "What is learnt first, from other sources."));
  }

  private RecipeKeys() {}

  /**
   * All keys from the top of a recipe, {@code train[].fold.of} for one.
   *
   * @param keys of the recipe
   */
  static List<String> paths(List<RecipeKey> keys) {
    List<String> paths = new ArrayList<>();
    addPaths("", keys, paths);
    return paths;
  }

  private static void addPaths(String prefix, List<RecipeKey> keys, List<String> paths) {
    for (RecipeKey key : keys) {
      String path = prefix + key.name();
      paths.add(path);
      addPaths(
          path + (key.type() instanceof KeyType.ListOf ? "[]." : "."), key.type().keys(), paths);
    }
  }
}
